import { finalRunStates, type RunState } from '../../runbook/run-state.ts';
import { exitCodes } from '../command-line/answer.ts';
import { needsPerson } from './next-steps.ts';
import type { StatusReport } from './read-status.ts';

const ofFinal: Partial<Record<RunState, number>> = {
  completed: exitCodes.ok,
  'rolled-back': exitCodes.failed,
  // What was done stands, and nothing goes on: somebody has to decide what becomes of it.
  aborted: exitCodes.needsPerson,
  failed: exitCodes.needsPerson,
};

/** The exit code with which following a run ends, or undefined while there is something to follow. */
export function outcomeOf(
  { status, ended }: Pick<StatusReport, 'status' | 'ended'>,
  untilDone: boolean,
): number | undefined {
  if (finalRunStates.includes(status.state)) return status.inconsistent ? exitCodes.needsPerson : ofFinal[status.state];
  // Its workflow is over, so no waiting helps.
  if (ended !== undefined) return exitCodes.needsPerson;
  if (!untilDone && needsPerson({ ...status, inconsistent: false })) return exitCodes.needsPerson;
  return undefined;
}
