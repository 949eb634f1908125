import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execa } from 'execa';
import { isRunning } from '../../client/local/process-identity.ts';
import { onPath } from '../../client/local/temporal-binary.ts';
import { readUpRecord } from '../../client/settings/up-record.ts';
import { readJournal } from '../../journal/index.ts';
import type { RunStatus } from '../../runbook/run-state.ts';
import { claim } from '../../examples/demo/claim.ts';
import { findOrders, moreOrders, stopLoad } from '../../examples/demo/load.ts';
import { placeOf } from '../../examples/demo/place.ts';
import { recordingScreen } from '../../examples/demo/screen.ts';
import { setUp, upTemporal, type Demo } from '../../examples/demo/set-up.ts';
import { Stopwatch } from '../../examples/demo/stopwatch.ts';
import { tearDown } from '../../examples/demo/tear-down.ts';

const longest = 15 * 60_000;
const place = placeOf('glass');
const abort = new AbortController();
const root = join(place.home, 'targets', place.project);
const script = join(root, 'break-glass', 'latest');
const tools = join(place.scratch, 'tools');
const screen = recordingScreen();
let demo: Demo;

beforeAll(async () => {
  await tearDown(place);
  await claim(place);
  demo = await setUp(place, { screen, signal: abort.signal, stopwatch: new Stopwatch(), brokenRelease: false });
  await onlyTheseTools();
  bePatient();
}, longest);

afterAll(async () => {
  abort.abort();
  await tearDown(place);
}, 120_000);

/** Coreutils, and what the script says that it needs beside them. Not grep, sed, awk, jq, curl, node. */
const allowed =
  'bash docker psql git cat chmod chown cp date dirname env head ln mkdir mv od readlink realpath rm sha256sum sleep sort stat sync tail timeout tr wc';

async function onlyTheseTools(): Promise<void> {
  mkdirSync(tools);
  for (const name of allowed.split(' ')) symlinkSync((await onPath(name, process.env))!, join(tools, name));
}

/** What is tested here is the way back: a busy machine must not send the plan there by itself. */
function bePatient(): void {
  const file = join(place.shop, 'switchback.yml');
  const patient = readFileSync(file, 'utf8')
    .replaceAll('under: 2s', 'under: 30s')
    .replaceAll('under: 3s', 'under: 30s')
    .replace('within: 12s', 'within: 180s')
    .replace('timeout: 30s', 'timeout: 120s')
    .replace('for: 20s\n      every: 2s', 'for: 300s\n      every: 2s')
    .replace('healthFailures: 3', 'healthFailures: 100');
  expect(patient).toContain('for: 300s');
  writeFileSync(file, patient);
}

const active = (file: string) => readFileSync(join(place.shop, file), 'utf8');
const journal = () => readJournal(join(root, 'journal.jsonl'));
const status = async () => (await demo.operator.ask<{ status: RunStatus }>('status')).status;
const version = async () => ((await (await fetch(`${demo.url}/health`)).json()) as { version: number }).version;

/** A shell that knows nothing but a few tools and one secret. */
function shell(): Record<string, string> {
  const port = /^SHOP_DB_PORT=(\d+)$/m.exec(active('.env'))?.[1];
  const host = process.env['DOCKER_HOST'];
  return {
    PATH: tools,
    HOME: place.scratch,
    ...(host === undefined ? {} : { DOCKER_HOST: host }),
    SHOP_ADMIN_URL: `postgres://postgres:admin-local-demo@127.0.0.1:${port}/shop`,
  };
}

const glass = (words: string[], input = '') =>
  execa('bash', [script, ...words], { env: shell(), extendEnv: false, reject: false, all: true, input });

async function untilGate(): Promise<void> {
  expect(await demo.operator.type('start')).toBe(0);
  expect(await demo.operator.type('watch')).toBe(7);
}

async function untilBake(): Promise<void> {
  const { type } = demo.operator;
  await untilGate();
  expect(await type('approve', '--role', 'shop-lead')).toBe(0);
  for (const deadline = Date.now() + 300_000; ;) {
    const { state } = await journal();
    const { id = '' } = state.runs.at(-1) ?? {};
    if ([...state.operations.keys()].some((key) => key.startsWith(`${id}/api-v2/bake/`))) return;
    if (Date.now() > deadline) throw new Error(`phase 3 does not bake: ${JSON.stringify(state.runs.at(-1))}`);
    await wait(500);
  }
}

/** `kill -9` of everything that is Switchback or Temporal, and of Temporal's memory. */
async function breakEverything(): Promise<void> {
  const { supervisor, worker, server } = (await readUpRecord(place.home))!;
  for (const one of [supervisor, worker, server]) {
    if (!one || !(await isRunning(one))) continue;
    process.kill(one.pid, 'SIGKILL');
    while (await isRunning(one)) await wait(20);
  }
  for (const suffix of ['', '-wal', '-shm']) rmSync(join(place.home, `temporal.db${suffix}`), { force: true });
}

/** Runs the script until it says something, and kills it right there. @returns `killed`, or all that it said until it ended */
async function killAt(said: RegExp): Promise<string> {
  const child = spawn('bash', [script, '--yes'], { env: shell(), stdio: ['ignore', 'pipe', 'pipe'] });
  let text = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (piece: Buffer) => {
      text += piece.toString('utf8');
      if (said.test(text)) child.kill('SIGKILL');
    });
  // Not `close`: a Compose that was left running holds the pipes open.
  await new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.stdout.destroy();
  child.stderr.destroy();
  return child.signalCode === 'SIGKILL' ? 'killed' : `ended with ${child.exitCode}: ${text}`;
}

async function expectBaseline(): Promise<void> {
  expect([active('docker-compose.yml'), active('.env')]).toEqual([
    active('docker/v1-baseline.yml'),
    active('docker/.env.v1'),
  ]);
  expect(await version()).toBe(1);
}

async function accept(): Promise<void> {
  const reason = ['--reason', 'the lights went out'];
  const answer = await demo.operator.ask<{ left: unknown[]; accepted: unknown[] }>(
    'break-glass',
    '--accept',
    ...reason,
  );
  expect(answer).toMatchObject({ complete: true, left: [] });
  expect(answer.accepted.length).toBeGreaterThan(4);
  const { state } = await journal();
  expect({ consistent: state.consistent, holder: state.holder, run: state.runs.at(-1)?.state }).toEqual({
    consistent: true,
    holder: undefined,
    run: 'rolled-back',
  });
  expect(new Set([...state.phases.values()].map((phase) => phase.state))).toEqual(new Set(['rolled-back']));
}

const tell = (what: string, began: number) =>
  process.stderr.write(`break-glass: ${what} in ${((performance.now() - began) / 1000).toFixed(1)} s\n`);

// One story in order: each part begins where the one before has ended.
describe('the break-glass script of a shop under load', () => {
  it(
    '[T4] refuses to work beside a living worker',
    async () => {
      await untilBake();
      const { exitCode, all } = await glass(['--yes']);
      expect({ exitCode, all }).toEqual({ exitCode: 5, all: expect.stringMatching(/worker with pid \d+ still runs/) });
    },
    longest,
  );

  it(
    '[K7][T4] takes everything back to the baseline, with worker and Temporal gone, and nothing but a shell',
    async () => {
      await breakEverything();
      expect(await version()).toBe(2);
      const looked = await glass(['--dry-run']);
      expect({ code: looked.exitCode, said: looked.all }).toMatchObject({ code: 0 });
      expect((await glass([], 'something else\n')).exitCode).toBe(7);
      const began = performance.now();
      const ran = await glass(['--yes']);
      tell('back at the baseline', began);
      expect({ code: ran.exitCode, said: ran.all }).toEqual({
        code: 0,
        said: expect.stringContaining('is at baseline'),
      });
      await expectBaseline();
      await moreOrders(place, 100, 60_000, abort.signal);
    },
    longest,
  );

  it(
    'does nothing twice when it is run again',
    async () => {
      const again = await glass(['--yes']);
      expect({ code: again.exitCode, said: again.all }).toMatchObject({ code: 0 });
      expect(again.all).not.toMatch(/holds|Recreate|is stopped|is removed/);
    },
    longest,
  );

  it(
    'keeps a new run away until the journal has accepted it; then the target is rolled back',
    async () => {
      const began = performance.now();
      await accept();
      tell('accepted', began);
      expect(await demo.operator.type('break-glass', '--accept')).toBe(4);
      expect((await glass(['--yes'])).exitCode).toBe(4);
      expect(await status()).toMatchObject({ state: 'rolled-back', inconsistent: false });
    },
    longest,
  );

  it(
    'lets a new run start from there',
    async () => {
      await upTemporal(place, demo.operator);
      await untilGate();
    },
    longest,
  );

  it(
    '[T4] comes to the same end when it is killed at several steps',
    async () => {
      await breakEverything();
      const places = [/\[1\//, /holds/, /Recreate/, /every service is ready/, /\[2\//, /\[3\//, /\[4\//, /\[5\//];
      for (const where of places) expect(await killAt(where)).toBe('killed');
      const began = performance.now();
      const ran = await glass(['--yes']);
      tell(`back after ${places.length} kills, the last time`, began);
      expect({ code: ran.exitCode, said: ran.all }).toMatchObject({ code: 0 });
      await expectBaseline();
      await accept();
    },
    longest,
  );

  it(
    'has not lost an acknowledged order on the way',
    async () => {
      const load = await stopLoad(place, abort.signal);
      const orders = await findOrders(place, demo.url, abort.signal);
      expect({ ...orders, given: load.notAcknowledged }).toMatchObject({
        found: orders.acknowledged,
        lost: 0,
        unchecked: 0,
        given: 0,
      });
      expect(orders.found).toBeGreaterThan(1_000);
    },
    longest,
  );
});
