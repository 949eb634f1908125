import { mayStand } from './data-lineage.ts';
import type { OperationRecord } from './operation-record.ts';
import { finalRunStates } from './run-state.ts';
import type { RunRecord, TaskRecord, TargetState } from './target.ts';

export type { RunRecord, TaskRecord, TargetState } from './target.ts';

export { applyRecord } from './apply-record.ts';
export { operationKey, type OperationRecord } from './operation-record.ts';
export { completedApplications as completedPhases } from './phase-applications.ts';

export function emptyTargetState(): TargetState {
  return {
    seq: 0,
    epoch: 0,
    runs: [],
    tasks: [],
    sets: new Map(),
    applications: new Map(),
    phases: new Map(),
    points: new Map(),
    replaced: new Map(),
    operations: new Map(),
    identities: new Map(),
    rehearsals: new Map(),
    rollbacks: 0,
    consistent: true,
    keys: new Set(),
  };
}

/** The run that has not ended, as far as the journal knows. */
export function openRun(state: TargetState): RunRecord | undefined {
  const last = state.runs.at(-1);
  return last && !finalRunStates.includes(last.state) ? last : undefined;
}

/** The task that has not ended, as far as the journal knows. */
export function openTask(state: TargetState): TaskRecord | undefined {
  const last = state.tasks.at(-1);
  return last && !finalRunStates.includes(last.state) ? last : undefined;
}

/** Operations that took effect, or may have, and are not taken back: newest first, the order of a rollback. */
export function standingOperations(state: Pick<TargetState, 'operations'>): OperationRecord[] {
  return [...state.operations.values()].filter(mayStand).sort((a, b) => b.seq - a.seq);
}
