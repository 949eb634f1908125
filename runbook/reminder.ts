const day = 24 * 3600;

/**
 * How long to wait before it is said for the nth time (from 1) that somebody is needed: each time twice as long, at most a day. A gate may wait
 * for months, and each reminder stays in the workflow's history, which the server ends at 51,200 events.
 * @param first what the plan says, in seconds
 */
export const secondsUntilReminder = (first: number, nth: number): number =>
  Math.max(first, Math.min(first * 2 ** (nth - 1), day));
