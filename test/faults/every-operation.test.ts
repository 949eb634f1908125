import { afterAll, describe, expect, it } from '@jest/globals';
import { placeOf } from '../../examples/demo/place.ts';
import { runDemo } from '../../examples/demo/run-demo.ts';
import { recordingScreen } from '../../examples/demo/screen.ts';
import { tearDown } from '../../examples/demo/tear-down.ts';
import { readJournal, targetHome } from '../../journal/index.ts';
import { ledger, leftovers, projection } from './aftermath.ts';
import { OutsideWitness } from './outside-witness.ts';

/** A kill costs a heartbeat timeout and a new worker; a demo has some forty operations. */
const longest = 60 * 60_000;

// One after the other in the same place, so that even names are the same.
const place = placeOf('faults');
const abort = new AbortController();
afterAll(async () => {
  abort.abort();
  await tearDown(place);
}, 180_000);

async function aftermath(environment: Record<string, string>) {
  const screen = recordingScreen();
  const began = Date.now();
  let witness: OutsideWitness | undefined;
  const staged = async () => void (witness = await OutsideWitness.begin(place));
  const { judged } = await runDemo(place, { screen, signal: abort.signal, keep: true, environment, staged });
  const { records } = await readJournal(targetHome(place.project, { SWITCHBACK_HOME: place.home }).journal);
  const found = {
    seconds: Math.round((Date.now() - began) / 1000),
    kills: new Set(records.flatMap((record) => (record.type === 'attempt' ? [record.operation] : []))).size,
    broken: judged.filter(({ kept, promise }) => !kept && !/objective|within|under/.test(promise)),
    projection: await projection(place),
    ledger: await ledger(place),
    witnessed: await witness?.end(),
    leftovers: await leftovers(place),
  };
  await tearDown(place);
  return found;
}

let undisturbed: Promise<Awaited<ReturnType<typeof aftermath>>> | undefined;

describe('kill -9 of the worker at every operation of a migration and its rollback', () => {
  it.each(['before-effect', 'after-effect', 'after-report'])(
    '[T4] %s: it ends as an undisturbed run ends, and nothing is done twice',
    async (moment) => {
      undisturbed ??= aftermath({});
      const expected = await undisturbed;
      const found = await aftermath({ SWITCHBACK_FAILPOINT: `${moment}:kill` });
      const cases = found.projection.length;
      process.stdout.write(
        `${moment}: ${cases} operations in ${found.seconds} s, undisturbed in ${expected.seconds} s\n`,
      );
      expect(expected.broken).toEqual([]);
      expect(found.broken).toEqual([]);
      expect(found.projection).toEqual(expected.projection);
      expect(found.ledger).toBe(expected.ledger);
      expect(Object.keys(expected.witnessed?.schema ?? {})).not.toEqual([]);
      expect(found.witnessed).toEqual(expected.witnessed);
      expect(found.leftovers).toEqual([]);
      // Without a kill there would be no second attempt; one after the report leaves none to be made, and what fails has no effect.
      const done = found.projection.filter((line) => line.includes('receipts:1')).length;
      if (moment !== 'after-report') expect(found.kills).toBeGreaterThanOrEqual(done);
    },
    longest,
  );
});
