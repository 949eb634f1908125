/** How a phase is rehearsed. */
export interface RehearsalOptions {
  /** A phase that could not be rehearsed waits for a person. */
  required: boolean;
  /** Undos that discard data run too. */
  discardData: boolean;
  /** Resources that change by themselves: `volume:NAME`, `store:NAME/SCHEMA.TABLE`, `file:PATH`. */
  ignore: string[];
  withinSeconds: number;
}

/** `held`: the way back led to where it began, and forward again to the same place. `failed`: it did not. */
export type RehearsalOutcome = 'held' | 'failed' | 'not-rehearsed';

/** What is known of the way back from a phase, because it was tried on a clone, or why it could not be. */
export interface WayBack {
  phase: string;
  outcome: RehearsalOutcome;
  /** In one line, unless it held. */
  why?: string;
  /** When it ended (ISO 8601). */
  at: string;
  /** Digest of the plan that was rehearsed. */
  planDigest: string;
  /** Measured, in event time. `back` is what the way back is promised to take. */
  seconds?: { build: number; forward?: number; back?: number; again?: number };
}

/** With everything that was found on the way. */
export interface Rehearsal extends WayBack {
  /** What was looked at, and what of it differed: one line each. */
  compared: string[];
  differences: string[];
  /** Where the clone's data came from, what was left out, what was not compared. */
  notes: string[];
}

/** The way back in a few words, shown wherever one is spoken of. */
export function describeWayBack(rehearsal: WayBack | undefined): string {
  switch (rehearsal?.outcome) {
    case undefined:
      return 'not rehearsed: nobody asked for it';
    case 'not-rehearsed':
      return `not rehearsed: ${rehearsal.why ?? 'no reason is known'}`;
    case 'failed':
      return `rehearsed and FAILED: ${rehearsal.why ?? 'no reason is known'}`;
    case 'held':
      return `rehearsed, takes ${showSeconds(rehearsal.seconds?.back ?? 0)}`;
  }
}

/**
 * What a rollback of several phases is promised to take: the sum, since phases that go back together do so in turn at worst.
 * @returns undefined when one of them has not been rehearsed, or not with success
 */
export function promisedSeconds(rehearsals: readonly (WayBack | undefined)[]): number | undefined {
  let sum = 0;
  for (const rehearsal of rehearsals) {
    if (rehearsal?.outcome !== 'held' || rehearsal.seconds?.back === undefined) return undefined;
    sum += rehearsal.seconds.back;
  }
  return rehearsals.length === 0 ? undefined : sum;
}

/** Without what was found on the way, which is long. */
export function wayBackOf({ phase, outcome, why, at, planDigest, seconds }: Rehearsal): WayBack {
  return { phase, outcome, at, planDigest, ...(why === undefined ? {} : { why }), ...(seconds ? { seconds } : {}) };
}

const showSeconds = (seconds: number) =>
  seconds < 60
    ? `${seconds.toFixed(1)} s`
    : `${Math.floor(seconds / 60)}m ${String(Math.round(seconds % 60)).padStart(2, '0')}s`;
