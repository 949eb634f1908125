import { appendFileSync, existsSync, readFileSync, rmSync } from 'node:fs';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { caseStacks, type CaseStack } from '../cases/case-stack.ts';
import { flagOf, parts, serviceNames, teamStack } from './team-stack.ts';
import { silentPorts, standing, type Standing } from './whole-stack.ts';

/**
 * A cutover fails at one service, its rollback at another, and goes on: at its end every service is what the checkpoint says. Seeds from
 * HALF_UNDONE_SEED on, HALF_UNDONE_COUNT of them; each second one also kills the worker while containers are on their way back. With
 * HALF_UNDONE_RESULTS each seed leaves a line in that file, and one that is there as good is not run again.
 */
const first = Number(process.env['HALF_UNDONE_SEED'] ?? 1);
const count = Number(process.env['HALF_UNDONE_COUNT'] ?? 30);
const results = process.env['HALF_UNDONE_RESULTS'];
const cases = caseStacks({}, 'all');

interface Result {
  seed: number;
  k: string;
  m: string;
  killed: boolean;
  good: boolean;
  /** Seconds from the stack's first `up` to 23 services that are ready; the machine's load decides it. */
  up: number;
  load: number;
  seconds: number;
  ended: string;
}

const earlier: Result[] =
  results !== undefined && existsSync(results)
    ? readFileSync(results, 'utf8')
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line) as Result)
    : [];

/** The same numbers for the same seed. */
function numbersOf(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

async function until(met: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const end = Date.now() + 5 * 60_000;
  while (!(await met())) {
    if (Date.now() > end) throw new Error(`awaited for five minutes: ${what}`);
    await pause(100);
  }
}

/** The team's stack as it runs in v1. Seeds go one after the other over the same one, as releases of a team do. */
interface Team {
  stack: CaseStack;
  before: Record<string, Standing>;
  /** Seconds from `up` to 23 services that are ready. */
  up: number;
}
let team: Team | undefined;

async function teamRunning(): Promise<Team> {
  const stack = await cases.stack((own) => ({
    'docker-compose.yml': teamStack(own, 'v1'),
    'docker/v1.yml': teamStack(own, 'v1'),
    'docker/v2.yml': teamStack(own, 'v2'),
    'flag/README': 'A service whose name stands here fails when it starts.\n',
    'switchback.yml': `switchback: 1
name: team
stack: { directory: ., project: ${own.project}, compose: docker-compose.yml }
baseline: { compose: docker/v1.yml, services: ${serviceNames.length} }
phases:
  - id: next
    checkpoint: { compose: docker/v2.yml }
    verify: [{ services: ${serviceNames.length}, healthy: true }]
`,
  }));
  stack.patienceMs = 5 * 60_000;
  const begun = performance.now();
  await stack.compose('up', '--detach');
  await until(async () => {
    const states = Object.values(await standing(stack)).map(({ state }) => state);
    return states.length === serviceNames.length && states.every((state) => /^(running healthy|exited 0)$/.test(state));
  }, '23 services that are ready');
  const up = secondsSince(begun);
  const before = await standing(stack);
  expect(Object.keys(before)).toHaveLength(23);
  return { stack, before, up };
}

const secondsSince = (begun: number) => Math.round((performance.now() - begun) / 100) / 10;

async function told(seed: number): Promise<void> {
  const number = numbersOf(seed);
  const running = serviceNames.filter((name) => !parts[name]?.once);
  const k = running[number(running.length)]!;
  const m = running[number(running.length)]!;
  const killed = seed % 2 === 0;
  const after = number(4000);
  const begun = performance.now();
  const { stack, before, up } = (team ??= await teamRunning());
  const result: Result = { seed, k, m, killed, good: false, up, load: loadavg()[0]!, seconds: 0, ended: '' };
  try {
    stack.write(flagOf('v2', k), '');
    await stack.type('start');
    await stack.until('awaiting-operator');
    stack.write(flagOf('v1', m), '');
    await stack.type('rollback', '--reason', `seed ${seed}`);
    if (killed) {
      await until(
        () => stack.read('docker-compose.yml') === stack.read('docker/v1.yml'),
        'the files of before, which the rollback puts back',
      );
      await pause(after);
      await cases.world.killWorker();
      await cases.world.startWorker();
    }
    await stack.until('rollback-paused');
    rmSync(join(stack.folder, flagOf('v1', m)));
    await stack.type('resume');
    await stack.until('rolled-back');
    rmSync(join(stack.folder, flagOf('v2', k)));
    expect({ seed, stack: await standing(stack) }).toEqual({ seed, stack: before });
    expect(await silentPorts(before)).toEqual([]);
    result.good = true;
  } catch (error) {
    result.ended = error instanceof Error ? error.message.slice(0, 4000) : String(error);
    // What comes after is told of a stack that is whole.
    team = undefined;
    throw error;
  } finally {
    result.seconds = secondsSince(begun);
    if (results !== undefined) appendFileSync(results, `${JSON.stringify(result)}\n`);
  }
}

describe('a rollback of 23 services that fails half-way and goes on', () => {
  const seeds = Array.from({ length: count }, (_, index) => first + index);
  const good = new Set(earlier.filter((result) => result.good).map(({ seed }) => seed));
  for (const seed of seeds.filter((one) => !good.has(one)))
    it(`seed ${seed}`, () => told(seed).then(() => void good.add(seed)), 20 * 60_000);
  it('has come to a good end for every seed', () => {
    expect(seeds.filter((seed) => !good.has(seed))).toEqual([]);
  });
});
