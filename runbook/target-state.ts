import type { JournalRecord, LeaseHolder } from './journal.ts';
import type { Operation, Receipt, Undo } from './operations.ts';
import type { PointSet } from './point-set.ts';
import type { Rehearsal } from './rehearsal.ts';
import { finalRunStates, type PhaseState, type RunState } from './run-state.ts';

/** What the journal knows of one operation. */
export interface OperationRecord {
  run: string;
  operation: Operation;
  /** Place of the first intent: the order in which effects began. */
  seq: number;
  attempt: number;
  /** `intended`: begun, and whether it took place must be observed. */
  status: 'intended' | 'done' | 'by-hand' | 'skipped' | 'undone' | 'undo-skipped';
  undo: Undo;
  prepared: { undo: Undo; facts: Receipt['facts'] };
  receipt?: Receipt;
}

export interface RunRecord {
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

export interface PhaseRecord {
  id: string;
  ordinal: number;
  title: string;
  run: string;
  state: PhaseState;
  reason?: string;
  changedAt: string;
  /** Journal line with which it was last taken back: what is older belongs to a life of the phase that is over. */
  takenBackAt?: number;
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
  /** The newest state of each phase. */
  phases: Map<string, PhaseRecord>;
  /** By `RUN/OPERATION`. */
  operations: Map<string, OperationRecord>;
  identities: Map<string, string>;
  /** The newest one of each phase. */
  rehearsals: Map<string, Rehearsal>;
  rollbacks: number;
  /** False after an undo was skipped or a rollback given up: no new run until all is taken back, or a person has reconciled it. */
  consistent: boolean;
  keys: Set<string>;
}

export const operationKey = (run: string, operation: string) => `${run}/${operation}`;

export function emptyTargetState(): TargetState {
  return {
    seq: 0,
    epoch: 0,
    runs: [],
    tasks: [],
    sets: new Map(),
    phases: new Map(),
    operations: new Map(),
    identities: new Map(),
    rehearsals: new Map(),
    rollbacks: 0,
    consistent: true,
    keys: new Set(),
  };
}

/** Folds one record into the state, in place: journals have tens of thousands of lines. */
export function applyRecord(state: TargetState, record: JournalRecord): TargetState {
  state.seq = record.seq;
  if (record.key !== undefined) state.keys.add(record.key);
  switch (record.type) {
    case 'lease-taken':
      state.epoch = record.epoch;
      state.holder = record.holder;
      break;
    case 'lease-released':
      delete state.holder;
      break;
    case 'run-sealed':
      state.runs.push({
        id: record.run,
        plan: record.plan,
        planDigest: record.planDigest,
        manifest: record.manifest,
        state: 'starting',
        startedAt: record.at,
        changedAt: record.at,
        operator: record.operator,
      });
      break;
    case 'task-sealed':
      state.tasks.push({
        id: record.run,
        task: record.task,
        manifest: record.manifest,
        state: 'running',
        startedAt: record.at,
        changedAt: record.at,
        operator: record.operator,
      });
      break;
    case 'set-taken':
      state.sets.set(record.run, record.set);
      break;
    case 'run-state': {
      const named = ({ id }: { id: string }) => id === record.run;
      const run = state.runs.findLast(named) ?? state.tasks.findLast(named);
      if (run) {
        run.state = record.state;
        run.changedAt = record.at;
        if (record.reason === undefined) delete run.reason;
        else run.reason = record.reason;
      }
      break;
    }
    case 'phase-state': {
      const takenBackAt = record.state === 'rolled-back' ? record.seq : state.phases.get(record.phase)?.takenBackAt;
      state.phases.set(record.phase, {
        id: record.phase,
        ordinal: record.ordinal,
        title: record.title,
        run: record.run,
        state: record.state,
        changedAt: record.at,
        ...(record.reason === undefined ? {} : { reason: record.reason }),
        ...(takenBackAt === undefined ? {} : { takenBackAt }),
      });
      break;
    }
    case 'intent': {
      const key = operationKey(record.run, record.operation.id);
      if (!state.operations.has(key)) {
        state.operations.set(key, {
          run: record.run,
          operation: record.operation,
          seq: record.seq,
          attempt: record.attempt,
          status: 'intended',
          undo: record.undo,
          prepared: { undo: record.undo, facts: record.facts },
        });
      }
      break;
    }
    case 'attempt': {
      const known = state.operations.get(operationKey(record.run, record.operation));
      if (known) known.attempt = Math.max(known.attempt, record.attempt);
      break;
    }
    case 'receipt': {
      const known = state.operations.get(operationKey(record.run, record.operation));
      if (!known) break;
      known.status = 'done';
      known.receipt = record.receipt;
      known.undo = record.receipt.undo;
      markUndone(state, known.operation, 'undone');
      break;
    }
    case 'skipped': {
      const known = knownOrNew(state, record.run, record.operation, record.seq);
      known.status = 'skipped';
      if (known.operation.undoes !== undefined) {
        markUndone(state, known.operation, 'undo-skipped');
        state.consistent = false;
      }
      break;
    }
    case 'done-by-hand': {
      const known = knownOrNew(state, record.run, record.operation, record.seq);
      known.status = 'by-hand';
      markUndone(state, known.operation, 'undone');
      break;
    }
    case 'rollback-planned':
      state.rollbacks = Math.max(state.rollbacks, record.rollback);
      break;
    case 'identity':
      state.identities.set(record.resource, record.identity);
      break;
    case 'failure':
    case 'refused':
    case 'decision':
      break;
    case 'rehearsed':
      state.rehearsals.set(record.rehearsal.phase, record.rehearsal);
      break;
    case 'rollback-finished':
      state.consistent = record.consistent && !hasLeftOut(state);
      break;
    case 'reconciled':
      for (const known of state.operations.values()) if (known.status === 'undo-skipped') known.status = 'undone';
      state.consistent = true;
      break;
  }
  return state;
}

/** Whether an operation is of the life of its phase that is not over: it was begun since that was last taken back. */
export const isOfThisLife = ({ phases }: TargetState, { seq, operation }: OperationRecord) =>
  seq > (phases.get(operation.phase)?.takenBackAt ?? 0);

/** Whether an undo was skipped and nobody has made that right. */
const hasLeftOut = (state: TargetState) =>
  [...state.operations.values()].some(({ status }) => status === 'undo-skipped');

/** An operation may be settled by a person before it was begun: its undo is then the compiled one. */
function knownOrNew(state: TargetState, run: string, operation: Operation, seq: number): OperationRecord {
  const key = operationKey(run, operation.id);
  let known = state.operations.get(key);
  if (!known) {
    const { undo } = operation;
    known = { run, operation, seq, attempt: 0, status: 'intended', undo, prepared: { undo, facts: {} } };
    state.operations.set(key, known);
  }
  return known;
}

function markUndone(state: TargetState, undo: Operation, status: 'undone' | 'undo-skipped') {
  for (const key of [...(undo.undoes ?? []), ...(undo.covers ?? [])]) {
    const forward = state.operations.get(key);
    if (forward) forward.status = status;
  }
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

/** Phases that are completed and not taken back, oldest first. */
export function completedPhases(state: TargetState): PhaseRecord[] {
  return [...state.phases.values()]
    .filter((phase) => phase.state === 'completed')
    .sort((a, b) => a.ordinal - b.ordinal);
}

/** Operations that took effect, or may have, and are not taken back: newest first, the order of a rollback. */
export function standingOperations(state: TargetState): OperationRecord[] {
  return [...state.operations.values()]
    .filter(
      (known) =>
        known.operation.undoes === undefined &&
        (known.status === 'skipped' ? known.attempt > 0 : known.status !== 'undone' && known.status !== 'undo-skipped'),
    )
    .sort((a, b) => b.seq - a.seq);
}
