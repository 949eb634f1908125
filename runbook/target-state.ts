import type { PointContents } from './data-lineage.ts';
import { mayStand } from './data-lineage.ts';
import type { RunCourse } from './going-back.ts';
import type { LeaseHolder } from './journal.ts';
import type { OperationRecord } from './operation-record.ts';
import type { PhaseApplication } from './phase-applications.ts';
import type { PointSet } from './point-set.ts';
import type { Rehearsal } from './rehearsal.ts';
import { finalRunStates, type RunState } from './run-state.ts';

export { applyRecord } from './apply-record.ts';
export { operationKey, type OperationRecord } from './operation-record.ts';
export { completedApplications as completedPhases } from './phase-applications.ts';

export interface RunRecord extends RunCourse {
  id: string;
  plan: string;
  planDigest: string;
  manifest: string;
  state: RunState;
  reason?: string;
  startedAt: string;
  changedAt: string;
  operator: string;
}

/** Work outside of runs, e.g. a backup that somebody asked for. */
export interface TaskRecord {
  id: string;
  /** What it does: `create`, `restore`, … */
  task: string;
  manifest: string;
  state: RunState;
  reason?: string;
  startedAt: string;
  changedAt: string;
  operator: string;
}

/** A target as its journal tells it; it outlives every workflow. */
export interface TargetState {
  seq: number;
  epoch: number;
  holder?: LeaseHolder;
  runs: RunRecord[];
  /** Oldest first. */
  tasks: TaskRecord[];
  /** Recovery points that were taken together, by the run or task that took them. */
  sets: Map<string, PointSet>;
  /** By `RUN/PHASE`. */
  applications: Map<string, PhaseApplication>;
  /** By id, the application that changed last: for what speaks of one plan only. */
  phases: Map<string, PhaseApplication>;
  /** The run whose plan's baseline the stack is at while no phase stands; unknown until one was taken back. */
  baselineRun?: string;
  /** The rollback under way, and whether it has had effects. */
  goingBack?: { touched: boolean };
  /** What each recovery point holds, by `RUN/POINT`. */
  points: Map<string, PointContents>;
  /** What the last restore of each resource replaced. */
  replaced: Map<string, PointContents>;
  /** By `RUN/OPERATION`. */
  operations: Map<string, OperationRecord>;
  identities: Map<string, string>;
  /** The newest one of each phase. */
  rehearsals: Map<string, Rehearsal>;
  rollbacks: number;
  /** False while an undo is left out or a phase is half taken back: no new run until all is taken back, or a person has reconciled it. */
  consistent: boolean;
  keys: Set<string>;
}

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
