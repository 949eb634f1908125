import type { CompiledPlan } from './compiled-plan.ts';
import type { JsonObject } from './json.ts';
import { lastRestoreOf, mayStand } from './data-lineage.ts';
import { applicationOf } from './phase-applications.ts';
import { isOfServer, storesBeside } from './same-server.ts';
import type { OperationRecord, TargetState } from './target-state.ts';

/** The restore of one resource from a recovery point. */
export interface RestoreStep {
  /** The backup that it comes from. */
  operation: string;
  resource: string;
  kind: 'restoreStore' | 'restoreVolume';
  input: { point: string } & JsonObject;
  phase: string;
  /** Journal line with which that backup began: what was done before is in it. */
  since: number;
  /** Where the backup was taken, and by which run. */
  host: string;
  run: string;
  /** Other stores of the server that goes back as a whole, as `store:NAME`. */
  together?: string[];
}

/** What a resource holds once its point is back: what is in `holds`, or what was done before `since` where nobody has noted that. */
export interface RestoredTo {
  since: number;
  holds?: ReadonlySet<string>;
}

/** What stays as it is in a rollback, and why that is right. */
export interface Kept {
  operation: string;
  /** The run that did it: the same id means something else in another one. Absent in answers of older workers. */
  run?: string;
  summary: string;
  why: string;
  /** It does not stay: what is restored is older than it. */
  gone?: true;
}

/** What becomes of data in a rollback. */
export interface Restores {
  /** Still to be done, by resource. */
  restores: Map<string, RestoreStep>;
  /** Resources that hold the data of their points once these are done. */
  restored: Map<string, RestoredTo>;
  kept: Kept[];
}

export const noRestores = (): Restores => ({ restores: new Map(), restored: new Map(), kept: [] });

/** @param standing newest first */
export function planRestores(
  state: TargetState,
  { protect }: Pick<CompiledPlan, 'protect'>,
  standing: readonly OperationRecord[],
): Restores {
  const planned = noRestores();
  // A backup has no undo, so it stands for ever; but one of a phase that was taken back is of a life that is over: going back to it would
  // lose all that was written since.
  const alive = standing.filter((record) => applicationOf(state, record)?.state !== 'rolled-back');
  for (const [resource, step] of restoresOf(state, alive)) {
    const keep = (why: string) =>
      planned.kept.push({ operation: step.operation, run: step.run, summary: `the data of ${resource}`, why });
    const by = restoredAlready(state, step);
    if (protect.some((entry) => 'volume' in entry && `volume:${entry.volume}` === resource)) {
      keep(
        `${resource} is protected: it is never replaced, not even by its own backup; restore it under another name by hand`,
      );
      continue;
    }
    const holds = state.points.get(step.input.point)?.operations;
    planned.restored.set(resource, { since: step.since, ...(holds && { holds }) });
    if (by === undefined) {
      planned.restores.set(resource, step);
      planned.kept.push(...broughtBack(state, resource, step.input.point, holds));
    } else keep(`${by} has restored it from ${step.input.point} already`);
  }
  for (const { together = [], since, input } of planned.restores.values()) {
    const holds = state.points.get(input.point)?.beside;
    // One with a point of its own is restored from that.
    for (const beside of together)
      if (!planned.restored.has(beside)) planned.restored.set(beside, { since, ...(holds && { holds }) });
  }
  return planned;
}

/** What was taken back after a point was taken: it is in the data again once that is restored. */
function broughtBack(
  state: TargetState,
  resource: string,
  point: string,
  holds: ReadonlySet<string> = new Set(),
): Kept[] {
  return [...holds].flatMap((key) => {
    const known = state.operations.get(key);
    if (!known || (mayStand(known) && !known.lostIn?.includes(resource))) return [];
    const { id, summary } = known.operation;
    return [
      { operation: id, run: known.run, summary, why: `it was taken back, and is in ${resource} again with ${point}` },
    ];
  });
}

/** One restore a resource: `standing` is newest first, so the last one seen is the oldest point, the one furthest back. */
function restoresOf(state: TargetState, standing: readonly OperationRecord[]): Map<string, RestoreStep> {
  const steps = new Map<string, RestoreStep>();
  for (const record of standing) {
    const point = backedUp(record);
    const { seq: since, operation, run } = record;
    const { id, phase, host } = operation;
    if (!point) continue;
    const beside = isOfServer(operation) ? storesBeside(state, point.resource) : [];
    const together = beside.length === 0 ? {} : { together: beside };
    steps.set(point.resource, { ...point, operation: id, phase, since, host, run, ...together });
  }
  return steps;
}

/** Resources with data that an operation's backup can bring back, as `store:NAME` or `volume:NAME`. */
function backedUp(
  record: OperationRecord,
): { resource: string; kind: 'restoreStore' | 'restoreVolume'; input: { point: string } & JsonObject } | undefined {
  const { operation, receipt } = record;
  if (record.status !== 'done' || receipt === undefined) return undefined;
  // The receipt names the folder that was really written; the plan only names the point.
  const point = typeof receipt.facts['point'] === 'string' ? receipt.facts['point'] : undefined;
  if (point === undefined) return undefined;
  if (operation.kind === 'backupStore') {
    return {
      resource: `store:${operation.input.store}`,
      kind: 'restoreStore',
      input: { store: operation.input.store, point },
    };
  }
  if (operation.kind === 'backupVolume') {
    return {
      resource: `volume:${operation.input.volume}`,
      kind: 'restoreVolume',
      input: { volume: operation.input.volume, point },
    };
  }
  return undefined;
}

/**
 * The operation that has restored a resource from the very point already: an earlier rollback did, which was given up or lost its workflow,
 * and nothing has gone forward or was restored since. Again would lose what was written after it.
 */
function restoredAlready(state: TargetState, { resource, input }: RestoreStep): string | undefined {
  const last = lastRestoreOf(state, resource);
  if (last?.operation.stage !== 'rollback' || (last.operation.input as RestoreStep['input']).point !== input.point)
    return undefined;
  const forward = [...state.operations.values()].some(
    (known) => known.seq > last.seq && known.operation.phase !== '' && mayStand(known),
  );
  return forward ? undefined : last.operation.id;
}
