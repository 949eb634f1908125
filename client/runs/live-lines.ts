import { formatProgress, rateOf, type Sample } from '../rendering/progress.ts';
import type { LiveActivity } from '../temporal/live-progress.ts';

interface Known {
  sample: Sample;
  rate?: number;
}

/** Turns what activities say in their heartbeats into lines with a rate, which takes two heartbeats that differ. */
export class LiveLines {
  readonly #known = new Map<string, Known>();

  lines(activities: readonly LiveActivity[]): string[] {
    return activities.flatMap((live) => {
      const again = live.attempt > 1 ? ` (attempt ${live.attempt})` : '';
      if (live.progress === undefined || live.heartbeatAt === undefined) {
        return live.attempt > 1
          ? [
              `${live.activity}${again}${live.lastFailure === undefined ? '' : `; the last one failed: ${live.lastFailure}`}`,
            ]
          : [];
      }
      const rate = this.#rate(live.activity, { at: live.heartbeatAt, progress: live.progress });
      return [formatProgress(live.progress, rate) + again];
    });
  }

  #rate(activity: string, sample: Sample): number | undefined {
    const known = this.#known.get(activity);
    if (known?.sample.at === sample.at) return known.rate;
    const fresh = rateOf(known?.sample, sample);
    // Half old, half new: single heartbeats are too uneven for a time that people plan by.
    const same = known?.sample.progress.doing === sample.progress.doing;
    const rate =
      fresh === undefined
        ? same
          ? known.rate
          : undefined
        : same && known.rate !== undefined
          ? (known.rate + fresh) / 2
          : fresh;
    this.#known.set(activity, { sample, ...(rate !== undefined && { rate }) });
    return rate;
  }
}
