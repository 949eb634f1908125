import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { caseStacks, type CaseStack } from '../cases/case-stack.ts';
import { parts, serviceNames, teamStack } from './team-stack.ts';

/**
 * A cutover fails at one service, its rollback at another, and goes on: at its end every service is what the checkpoint says. Seeds from
 * HALF_UNDONE_SEED on, HALF_UNDONE_COUNT of them; each second one also kills the worker while containers are on their way back.
 */
const first = Number(process.env['HALF_UNDONE_SEED'] ?? 1);
const count = Number(process.env['HALF_UNDONE_COUNT'] ?? 30);
const cases = caseStacks();

/** The same numbers for the same seed. */
function numbersOf(seed: number): (below: number) => number {
  let state = seed * 2654435761;
  return (below) => {
    state = (Math.imul(state ^ (state >>> 15), 2246822519) + 374761393) >>> 0;
    return state % below;
  };
}

/** What the engine itself says of each container: nothing of the product's own looks is used. */
async function witness(stack: CaseStack): Promise<Record<string, string>> {
  const seen = await stack.containers();
  return Object.fromEntries(
    seen.map(({ service, name, image, state, health, env }) => [
      service,
      [name, image.slice(7, 19), state, health ?? 'no check', env['RELEASE'], env['SERVICE']].join(' '),
    ]),
  );
}

async function told(seed: number): Promise<void> {
  const number = numbersOf(seed);
  const running = serviceNames.filter((name) => !parts[name]?.once);
  const k = running[number(running.length)]!;
  const m = running[number(running.length)]!;
  const killed = seed % 2 === 0;
  const after = number(4000);
  const stack = await cases.stack((own) => ({
    'docker-compose.yml': teamStack(own, 'v1', { service: m, unlessFlag: true }),
    'docker/v1.yml': teamStack(own, 'v1', { service: m, unlessFlag: true }),
    'docker/v2.yml': teamStack(own, 'v2', { service: k, unlessFlag: false }),
    'flag/ok': '',
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
  await stack.compose('up', '--detach');
  const allReady = async () =>
    Object.values(await witness(stack)).every((line) => / healthy | exited no check /.test(line));
  while (!(await allReady())) await pause(200);
  const before = await witness(stack);
  expect(Object.keys(before)).toHaveLength(23);

  await stack.type('start');
  await stack.until('awaiting-operator');
  rmSync(join(stack.folder, 'flag/ok'));
  await stack.type('rollback', '--reason', 'a test');
  if (killed) {
    while (stack.read('docker-compose.yml') !== stack.read('docker/v1.yml')) await pause(20);
    await pause(after);
    await cases.world.killWorker();
    await cases.world.startWorker();
  }
  await stack.until('rollback-paused');
  stack.write('flag/ok', '');
  await stack.type('resume');
  await stack.until('rolled-back');
  expect({ seed, k, m, killed, after, stack: await witness(stack) }).toMatchObject({ seed, k, m, stack: before });
}

describe('a rollback of 23 services that fails half-way and goes on', () => {
  const seeds = Array.from({ length: count }, (_, index) => first + index);
  it.each(seeds)('seed %s', (seed) => told(seed), 10 * 60_000);
});
