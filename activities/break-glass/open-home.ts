import { SwitchbackError } from '../../runbook/errors.ts';
import type { TargetState } from '../../runbook/target-state.ts';
import { sealedRuns } from '../control/sealed-plans.ts';
import type { OpenTarget } from '../perform/target-access.ts';
import type { HomeOfTarget } from './gather.ts';

/** A target with the plan of its newest run. @throws SwitchbackError `PreconditionFailed` when it has had no run */
export async function openHome(target: string, opened: OpenTarget, state?: TargetState): Promise<HomeOfTarget> {
  const now = state ?? (await opened.journal.refresh());
  const newest = now.runs.at(-1);
  if (!newest)
    throw new SwitchbackError('PreconditionFailed', `the journal of ${target} knows no run: nothing can be taken back`);
  const { home, content } = opened;
  const sealedOf = await sealedRuns(opened, now);
  return { target, home, content, state: now, sealed: await opened.sealedRun(newest.id), sealedOf };
}
