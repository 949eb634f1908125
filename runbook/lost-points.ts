import type { TargetState } from './target-state.ts';

/** A point that the journal saw sealed. */
export interface KnownPoint {
  /** `RUN/POINT`. */
  id: string;
  run: string;
  operation: string;
  resource: string;
  seal?: string;
}

/** Every point that a receipt names, with the seal that it got. */
export function knownPoints(state: TargetState): Map<string, KnownPoint> {
  const known = new Map<string, KnownPoint>();
  for (const { run, operation, receipt } of state.operations.values()) {
    if (operation.kind !== 'backupVolume' && operation.kind !== 'backupStore') continue;
    const { point: id, seal } = receipt?.facts ?? {};
    if (typeof id !== 'string') continue;
    const resource =
      operation.kind === 'backupVolume' ? `volume:${operation.input.volume}` : `store:${operation.input.store}`;
    known.set(id, { id, run, operation: operation.id, resource, ...(typeof seal === 'string' ? { seal } : {}) });
  }
  return known;
}

/** Points that the journal saw sealed, that nobody pruned, and that are not there. */
export function lostPoints(state: TargetState, present: ReadonlySet<string>): KnownPoint[] {
  const pruned = new Set(
    [...state.operations.values()].flatMap(({ operation }) =>
      operation.kind === 'prunePoints' ? operation.input.points : [],
    ),
  );
  return [...knownPoints(state).values()].filter(({ id }) => !present.has(id) && !pruned.has(id));
}
