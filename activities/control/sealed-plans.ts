import { runsInPlay, type PlanOf } from '../../runbook/rollback-scope.ts';
import type { Sealed } from '../../runbook/same-work.ts';
import type { TargetState } from '../../runbook/target-state.ts';
import type { OpenTarget } from '../perform/target-access.ts';

/** The sealed plans, with their files, of all runs that a decision about a target may need. @throws SwitchbackError `IntegrityFailed` */
export async function sealedRuns(
  target: Pick<OpenTarget, 'sealedRun'>,
  state: TargetState,
): Promise<(run: string) => Sealed | undefined> {
  const sealed = new Map<string, Sealed>();
  for (const run of runsInPlay(state)) sealed.set(run, await target.sealedRun(run));
  return (run) => sealed.get(run);
}

export async function sealedPlans(target: Pick<OpenTarget, 'sealedRun'>, state: TargetState): Promise<PlanOf> {
  const sealed = await sealedRuns(target, state);
  return (run) => sealed(run)?.plan;
}
