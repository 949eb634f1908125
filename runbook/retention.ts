import { inconsistencies } from './consistency.ts';
import { applicationOf, isInPlay } from './phase-applications.ts';
import { standingOperations, type TargetState } from './target-state.ts';
import { pointHolds } from './stores/point-kind.ts';

/** What is kept beside what must be: the newest so many of each resource, and all that are younger than so much. */
export interface Retention {
  keepLast?: number;
  keepWithinSeconds?: number;
}

/** A recovery point as retention sees it. */
export interface RetainedPoint {
  /** `RUN/POINT`. */
  id: string;
  resource: string;
  /** Of the source: points of single tables never take the place of those of a database. */
  kind: string;
  /** `damaged`: its manifest cannot be read, so that nobody knows what it is. */
  state: 'sealed' | 'verified' | 'restore-tested' | 'failed' | 'damaged';
  /** Milliseconds since the epoch. */
  takenAt: number;
  bytes: number;
  pinned: boolean;
}

export interface Verdict {
  point: RetainedPoint;
  keep: boolean;
  why: string;
}

/** Points of single tables that an undo destroyed: nothing else has them. */
export const isArchive = ({ kind }: Pick<RetainedPoint, 'kind'>) => pointHolds(kind) === 'tables';

const isGood = ({ state }: RetainedPoint) => state !== 'failed' && state !== 'damaged';

/**
 * Which points stay, and why. What a rollback needs, what is pinned, and the last proven point of each resource stay whatever the
 * retention says; a failed point counts for nothing, so that failures never push out what is good.
 * @param needed why, by the id of the point
 */
export function decideRetention(
  points: readonly RetainedPoint[],
  retention: Retention,
  needed: ReadonlyMap<string, string>,
  now: number,
): Verdict[] {
  const groups = new Map<string, RetainedPoint[]>();
  for (const point of [...points].sort((a, b) => b.takenAt - a.takenAt || (a.id < b.id ? 1 : -1))) {
    const key = `${point.kind} ${point.resource}`;
    groups.set(key, [...(groups.get(key) ?? []), point]);
  }
  return [...groups.values()].flatMap((group) => decideGroup(group, retention, needed, now));
}

/** @param group points of one resource, newest first */
function decideGroup(
  group: readonly RetainedPoint[],
  { keepLast, keepWithinSeconds }: Retention,
  needed: ReadonlyMap<string, string>,
  now: number,
): Verdict[] {
  const good = group.filter(isGood);
  const proven = good.find(({ state }) => state === 'restore-tested');
  return group.map((point) => {
    const keep = (why: string): Verdict => ({ point, keep: true, why });
    const need = needed.get(point.id);
    if (need !== undefined) return keep(need);
    if (point.pinned) return keep('it is pinned');
    if (isArchive(point)) return keep('it holds what an undo took away, and nothing else does');
    if (point.state === 'damaged') return keep('its manifest is damaged: look at it before anybody removes it');
    if (point === proven) return keep('the last of its resource that was restored as a test');
    if (point === good[0]) return keep('the newest good one of its resource');
    const age = (now - point.takenAt) / 1000;
    if (keepWithinSeconds !== undefined && age <= keepWithinSeconds) return keep('young enough');
    if (isGood(point) && keepLast !== undefined && good.indexOf(point) < keepLast) {
      return keep(`one of the last ${keepLast}`);
    }
    if (keepLast === undefined && keepWithinSeconds === undefined) return keep('no retention was asked for');
    if (!isGood(point)) {
      // A failure is worth a look as long as nothing good has come after it.
      const later = good.some(({ takenAt }) => takenAt > point.takenAt);
      return later
        ? { point, keep: false, why: 'it failed, and a good one came after it' }
        : keep('it failed, and nothing good has come after it');
    }
    return { point, keep: false, why: 'older than what is kept, and nothing needs it' };
  });
}

/**
 * Points that a rollback may still restore from, or that an undo names, with why: those that were taken in a phase that has not been taken
 * back, and those that an undo needs which has not run, also of a phase that was taken back without it.
 */
export function neededPoints(state: TargetState): Map<string, string> {
  const needed = new Map<string, string>();
  // Whoever makes right a restore that was left out needs what it would have restored.
  for (const { operation } of inconsistencies(state).leftOut) {
    const { point } = operation.input as { point?: unknown };
    if (operation.stage === 'rollback' && typeof point === 'string') needed.set(point, `${operation.id} was left out`);
  }
  for (const record of standingOperations(state)) {
    const { run, operation, undo, receipt, prepared } = record;
    const application = applicationOf(state, record);
    if (application === undefined) continue;
    const taken = isInPlay(application)
      ? [receipt?.facts['point'], prepared.facts['point'], (operation.input as { point?: unknown }).point]
      : [];
    const named = [...taken, undo.by === 'operation' ? (undo.input as { point?: unknown }).point : undefined];
    for (const point of named) {
      if (typeof point !== 'string' || point === '') continue;
      const id = point.includes('/') ? point : `${run}/${point}`;
      if (!needed.has(id)) needed.set(id, `taking back phase ${operation.phase} may need it`);
    }
  }
  return needed;
}
