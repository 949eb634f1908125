import { overallVerdict } from '../../runbook/checks.ts';
import type { CheckResult } from '../../runbook/checks.ts';
import { pause } from '../docker/index.ts';

/** How far a watch has come; enough to go on with it after a crash. */
export interface WatchState {
  /** Time watched so far, in milliseconds, over all attempts. */
  watchedMs: number;
  samples: number;
  failed: number;
  /** Samples in which something could not be measured. */
  errors: number;
  /** Failed samples in a row, up to now. */
  failedInRow: number;
  /** Samples in a row that measured nothing. */
  errorsInRow: number;
}

export const newWatch: WatchState = { watchedMs: 0, samples: 0, failed: 0, errors: 0, failedInRow: 0, errorsInRow: 0 };

export interface WatchOptions {
  forMs: number;
  everyMs: number;
  /** So many failed samples in a row end the watch. Empty: none does. */
  failuresAllowed: number | undefined;
  signal: AbortSignal;
  /** Called after each sample, to be kept. */
  onSample(state: WatchState, results: CheckResult[]): Promise<void>;
}

export interface WatchResult {
  state: WatchState;
  /** Why the watch ended early. */
  fired?: { failedInRow: number; results: CheckResult[] };
  /** Of the last sample. */
  results: CheckResult[];
}

/**
 * Watches for a time: takes samples, and ends early when so many in a row fail. A sample that could not be measured is no failure
 * and no proof of health: it neither fires nor ends a row of failures. The last sample is taken at the end of the time.
 */
export async function watchWindow(
  sample: () => Promise<CheckResult[]>,
  from: WatchState,
  options: WatchOptions,
): Promise<WatchResult> {
  const began = performance.now();
  let state = from;
  for (;;) {
    const sampleBegan = performance.now();
    const results = await sample();
    state = counted(state, from.watchedMs + performance.now() - began, results);
    await options.onSample(state, results);
    if (options.failuresAllowed !== undefined && state.failedInRow >= options.failuresAllowed) {
      return { state, fired: { failedInRow: state.failedInRow, results }, results };
    }
    if (state.watchedMs >= options.forMs) return { state, results };
    const untilNext = options.everyMs - (performance.now() - sampleBegan);
    await pause(Math.max(0, Math.min(untilNext, options.forMs - state.watchedMs)), options.signal);
  }
}

function counted(before: WatchState, watchedMs: number, results: CheckResult[]): WatchState {
  const verdict = overallVerdict(results);
  const state = { ...before, watchedMs, samples: before.samples + 1 };
  if (verdict === 'failed')
    return { ...state, failed: state.failed + 1, failedInRow: state.failedInRow + 1, errorsInRow: 0 };
  if (verdict === 'successful') return { ...state, failedInRow: 0, errorsInRow: 0 };
  return { ...state, errors: state.errors + 1, errorsInRow: state.errorsInRow + 1 };
}
