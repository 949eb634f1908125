import type { Progress } from '../../activities/effect.ts';
import { formatDuration } from './duration.ts';
import { formatAmount } from './quantity.ts';

/** A progress with the moment it was reported (milliseconds of one clock). */
export interface Sample {
  at: number;
  progress: Progress;
}

/**
 * Units a second between two samples of the same doing; undefined until both say how much is done, time has passed and
 * something moved. A heartbeat repeats the old figure when nothing new came: that is no evidence for a rate of 0.
 */
export function rateOf(earlier: Sample | undefined, later: Sample): number | undefined {
  if (earlier === undefined || earlier.progress.doing !== later.progress.doing) return undefined;
  const { done: from } = earlier.progress;
  const { done: to } = later.progress;
  const seconds = (later.at - earlier.at) / 1000;
  if (from === undefined || to === undefined || seconds <= 0 || to <= from) return undefined;
  return (to - from) / seconds;
}

const bar = (share: number, width = 20) => {
  const full = Math.round(Math.min(1, Math.max(0, share)) * width);
  return `[${'#'.repeat(full)}${'.'.repeat(width - full)}]`;
};

/** `copying orders [####....] 1.20 GiB of 4.00 GiB (30 %), 210 MiB/s, 13.7 s left`. */
export function formatProgress(progress: Progress, rate?: number): string {
  const { doing, done, total, unit } = progress;
  if (done === undefined) return doing;
  const parts: string[] = [];
  if (total !== undefined && total > 0) {
    const share = done / total;
    const amount =
      unit === 'bytes'
        ? `${formatAmount(done, unit)} of ${formatAmount(total, unit)}`
        : `${done} of ${formatAmount(total, unit)}`;
    parts.push(`${bar(share)} ${amount} (${Math.floor(Math.min(1, share) * 100)} %)`);
  } else {
    parts.push(formatAmount(done, unit));
  }
  if (rate !== undefined) {
    parts.push(`${formatAmount(rate, unit)}/s`);
    if (total !== undefined && total > done) parts.push(`${formatDuration(((total - done) / rate) * 1000)} left`);
  }
  return `${doing} ${parts.join(', ')}`;
}
