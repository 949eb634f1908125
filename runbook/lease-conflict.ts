import type { OpenRunRequest } from './activities.ts';
import { breakGlassHolder } from './break-glass/index.ts';
import type { CompiledPlan } from './compiled-plan.ts';
import { describeInconsistency, inconsistencies } from './consistency.ts';
import { SwitchbackError } from './errors.ts';
import { backupWorkflowId } from './names.ts';
import { openRun as unfinishedRun, openTask, type TargetState } from './target-state.ts';

export const sameHolder = (state: TargetState, { holder }: OpenRunRequest) =>
  state.holder?.workflowId === holder.workflowId && state.holder.workflowRunId === holder.workflowRunId;

/** @param epoch of the lease when it was looked at */
export const overtaken = (epoch: number, now: TargetState, request: OpenRunRequest) =>
  now.epoch === epoch
    ? conflictWith(now, request)
    : new SwitchbackError('Conflict', `the lease of ${request.target} was taken by somebody else just now`);

/** Why a run or task cannot have the lease of a target now; undefined where it can. */
export function conflictWith(state: TargetState, request: OpenRunRequest): SwitchbackError | undefined {
  if (state.holder?.workflowId === breakGlassHolder) {
    return new SwitchbackError('Conflict', `a break-glass script has worked on ${request.target}`, {
      hint: `Take what it did into the journal first: \`switchback break-glass --accept --target ${request.target}\`.`,
    });
  }
  if (request.task !== undefined) return runInTheWay(state, request);
  if (request.goOn || state.runs.some(({ id }) => id === request.runId)) return noneToGoOn(state, request);
  // Going back waits for nobody: a task that is under way loses the lease, and is fenced off.
  if (!request.plan) return undefined;
  const open = runInTheWay(state, request);
  if (open || state.consistent) return open ?? taskInTheWay(state, request);
  const { why, hint } = describeInconsistency(inconsistencies(state));
  return new SwitchbackError('Conflict', `${request.target} is inconsistent: ${why}`, { hint });
}

function runInTheWay(state: TargetState, { target, runId, task }: OpenRunRequest): SwitchbackError | undefined {
  const open = unfinishedRun(state);
  if (!open || open.id === runId) return undefined;
  return new SwitchbackError('Conflict', `run ${open.id} of ${target} has not ended (it is ${open.state})`, {
    hint:
      task === undefined
        ? '`switchback reconcile` shows the ways on: go on with it, take it back, or close it.'
        : 'Nothing is backed up, tested, restored or pruned beside a run; `switchback status` shows where it stands. A run takes its own backups.',
    facts: { run: open.id, state: open.state },
  });
}

function taskInTheWay(state: TargetState, { target, runId }: OpenRunRequest): SwitchbackError | undefined {
  const open = openTask(state);
  if (!open || open.id === runId) return undefined;
  return new SwitchbackError('Conflict', `${open.id} is at work on the recovery points of ${target}`, {
    hint: `Wait for its end, or cancel the workflow ${backupWorkflowId(target)}. If that is gone already, \`switchback reconcile\` ends it.`,
    facts: { task: open.id, since: open.startedAt },
  });
}

function noneToGoOn(state: TargetState, { target, runId }: OpenRunRequest): SwitchbackError | undefined {
  const open = unfinishedRun(state);
  if (open?.id === runId) return undefined;
  return new SwitchbackError('Conflict', `run ${runId} of ${target} is not open any more`, {
    hint: 'Type `switchback status`.',
    facts: { run: runId, open: open?.id ?? null },
  });
}

/** @throws SwitchbackError `PlanInvalid` for a phase that is unknown or not optional */
export function leftOut({ without = [] }: OpenRunRequest, { phases }: CompiledPlan): string[] {
  for (const id of without) {
    if (phases.some((phase) => phase.id === id && phase.optional)) continue;
    const optional = phases.filter((phase) => phase.optional).map((phase) => phase.id);
    throw new SwitchbackError('PlanInvalid', `phase ${id} is not an optional phase of the plan`, {
      hint: `Phases that may be left out: ${optional.join(', ') || 'none'}.`,
    });
  }
  return [...without];
}
