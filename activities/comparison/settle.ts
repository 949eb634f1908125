import { pause } from '../docker/index.ts';
import { compareRows, lookAgain, type ComparisonResult, type CompareOptions, type Difference } from './compare-rows.ts';
import { keyText, type CompareSource } from './compare-source.ts';

/** Both sides of a comparison, as of now. */
export interface Sides {
  left: CompareSource;
  right: CompareSource;
}
/** Opens both sides, lends them and closes them. */
export type WithSides = <T>(work: (sides: Sides) => Promise<T>) => Promise<T>;

export interface Settled extends ComparisonResult {
  /** Differences that were only writes on their way from one side to the other. */
  settled: number;
  /** Differences that stayed. */
  diverged: Difference[];
}

/** So many rows may be on their way at one moment; more are no matter of timing. */
const mostInFlight = 1000;
/** Waits between looks at the rows that differ, in milliseconds: a replica is usually there after the first. */
const waits = [50, 100, 200, 300, 400, 500, 500];

/**
 * Compares two sides that are being written to. Rows that differ are looked at again after a while, since a write may be on its
 * way; those that one side catches up with are no divergence.
 */
export async function compareSettled(
  withSides: WithSides,
  options: Omit<CompareOptions, 'remember'>,
  signal: AbortSignal,
): Promise<Settled> {
  const first = await withSides(({ left, right }) => compareRows(left, right, { ...options, remember: mostInFlight }));
  const total = first.missing + first.extra + first.different;
  if (total === 0 || total > mostInFlight) return { ...first, settled: 0, diverged: first.differences };

  const open = new Map(first.differences.map((difference) => [keyText(difference.key), new Followed(difference)]));
  for (const wait of waits) {
    await pause(wait, signal);
    const keys = [...open.values()].map((followed) => followed.difference.key);
    const now = await withSides(({ left, right }) => lookAgain(left, right, first.plan, keys));
    for (const [key, followed] of open) if (followed.caughtUp(now.left.get(key), now.right.get(key))) open.delete(key);
    if (open.size === 0) break;
  }
  const diverged = [...open.values()].map((followed) => followed.difference);
  return { ...first, settled: total - diverged.length, diverged };
}

/** A row that differed, and every state that it was seen in since. */
class Followed {
  readonly difference: Difference;
  readonly #left: Set<string | undefined>;
  readonly #right: Set<string | undefined>;

  constructor(difference: Difference) {
    this.difference = difference;
    this.#left = new Set([difference.left]);
    this.#right = new Set([difference.right]);
  }

  /**
   * Whether the two sides are equal now, or one has come to a state that the other was in after the first look: then it only
   * lags behind a row that is written to all the time.
   */
  caughtUp(left: string | undefined, right: string | undefined): boolean {
    if (left === right) return true;
    const rightFollows = !this.#right.has(right) && this.#left.has(right);
    const leftFollows = !this.#left.has(left) && this.#right.has(left);
    this.#left.add(left);
    this.#right.add(right);
    return rightFollows || leftFollows;
  }
}
