import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { RunStatus } from '../../runbook/run-state.ts';
import { claim } from '../../examples/demo/claim.ts';
import { findOrders, stopLoad } from '../../examples/demo/load.ts';
import { placeOf } from '../../examples/demo/place.ts';
import { recordingScreen } from '../../examples/demo/screen.ts';
import { setUp, type Demo } from '../../examples/demo/set-up.ts';
import { Stopwatch } from '../../examples/demo/stopwatch.ts';
import { tearDown } from '../../examples/demo/tear-down.ts';

const longest = 15 * 60_000;
const place = placeOf('again');
const abort = new AbortController();
let demo: Demo;

beforeAll(async () => {
  await tearDown(place);
  await claim(place);
  const stage = { screen: recordingScreen(), signal: abort.signal, stopwatch: new Stopwatch() };
  demo = await setUp(place, { ...stage, brokenRelease: false });
}, longest);

afterAll(async () => {
  abort.abort();
  await tearDown(place);
}, 120_000);

const status = async () => (await demo.operator.ask<{ status: RunStatus }>('status')).status;
const active = (file: string) => readFileSync(join(place.shop, file), 'utf8');

/** Starts the plan and goes through its gate. */
async function runToItsEnd(): Promise<void> {
  const { type } = demo.operator;
  expect(await type('start')).toBe(0);
  expect(await type('watch')).toBe(7);
  expect((await status()).state).toBe('awaiting-approval');
  expect(await type('approve', '--role', 'shop-lead')).toBe(0);
  expect(await type('watch')).toBe(0);
  const { state, phases } = await status();
  expect({ state, phases: phases.map((phase) => phase.state) }).toEqual({
    state: 'completed',
    phases: ['completed', 'completed', 'completed'],
  });
  expect([active('docker-compose.yml'), active('.env')]).toEqual([
    active('docker/v2-phase-3-api.yml'),
    active('docker/.env.v2'),
  ]);
}

const version = async () => ((await (await fetch(`${demo.url}/health`)).json()) as { version: number }).version;

// One story in order: each part begins where the one before has ended.
describe('a good release of the shop, under load', () => {
  it('[T1][K1][K2] is migrated phase by phase, Compose and env file together', runToItsEnd, longest);

  it('answers with v2', async () => expect(await version()).toBe(2));

  it(
    '[K7] goes back to the baseline from the journal alone, in under ten minutes, with its services counted',
    async () => {
      const began = performance.now();
      expect(await demo.operator.type('rollback', '--to', 'baseline', '--reason', 'a test', '--watch')).toBe(0);
      expect(performance.now() - began).toBeLessThan(600_000);
      const { state, rollbacks, inconsistent } = await status();
      expect({ state, inconsistent, to: rollbacks[0]?.to }).toEqual({
        state: 'rolled-back',
        inconsistent: false,
        to: 'baseline',
      });
      expect([active('docker-compose.yml'), active('.env')]).toEqual([
        active('docker/v1-baseline.yml'),
        active('docker/.env.v1'),
      ]);
      expect(await version()).toBe(1);
    },
    longest,
  );

  it('runs again to its end', runToItsEnd, longest);

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
