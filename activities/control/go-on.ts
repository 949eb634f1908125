import type { AskWayOnRequest, OpenedRun, OpenRunRequest } from '../../runbook/activities.ts';
import { SwitchbackError } from '../../runbook/errors.ts';
import type { JournalEntry } from '../../runbook/journal.ts';
import { leftOut } from '../../runbook/lease-conflict.ts';
import { openRun as unfinishedRun, type TargetState } from '../../runbook/target-state.ts';
import { wayOn, type WayOn } from '../../runbook/way-on.ts';
import type { OpenTarget, TargetAccess } from '../perform/target-access.ts';
import { knownBefore, standing } from './standing.ts';
import { take } from './take-lease.ts';

/** Takes over a run whose workflow is gone: its plan stays sealed, its receipts stand, and what still works for it is fenced off. */
export async function goOn(state: TargetState, request: OpenRunRequest, target: OpenTarget): Promise<OpenedRun> {
  const run = state.runs.findLast(({ id }) => id === request.runId);
  if (!run) throw new SwitchbackError('IntegrityFailed', `the journal knows no run ${request.runId}`);
  const sealed = await target.sealedRun(request.runId);
  const { plan } = sealed;
  const way = wayOn(state, run);
  const stands = await standing(sealed, state, target, way.way === 'forward');
  const without = leftOut(request, plan);
  const epoch = state.epoch + 1;
  const entries: JournalEntry[] = [
    { type: 'lease-taken', holder: request.holder },
    {
      ...{ type: 'run-state', state: way.way === 'forward' ? 'running' : 'rolling-back' },
      ...(without.length > 0 && { without }),
    },
  ];
  await take(target, request, epoch, entries);
  const onwards: WayOn = way.way === 'forward' ? { way: 'forward', without: run.without ?? [] } : way;
  return { epoch, plan, ...knownBefore(target.journal.state, stands), wayOn: onwards, resumed: true };
}

/**
 * Which way a run goes from here. An execution that does not hold the lease, since it was reset, takes it: it acts from now on.
 * @throws SwitchbackError `Conflict` when the run has ended, `LeaseLost` when another holder has taken it over
 */
export async function askWayOn({ run, holder }: AskWayOnRequest, access: TargetAccess) {
  const target = await access.open(run.target);
  const state = await target.journal.refresh();
  const open = unfinishedRun(state);
  if (open?.id !== run.runId) {
    throw new SwitchbackError('Conflict', `run ${run.runId} of ${run.target} has ended: nothing of it is done again`, {
      hint: 'Type `switchback history`.',
    });
  }
  const theirs = state.holder;
  if (theirs?.workflowId !== holder.workflowId) {
    throw new SwitchbackError('LeaseLost', `${theirs?.workflowId ?? 'nobody'} holds ${run.target} now`);
  }
  if (theirs.workflowRunId === holder.workflowRunId) return { epoch: state.epoch, wayOn: wayOn(state, open) };
  const epoch = state.epoch + 1;
  await target.journal.appendIf({ run: run.runId, epoch, entries: [{ type: 'lease-taken', holder }] }, (now) =>
    now.epoch === epoch - 1
      ? undefined
      : new SwitchbackError('LeaseLost', `the lease of ${run.target} was taken by somebody else just now`),
  );
  return { epoch, wayOn: wayOn(state, open) };
}
