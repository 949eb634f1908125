import type { JsonObject } from './json.ts';
import type { OperationRecord } from './target-state.ts';

/** The restore of one resource from a recovery point. */
export interface RestoreStep {
  /** The backup that it comes from. */
  operation: string;
  resource: string;
  kind: 'restoreStore' | 'restoreVolume';
  input: { point: string } & JsonObject;
  phase: string;
}

/** One restore a resource: `standing` is newest first, so the last one seen is the oldest point, the one furthest back. */
export function restoresOf(standing: OperationRecord[]): Map<string, RestoreStep> {
  const steps = new Map<string, RestoreStep>();
  for (const record of standing) {
    const point = backedUp(record);
    if (point) steps.set(point.resource, { ...point, operation: record.operation.id, phase: record.operation.phase });
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
