import { describe, expect, it } from '@jest/globals';
import { randomFrom } from '../runbook/random.ts';
import { randomHistory, shrink, tell, type Event } from './history.ts';
import { ModelTarget } from './target.ts';

/** `npm run test:model` goes through many more; a seed makes one of them again. */
const histories = Number(process.env['SWITCHBACK_MODEL_HISTORIES'] ?? 200);
const first = Number(process.env['SWITCHBACK_MODEL_SEED'] ?? 1);

function failureOf(events: readonly Event[]): string | undefined {
  const target = new ModelTarget();
  try {
    for (const event of events) target.happen(event);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

describe('random histories of a target', () => {
  it(`break no invariant in ${histories} of them`, () => {
    const broken = new Map<string, { seed: number; events: Event[] }>();
    let count = 0;
    for (let seed = first; seed < first + histories; seed += 1) {
      const events = randomHistory(randomFrom(seed));
      const failure = failureOf(events);
      if (failure === undefined) continue;
      count += 1;
      const kind = failure.replaceAll(/[\w-]+\/\S+|\b[ab]pi:\d|\d/g, '…').slice(0, 60);
      const known = broken.get(kind);
      if (known || broken.size > 4) continue;
      broken.set(kind, { seed, events: shrink(events, (fewer) => failureOf(fewer) !== undefined) });
    }
    const told = [...broken.values()].map(({ seed, events }) => `seed ${seed}: ${failureOf(events)}\n${tell(events)}`);
    expect([`${count} broken`, ...told].join('\n\n')).toBe('0 broken');
  }, 900_000);
});
