import { expect, it } from '@jest/globals';
import { randomFrom } from '../runbook/random.ts';
import { broken } from './chaos/invariants.ts';
import { runCase } from './chaos/run-case.ts';
import { chaosSuite } from './chaos/suite.ts';

/** `SWITCHBACK_CASES=20 SWITCHBACK_SEED=17` begins at a seed that was printed, and takes so many. */
const cases = Number(process.env['SWITCHBACK_CASES'] ?? 100);
const firstSeed = Number(process.env['SWITCHBACK_SEED'] ?? 1);
const longest = 10 * 60_000;

const suite = chaosSuite();
let lines: number;

const say = (text: string) => process.stdout.write(`${text}\n`);

it(
  'an undisturbed run goes there and back',
  async () => {
    suite.stage.startWorker();
    const told = await runCase(suite.stage, randomFrom(0), 0);
    lines = await suite.stage.journalLines();
    say(
      `undisturbed: ${lines} journal lines in ${told.seconds.toFixed(1)} s, silent for ${told.silentSeconds.toFixed(1)} s`,
    );
    expect({ end: told.end, log: told.log }).toMatchObject({ end: 'rolled-back' });
    expect(await broken(suite.stage, suite.before)).toEqual([]);
  },
  longest,
);

it.each(Array.from({ length: cases }, (_, index) => firstSeed + index))(
  '[T4] random faults of seed %i break nothing',
  async (seed) => {
    const told = await runCase(suite.stage, randomFrom(seed), lines);
    const wrong = await broken(suite.stage, suite.before);
    say(
      `seed ${seed}: ${told.struck} of ${told.drawn} faults, ${told.end} in ${told.seconds.toFixed(0)} s, silent ${told.silentSeconds.toFixed(0)} s, ${wrong.length} broken\n  ${[...told.log, ...wrong.map((what) => `BROKEN ${what}`)].join('\n  ')}`,
    );
    expect({ end: told.end, wrong, log: told.log }).toEqual({ end: 'rolled-back', wrong: [], log: told.log });
    // Heartbeat and sticky timeout are 13 s.
    expect(told.silentSeconds).toBeLessThan(43);
  },
  longest,
);
