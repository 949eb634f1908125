import type { OpenedRun } from '../../runbook/activities.ts';
import { SwitchbackError } from '../../runbook/errors.ts';
import { wayBackOf } from '../../runbook/rehearsal.ts';
import { describeStanding, standingPhases, type StandingPhase } from '../../runbook/same-work.ts';
import type { TargetState } from '../../runbook/target-state.ts';
import type { OpenTarget, SealedRun } from '../perform/target-access.ts';
import { sealedRuns } from './sealed-plans.ts';

/** What stands of a run's phases. @param begins a plan is about to run: what is in its way is refused */
export async function standing(
  sealed: SealedRun,
  state: TargetState,
  target: OpenTarget,
  begins = false,
): Promise<StandingPhase[]> {
  const sealedOf = await sealedRuns(target, state);
  try {
    return standingPhases(sealed, state, sealedOf);
  } catch (error) {
    // One that has begun was let in before, and one that only goes back carries nothing out.
    if (begins || !(error instanceof SwitchbackError)) throw error;
    return [];
  }
}

/** @param runId whose own phases are left out: it has just begun, or begins again */
export function knownBefore(
  state: TargetState,
  stands: readonly StandingPhase[],
  runId?: string,
): Pick<OpenedRun, 'completed' | 'waysBack' | 'notes'> {
  const notes = stands.filter(({ verdict, run }) => verdict === 'another' && run !== runId).map(describeStanding);
  return {
    completed: stands
      .filter(({ verdict, run }) => verdict === 'complete' && run !== runId)
      .map(({ phase, run }) => ({ phase, run })),
    ...(notes.length > 0 ? { notes } : {}),
    ...(state.rehearsals.size > 0 ? { waysBack: [...state.rehearsals.values()].map(wayBackOf) } : {}),
  };
}
