import { appendFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { RunAccount } from '../../client/history/account.ts';
import { claim } from '../../examples/demo/claim.ts';
import { findOrders, moreOrders, stopLoad } from '../../examples/demo/load.ts';
import { docker } from '../../examples/demo/docker.ts';
import { placeOf } from '../../examples/demo/place.ts';
import { recordingScreen } from '../../examples/demo/screen.ts';
import { setUp, type Demo } from '../../examples/demo/set-up.ts';
import { Stopwatch } from '../../examples/demo/stopwatch.ts';
import { tearDown } from '../../examples/demo/tear-down.ts';
import { readJournal, targetHome } from '../../journal/index.ts';
import type { RunStatus } from '../../runbook/run-state.ts';

/** The images may have to be built first, on a busy machine. */
const longest = 20 * 60_000;

const place = placeOf('restore');
const screen = recordingScreen();
const abort = new AbortController();
let demo: Demo;
beforeAll(async () => {
  await tearDown(place);
  await claim(place);
  demo = await setUp(place, {
    screen,
    signal: abort.signal,
    stopwatch: new Stopwatch(),
    brokenRelease: false,
  });
}, longest);
afterAll(async () => {
  abort.abort();
  await tearDown(place);
}, 120_000);

const ask = (database: string, query: string) =>
  docker(['exec', `${place.project}-db-1`, 'psql', '-U', 'postgres', '-d', database, '-Atc', query]);
const ordersIn = async (database: string): Promise<string[]> =>
  (await ask(database, 'select key from public.orders')).split('\n').filter(Boolean);

describe('a full rollback that restores data', () => {
  it(
    '[K7][L7] loses exactly what it states, keeps what it replaces, and brings the baseline back',
    async () => {
      const { operator, url, signal } = demo;
      expect(await operator.type('start')).toBe(0);
      expect(await operator.type('watch')).toBe(7);
      expect((await operator.ask<{ status: RunStatus }>('status')).status.state).toBe('awaiting-approval');
      // Orders that no recovery point has.
      await moreOrders(place, 100, 30_000, signal);
      await stopLoad(place, signal);

      const unconfirmed = await operator.type(
        'rollback',
        '--to',
        'baseline',
        '--restore-data',
        '--reason',
        'v2 wrote nonsense',
      );
      expect(unconfirmed).toBe(2);
      expect(
        await operator.type(
          'rollback',
          '--to',
          'baseline',
          '--restore-data',
          '--reason',
          'v2 wrote nonsense',
          '--confirm',
          place.project,
        ),
      ).toBe(0);
      const began = Date.now();
      const ended = await operator.type('watch');
      if (ended !== 6) process.stdout.write(screen.lines.slice(-60).join('\n'));
      expect(ended).toBe(6);
      process.stdout.write(`full rollback with data: ${Math.round((Date.now() - began) / 1000)} s\n`);

      const { state } = await readJournal(targetHome(place.project, { SWITCHBACK_HOME: place.home }).journal);
      const restore = [...state.operations.values()].find((known) => known.operation.kind === 'restoreStore');
      const facts = restore?.receipt?.facts ?? {};
      const tables = facts['tables'] as { table: string; missing: number }[] | undefined;
      const stated = tables?.find(({ table }) => table === 'public.orders')?.missing;
      const { acknowledged, found, lost, unchecked } = await findOrders(place, url, signal);
      const told = new Set((await readFile(place.acks, 'utf8')).split('\n').filter(Boolean));
      const now = new Set(await ordersIn('shop'));
      // What was replaced is kept closed.
      const replaced = String(facts['replaced']);
      await ask('postgres', `alter database "${replaced}" allow_connections true`);
      const gone = (await ordersIn(replaced)).filter((key) => !now.has(key));
      // An order counts from its commit, also where its client was never told of it.
      const untold = gone.filter((key) => !told.has(key)).length;
      process.stdout.write(
        `stated loss ${stated}: ${lost} of ${acknowledged} acknowledged orders, and ${untold} that were written and never acknowledged\n`,
      );
      expect(unchecked).toBe(0);
      expect(lost).toBeGreaterThanOrEqual(100);
      expect(gone).toHaveLength(stated ?? -1);
      expect(lost).toBe(gone.length - untold);
      expect(found).toBe(acknowledged - lost);

      const account = await operator.ask<RunAccount>('history');
      expect(account.phases.map((phase) => phase.state)).toEqual(['rolled-back', 'rolled-back', 'rolled-back']);
    },
    longest,
  );

  it(
    '[L9] is verified by itself, until somebody changes a file',
    async () => {
      const { ask, type } = demo.operator;
      expect(await type('verify')).toBe(0);
      await appendFile(join(place.shop, 'docker-compose.yml'), '# changed by hand\n');
      expect(await type('verify')).toBe(6);
      expect(await ask('verify')).toMatchObject({
        checkpoint: 'baseline',
        verdict: 'successful',
        drift: expect.stringContaining('docker-compose.yml was changed'),
      });
    },
    longest,
  );
});
