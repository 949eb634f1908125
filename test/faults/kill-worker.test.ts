import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { afterAll, describe, expect, it } from '@jest/globals';
import { placeOf } from '../../examples/demo/place.ts';
import { runDemo } from '../../examples/demo/run-demo.ts';
import { recordingScreen } from '../../examples/demo/screen.ts';
import { tearDown } from '../../examples/demo/tear-down.ts';
import { leftovers, ledger, projection } from './aftermath.ts';
import { killWorkerAt, type Killed, type KillPoint } from './worker-killer.ts';

/** Ten kills cost ten heartbeat timeouts on top of the story. */
const longest = 30 * 60_000;

/** The migration and its rollback, with the long activities among them: dumps, restores, comparisons, Compose, checks under load. */
const points: KillPoint[] = [
  { operation: 'prove-v1/preflight/01-checkPreflight', afterMs: 200 },
  { operation: 'prove-v1/cutover/', afterMs: 300 },
  { operation: 'orders-expanded/backup/01-backupStore', afterMs: 400 },
  { operation: 'orders-expanded/backup/02-proveBackup', afterMs: 400 },
  { operation: 'orders-expanded/apply/', afterMs: 50 },
  { operation: 'orders-expanded/cutover/', afterMs: 1500 },
  { operation: 'api-v2/dual-run/', afterMs: 1000 },
  { operation: 'api-v2/cutover/', afterMs: 700 },
  { operation: 'api-v2/verify/', afterMs: 1000 },
  { operation: 'rollback-1/01-', afterMs: 500 },
];

const calm = placeOf('calm');
const disturbed = placeOf('killed');
const abort = new AbortController();
afterAll(async () => {
  abort.abort();
  await tearDown(calm);
  await tearDown(disturbed);
}, 180_000);

describe('kill -9 of the worker', () => {
  it(
    '[T4] at ten points of a migration and its rollback: it ends as an undisturbed run ends, and nothing is done twice',
    async () => {
      const quiet = await runDemo(calm, { screen: recordingScreen(), signal: abort.signal, keep: true });
      const expected = await projection(calm);
      const expectedLedger = await ledger(calm);
      await tearDown(calm);

      const over = new AbortController();
      let killed: Promise<Killed[]> | undefined;
      const screen = recordingScreen();
      const began = Date.now();
      const telling = runDemo(disturbed, { screen, signal: abort.signal, keep: true });
      const killing = begin(over.signal).then((found) => (killed = Promise.resolve(found)));
      const told = await telling;
      over.abort();
      await killing;
      const deaths = (await killed) ?? [];
      process.stdout.write(
        `${deaths.length} kills, ${deaths.filter((death) => death.inTheMiddle).length} of them before the receipt, in ${Math.round((Date.now() - began) / 1000)} s\n`,
      );

      expect(deaths.map((death) => death.operation)).toHaveLength(points.length);
      expect(new Set(deaths.map((death) => death.pid)).size).toBe(points.length);
      expect(told.judged.filter(({ kept, promise }) => !kept && !/objective|within|under/.test(promise))).toEqual([]);
      expect(quiet.judged.filter(({ kept }) => !kept)).toEqual([]);
      expect(await projection(disturbed)).toEqual(expected);
      expect(await ledger(disturbed)).toBe(expectedLedger);
      expect(await leftovers(disturbed)).toEqual([]);
    },
    longest,
  );
});

/** Begins to kill once the shop is there to be migrated. */
async function begin(signal: AbortSignal): Promise<Killed[]> {
  const env = join(disturbed.shop, '.env');
  for (;;) {
    const text = await readFile(env, 'utf8').catch(() => '');
    const port = parseEnv(text)['SHOP_DB_PORT'];
    if (port !== undefined) {
      const url = `postgres://postgres:admin-local-demo@127.0.0.1:${port}/shop`;
      return killWorkerAt(
        disturbed,
        points,
        {
          ...process.env,
          ...{ SWITCHBACK_HOME: disturbed.home, SHOP_ADMIN_URL: url, SWITCHBACK_SECRETS: 'SHOP_ADMIN_URL' },
        },
        signal,
      );
    }
    if (signal.aborted) return [];
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
