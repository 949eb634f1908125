import { overallVerdict } from '../../runbook/checks.ts';
import type { CheckResult, Verdict } from '../../runbook/checks.ts';
import { pause } from '../docker/index.ts';

/** How a wait for steady checks ended. */
export interface Steadiness {
  verdict: Verdict;
  /** Of the last sample. */
  results: CheckResult[];
  samples: number;
  /** How many good samples in a row the last one ended. */
  consecutive: number;
  tookMs: number;
}

export interface SteadyOptions {
  withinMs: number;
  everyMs: number;
  /** So many good samples in a row. */
  consecutive: number;
  signal: AbortSignal;
  onSample?: (results: CheckResult[], samples: number) => void;
}

/**
 * Takes samples until enough in a row were good, or the time is up. The first sample is taken at once, and at least one is. A sample
 * begins `everyMs` after the one before began.
 */
export async function untilSteady(sample: () => Promise<CheckResult[]>, options: SteadyOptions): Promise<Steadiness> {
  const began = performance.now();
  const elapsed = () => performance.now() - began;
  let consecutive = 0;
  for (let samples = 1; ; samples += 1) {
    const sampleBegan = performance.now();
    const results = await sample();
    options.onSample?.(results, samples);
    const verdict = overallVerdict(results);
    consecutive = verdict === 'successful' ? consecutive + 1 : 0;
    if (consecutive >= options.consecutive) return { verdict, results, samples, consecutive, tookMs: elapsed() };
    const rest = Math.max(0, options.everyMs - (performance.now() - sampleBegan));
    if (elapsed() + rest > options.withinMs) {
      // Good, but not often enough in the time there was: nobody can say.
      const told = verdict === 'successful' ? 'inconclusive' : verdict;
      return { verdict: told, results, samples, consecutive, tookMs: elapsed() };
    }
    await pause(rest, options.signal);
  }
}
