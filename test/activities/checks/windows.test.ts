import { describe, expect, it } from '@jest/globals';

import { newWatch, untilSteady, watchWindow } from '../../../activities/checks/index.ts';
import type { WatchState } from '../../../activities/checks/index.ts';
import type { CheckResult, Verdict } from '../../../runbook/checks.ts';

/** A stack whose samples turn out as written: `+` good, `-` failed, `?` not measured; the last one stays. */
function samples(script: string): () => Promise<CheckResult[]> {
  const verdicts: Record<string, Verdict> = { '+': 'successful', '-': 'failed', '?': 'error' };
  let at = 0;
  return async () => {
    const verdict = verdicts[script[Math.min(at, script.length - 1)]!]!;
    at += 1;
    return [{ check: 'it', verdict, detail: '', tookMs: 0 }];
  };
}
const { signal } = new AbortController();

describe('waiting for steady checks', () => {
  const wait = (script: string, consecutive: number, withinMs = 5000) =>
    untilSteady(samples(script), { withinMs, everyMs: 1, consecutive, signal });

  it('[M7] wants so many good samples in a row', async () => {
    expect(await wait('--+-++', 2)).toMatchObject({ verdict: 'successful', samples: 6, consecutive: 2 });
    expect(await wait('+', 1)).toMatchObject({ verdict: 'successful', samples: 1 });
  });

  it('fails when the time is up, with the last answer', async () => {
    expect(await wait('+-', 2, 20)).toMatchObject({ verdict: 'failed', consecutive: 0 });
    expect(await wait('-?', 1, 20)).toMatchObject({ verdict: 'error' });
  });

  it('takes one sample even where no time is left, and says so when good once is not enough', async () => {
    expect(await wait('-', 1, 0)).toMatchObject({ verdict: 'failed', samples: 1 });
    expect(await wait('+', 3, 0)).toMatchObject({ verdict: 'inconclusive', samples: 1 });
  });

  it('ends at once when it is cancelled', async () => {
    const cancelled = new AbortController();
    const waiting = untilSteady(samples('-'), {
      withinMs: 60_000,
      everyMs: 10_000,
      consecutive: 1,
      signal: cancelled.signal,
      onSample: () => cancelled.abort(new Error('stop it')),
    });
    await expect(waiting).rejects.toThrow('stop it');
  });
});

describe('watching after a cutover', () => {
  const kept: WatchState[] = [];
  const watch = (script: string, failuresAllowed: number | undefined, from = newWatch, forMs = 40) =>
    watchWindow(samples(script), from, {
      forMs,
      everyMs: 1,
      failuresAllowed,
      signal,
      onSample: async (state) => {
        kept.push(state);
      },
    });

  it('fires on so many failed samples in a row, and not on fewer', async () => {
    const fired = await watch('++--+---', 3, newWatch, 60_000);
    expect(fired).toMatchObject({ fired: { failedInRow: 3 }, state: { samples: 8, failed: 5 } });
    expect((await watch('--+', 3)).fired).toBeUndefined();
  });

  it('takes what could not be measured neither for a failure nor for health', async () => {
    expect((await watch('-?-?-', 3, newWatch, 60_000)).fired).toEqual(expect.objectContaining({ failedInRow: 3 }));
    const blind = await watch('?', 1);
    expect(blind.fired).toBeUndefined();
    expect(blind.state).toMatchObject({ failed: 0, failedInRow: 0 });
    expect(blind.state.errorsInRow).toBe(blind.state.samples);
    expect(blind.results[0]!.verdict).toBe('error');
  });

  it('goes on after a crash with what it had watched', async () => {
    kept.length = 0;
    await watch('--', 9, newWatch, 0);
    const crashed = kept.at(-1)!;
    expect(crashed).toMatchObject({ samples: 1, failedInRow: 1 });
    const resumed = await watch('-', 3, { ...crashed, watchedMs: 0 }, 60_000);
    expect(resumed.state).toMatchObject({ samples: 3, failedInRow: 3 });
    const almostOver = await watch('+', 3, { ...crashed, watchedMs: 60_000 }, 60_000);
    expect(almostOver.state.samples).toBe(crashed.samples + 1);
  });
});
