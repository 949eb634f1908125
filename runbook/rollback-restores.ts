import type { CompiledPlan } from './compiled-plan.ts';
import type { JsonObject } from './json.ts';
import { isOfThisLife, type OperationRecord, type TargetState } from './target-state.ts';

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
}

/** What stays as it is in a rollback, and why that is right. */
export interface Kept {
  operation: string;
  summary: string;
  why: string;
}

/** What becomes of data in a rollback. */
export interface Restores {
  /** Still to be done, by resource. */
  restores: Map<string, RestoreStep>;
  /** Resources that hold the data of their points once these are done, each with the journal line since which that takes back all. */
  restored: Map<string, number>;
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
  // A backup has no undo, so it stands for ever; but one from before the phase was last taken back is of another life: going back to it
  // would lose all that was written since.
  const ofThisLife = standing.filter((record) => isOfThisLife(state, record));
  for (const [resource, step] of restoresOf(ofThisLife)) {
    const keep = (why: string) =>
      planned.kept.push({ operation: step.operation, summary: `the data of ${resource}`, why });
    const by = restoredAlready(state, step, standing);
    if (protect.some((entry) => 'volume' in entry && `volume:${entry.volume}` === resource)) {
      keep(
        `${resource} is protected: it is never replaced, not even by its own backup; restore it under another name by hand`,
      );
      continue;
    }
    planned.restored.set(resource, step.since);
    if (by === undefined) planned.restores.set(resource, step);
    else keep(`${by} has restored it from ${step.input.point} already`);
  }
  return planned;
}

/** One restore a resource: `standing` is newest first, so the last one seen is the oldest point, the one furthest back. */
function restoresOf(standing: readonly OperationRecord[]): Map<string, RestoreStep> {
  const steps = new Map<string, RestoreStep>();
  for (const record of standing) {
    const point = backedUp(record);
    const { seq: since, operation } = record;
    if (point) steps.set(point.resource, { ...point, operation: operation.id, phase: operation.phase, since });
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
 * and nothing has gone forward since. Again would lose what was written after it.
 * @param standing newest first
 */
function restoredAlready(
  state: TargetState,
  { kind, input }: RestoreStep,
  standing: readonly OperationRecord[],
): string | undefined {
  const forward = standing[0]?.seq ?? 0;
  for (const { operation, status, seq } of state.operations.values()) {
    const same = operation.kind === kind && (operation.input as RestoreStep['input']).point === input.point;
    if (same && operation.stage === 'rollback' && status === 'done' && seq > forward) return operation.id;
  }
  return undefined;
}
