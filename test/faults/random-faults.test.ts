import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { randomFrom } from '../runbook/random.ts';
import { broken, fingerprint } from './chaos/invariants.ts';
import { runCase } from './chaos/run-case.ts';
import { ChaosStage } from './chaos/stage.ts';

/** `SWITCHBACK_CASES=20 SWITCHBACK_SEED=17` begins at a seed that was printed, and takes so many. */
const cases = Number(process.env['SWITCHBACK_CASES'] ?? 100);
const firstSeed = Number(process.env['SWITCHBACK_SEED'] ?? 1);
const longest = 10 * 60_000;

let stage: ChaosStage;
let before: Record<string, string>;
let lines: number;

beforeAll(async () => {
  stage = await ChaosStage.start();
  before = await fingerprint(stage);
  stage.startWorker();
  stage.customers.begin();
}, longest);
afterAll(() => stage?.stop(), 120_000);

const say = (text: string) => process.stdout.write(`${text}\n`);

it(
  'an undisturbed run goes there and back',
  async () => {
    const told = await runCase(stage, randomFrom(0), 0);
    lines = await stage.journalLines();
    say(
      `undisturbed: ${lines} journal lines in ${told.seconds.toFixed(1)} s, silent for ${told.silentSeconds.toFixed(1)} s`,
    );
    expect({ end: told.end, log: told.log }).toMatchObject({ end: 'rolled-back' });
    expect(await broken(stage, before)).toEqual([]);
  },
  longest,
);

it.each(Array.from({ length: cases }, (_, index) => firstSeed + index))(
  '[T4] random faults of seed %i break nothing',
  async (seed) => {
    const told = await runCase(stage, randomFrom(seed), lines);
    const wrong = await broken(stage, before);
    say(
      `seed ${seed}: ${told.struck} of ${told.drawn} faults, ${told.end} in ${told.seconds.toFixed(0)} s, silent ${told.silentSeconds.toFixed(0)} s, ${wrong.length} broken\n  ${[...told.log, ...wrong.map((what) => `BROKEN ${what}`)].join('\n  ')}`,
    );
    expect({ end: told.end, wrong, log: told.log }).toEqual({ end: 'rolled-back', wrong: [], log: told.log });
    // Heartbeat and sticky timeout are 13 s.
    expect(told.silentSeconds).toBeLessThan(43);
  },
  longest,
);
