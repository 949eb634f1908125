import { definitionOf, type Operation } from './operations/index.ts';
import { applicationsInPlay, type PhaseApplication } from './phase-applications.ts';
import type { OperationRecord } from './operation-record.ts';
import { finalRunStates } from './run-state.ts';
import type { TargetState } from './target.ts';

/** Why a target is at no checkpoint at all. */
export interface Inconsistency {
  /** What was to be taken back, or put back, and was left out: nobody has made that right. */
  leftOut: OperationRecord[];
  /** Phases that a rollback has begun to take back, and has not taken back. */
  half: PhaseApplication[];
}

/** Whether leaving an operation out leaves the target between two checkpoints. */
export const leavesBehind = ({ stage, kind, undoes }: Pick<Operation, 'stage' | 'kind' | 'undoes'>): boolean =>
  undoes !== undefined || (stage === 'rollback' && definitionOf(kind).bringsBack);

export function inconsistencies(state: Pick<TargetState, 'applications' | 'operations'>): Inconsistency {
  return {
    leftOut: [...state.operations.values()].filter(
      ({ status, operation }) => status === 'undo-skipped' || (status === 'skipped' && leftUndone(operation)),
    ),
    half: applicationsInPlay(state).filter((phase) => phase.state === 'rolling-back'),
  };
}

/** Undos show by what they leave standing; what has nothing to mark shows by itself. */
const leftUndone = (operation: Operation) => operation.undoes === undefined && leavesBehind(operation);

export function isConsistent(state: Pick<TargetState, 'applications' | 'operations'>): boolean {
  const { leftOut, half } = inconsistencies(state);
  return leftOut.length === 0 && half.length === 0;
}

/** Whether people are told of it: while a rollback is at work, a phase that is half back is what everybody expects. */
export function showsInconsistent(state: Pick<TargetState, 'applications' | 'operations' | 'runs'>): boolean {
  const { leftOut, half } = inconsistencies(state);
  const run = state.runs.at(-1);
  const atWork = run !== undefined && !finalRunStates.includes(run.state);
  return leftOut.length > 0 || (half.length > 0 && !atWork);
}

/** What stands in the way of a new run, and what to type. */
export function describeInconsistency({ leftOut, half }: Inconsistency): { why: string; hint: string } {
  if (half.length > 0) {
    const named = half.map(({ id, run }) => `${id} (run ${run})`).join(', ');
    return {
      why: `half taken back: ${named}`,
      hint: '`switchback rollback` takes back the rest; nothing goes forward from between two checkpoints.',
    };
  }
  const named = leftOut.map(({ operation }) => operation.id).join(', ');
  return {
    why: `an undo was skipped${named === '' ? '' : `: ${named}`}`,
    hint: '`switchback reconcile` shows what was left out, and takes your word once it is right.',
  };
}
