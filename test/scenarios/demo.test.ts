import { existsSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { docker } from '../../examples/demo/docker.ts';
import { placeOf } from '../../examples/demo/place.ts';
import { runDemo } from '../../examples/demo/run-demo.ts';
import { recordingScreen } from '../../examples/demo/screen.ts';
import type { Judged } from '../../examples/demo/promises.ts';
import type { Outcome } from '../../examples/demo/scenario.ts';
import { tearDown } from '../../examples/demo/tear-down.ts';

/** The images may have to be built first, and a busy machine takes a multiple of the usual minute and a half. */
const longest = 20 * 60_000;

const place = placeOf('test');
const screen = recordingScreen();
const abort = new AbortController();
let outcome: Outcome;
let judged: Judged[];

beforeAll(async () => {
  ({ outcome, judged } = await runDemo(place, { screen, signal: abort.signal, keep: false }));
}, longest);

afterAll(async () => {
  abort.abort();
  await tearDown(place);
}, 120_000);

describe('the demo', () => {
  it('keeps every promise that it makes', () => {
    expect(judged.filter(({ kept }) => !kept)).toEqual([]);
  });

  it('[T1] starts a migration from the command line, and runs it phase after phase', () => {
    expect(outcome.exitCodes.start).toBe(0);
    expect(outcome.account.phases.map(({ id, state }) => `${id} ${state}`)).toEqual([
      'prove-v1 completed',
      'orders-expanded completed',
      'api-v2 rolled-back',
    ]);
  });

  it('[K13] compares old and new by key under load, before traffic moves', () => {
    const kinds = outcome.account.phases.at(-1)?.operations.map(({ id }) => id.split('/').at(-1)) ?? [];
    expect(kinds).toContain('02-compareDualRun');
    const ofPhase2 = outcome.account.phases[1]?.operations.find(({ kind }) => kind === 'compareDualRun');
    expect(ofPhase2?.result).toMatch(/equal 3 times in a row: [1-9]\d* rows/);
    expect(outcome.atGate.state).toBe('awaiting-approval');
  });

  it('[T2] parks a rollback that fails half-way, says why, and finishes it on `resume`', () => {
    expect(outcome.parked).toMatchObject({ state: 'rollback-paused', inconsistent: false });
    expect(outcome.parked.waiting?.error).toMatchObject({ name: 'Conflict' });
    expect(outcome.parked.waiting?.error?.hint).toContain(`docker rm -f ${place.project}-worker`);
    expect(outcome.parked.waiting?.accepts).toContain('resume');
    // Worker and server were stopped and started again in between.
    expect(outcome.restarted).toEqual({ down: 0, up: 0, state: 'rollback-paused' });
    expect(outcome.end.rollbacks).toMatchObject([{ state: 'done', done: 4, total: 4 }]);
    const tries = outcome.account.rollbacks[0]?.operations.map(({ outcome: ended }) => ended);
    expect(tries).toEqual(['done', 'done', 'done', 'done']);
  });

  it('[K6] goes back to phase N-1 in under five minutes, with its checks healthy', () => {
    const { recovery, rollback, consistent } = outcome.incident;
    expect({ to: rollback.to, scope: rollback.scope, consistent }).toEqual({
      to: 'orders-expanded',
      scope: 'quick',
      consistent: true,
    });
    expect((recovery.execution ?? Number.NaN) + (recovery.verification ?? Number.NaN)).toBeLessThan(300);
  });

  it('loses no acknowledged order, and leaves protected tables as they were', () => {
    expect(outcome.orders).toMatchObject({ lost: 0, unchecked: 0, found: outcome.orders.acknowledged });
    expect(outcome.orders.found).toBeGreaterThan(500);
    expect(outcome.table.after).toBe(outcome.table.before);
  });

  it('shows what a person would see: the commands, what they print, and what to type next', () => {
    const shown = screen.lines.join('\n');
    expect(shown).toContain('$ switchback resume');
    expect(shown).toContain('go on rolling back, once the cause is gone');
    expect(shown).toContain(`needs the container name ${place.project}-worker`);
  });

  it('leaves nothing behind', async () => {
    expect(existsSync(place.scratch)).toBe(false);
    const label = `label=com.docker.compose.project=${place.project}`;
    expect(await docker(['ps', '--all', '--quiet', '--filter', label])).toBe('');
    expect(await docker(['volume', 'ls', '--quiet', '--filter', label])).toBe('');
    expect(await docker(['network', 'ls', '--quiet', '--filter', label])).toBe('');
  });
});
