import { isConsistent } from './consistency.ts';
import { mayStand, noteContents, noteRestored } from './data-lineage.ts';
import { noteCourse } from './going-back.ts';
import type { JournalRecord } from './journal.ts';
import { operationKey, type OperationRecord } from './operation-record.ts';
import type { Operation } from './operations.ts';
import { applyPhaseState, endGoingBack, touch } from './phase-applications.ts';
import { finalRunStates } from './run-state.ts';
import type { TargetState } from './target.ts';

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
      const ofRun = state.runs.findLast(named);
      const run = ofRun ?? state.tasks.findLast(named);
      if (run) {
        run.state = record.state;
        run.changedAt = record.at;
        if (record.reason === undefined) delete run.reason;
        else run.reason = record.reason;
        if (ofRun && finalRunStates.includes(record.state)) endGoingBack(state);
      }
      break;
    }
    case 'phase-state':
      applyPhaseState(state, record);
      break;
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
        // Its point may be sealed although its receipt never comes.
        noteContents(state, state.operations.get(key)!);
      }
      touchWith(state, record.operation);
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
      settle(state, known, record.seq);
      break;
    }
    case 'skipped': {
      const known = knownOrNew(state, record.run, record.operation, record.seq);
      known.status = 'skipped';
      touchWith(state, record.operation);
      markUndone(state, known.operation, 'undo-skipped');
      break;
    }
    case 'done-by-hand': {
      const known = knownOrNew(state, record.run, record.operation, record.seq);
      known.status = 'by-hand';
      if (record.undo) known.undo = record.undo;
      touchWith(state, record.operation);
      settle(state, known, record.seq);
      break;
    }
    case 'rollback-planned':
      state.rollbacks = Math.max(state.rollbacks, record.rollback);
      endGoingBack(state);
      state.goingBack = { touched: false };
      break;
    case 'identity':
      state.identities.set(record.resource, record.identity);
      break;
    case 'gate':
    case 'failure':
    case 'refused':
    case 'decision':
      break;
    case 'rehearsed':
      state.rehearsals.set(record.rehearsal.phase, record.rehearsal);
      break;
    case 'rollback-finished':
      endGoingBack(state);
      break;
    case 'reconciled':
      for (const known of state.operations.values()) {
        if (known.status === 'undo-skipped') known.status = 'undone';
        else if (known.status === 'skipped' && known.operation.stage === 'rollback') known.status = 'by-hand';
      }
      break;
  }
  // Also of a run that the line has just opened.
  const course = state.runs.findLast(({ id }) => id === record.run);
  if (course) noteCourse(course, record);
  if (decides(record)) state.consistent = isConsistent(state);
  return state;
}

/** Whether a target may be at a checkpoint again after a line, or not any more. Forward effects, which are most lines, change nothing of that. */
function decides(record: JournalRecord): boolean {
  switch (record.type) {
    case 'phase-state':
    case 'skipped':
    case 'done-by-hand':
    case 'rollback-planned':
    case 'rollback-finished':
    case 'reconciled':
      return true;
    case 'run-state':
      return finalRunStates.includes(record.state);
    case 'receipt':
      return record.operation.startsWith('rollback-');
    default:
      return false;
  }
}

/** What only looks leaves all as it was. */
function touchWith(state: TargetState, operation: Operation): void {
  if (operation.stage === 'rollback' && operation.kind !== 'runChecks') touch(state);
}

/** An operation has taken effect, by itself or by a person's hand. */
function settle(state: TargetState, known: OperationRecord, line: number): void {
  markUndone(state, known.operation, 'undone');
  noteContents(state, known);
  noteRestored(state, known, line);
}

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
    if (!forward || forward.status === status) continue;
    if (mayStand(forward)) forward.stoodAs = forward.status;
    forward.status = status;
  }
}
