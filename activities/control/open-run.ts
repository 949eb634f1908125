import { realpath } from 'node:fs/promises';
import { relative, isAbsolute } from 'node:path';
import type { OpenedRun, OpenRunRequest } from '../../runbook/activities.ts';
import type { CompiledPlan } from '../../runbook/compiled-plan.ts';
import { SwitchbackError } from '../../runbook/errors.ts';
import type { JournalEntry } from '../../runbook/journal.ts';
import { completedPhases, openRun as unfinishedRun, type TargetState } from '../../runbook/target-state.ts';
import { readStackFile, type OpenTarget, type SealedRun, type TargetAccess } from '../perform/target-access.ts';

export interface OpenRunDependencies {
  access: TargetAccess;
  /** Directories whose stacks this worker serves: real paths. */
  stacks: readonly string[];
  /** Looks at the sealed contents once more with the worker's own eyes: the guard sits in the worker. */
  guard: (plan: CompiledPlan, sealed: (path: string) => Promise<Buffer>) => Promise<void>;
}

/**
 * Takes the lease of a target, and seals the plan with every file that it names, so that edits in flight change nothing.
 * Opening the same run again (a retried activity, a reset workflow) continues it under the lease it had.
 * @throws SwitchbackError `Conflict` when another run is open or the target is inconsistent; `AccessDenied` when the stack is not
 * one that this worker serves; `PlanInvalid` when a named file is missing or outside; `Protected` by the guard.
 */
export async function openRun(request: OpenRunRequest, dependencies: OpenRunDependencies): Promise<OpenedRun> {
  const { access } = dependencies;
  const target = await access.open(request.target);
  const state = await target.journal.refresh();
  const again = state.runs.some((run) => run.id === request.runId);
  if (again && sameHolder(state, request)) {
    const { plan } = await target.sealedRun(request.runId);
    return { epoch: state.epoch, plan, completed: completedBefore(state, request.runId), resumed: true };
  }
  const conflict = conflictWith(state, request);
  if (conflict) throw conflict;

  const sealed = request.plan
    ? await seal(request.plan, request.runId, target, dependencies)
    : await resealNewest(state, request.runId, target);
  const manifest = await target.content.keep(Buffer.from(JSON.stringify(sealed)));
  const entries: JournalEntry[] = [
    { type: 'lease-taken', holder: request.holder },
    {
      type: 'run-sealed',
      plan: sealed.plan.name,
      planDigest: sealed.plan.digest,
      manifest,
      phases: sealed.plan.phases.map((phase) => phase.id),
      operator: request.operator,
    },
    { type: 'run-state', state: request.plan ? 'running' : 'rolling-back' },
  ];
  const epoch = state.epoch + 1;
  await target.journal.appendIf({ run: request.runId, epoch, entries }, (now) =>
    now.epoch === state.epoch
      ? conflictWith(now, request)
      : new SwitchbackError('Conflict', `the lease of ${request.target} was taken by somebody else just now`),
  );
  return { epoch, plan: sealed.plan, completed: completedBefore(target.journal.state, request.runId), resumed: false };
}

const sameHolder = (state: TargetState, { holder }: OpenRunRequest) =>
  state.holder?.workflowId === holder.workflowId && state.holder.workflowRunId === holder.workflowRunId;

function conflictWith(state: TargetState, request: OpenRunRequest): SwitchbackError | undefined {
  if (!request.plan) return undefined;
  if (!state.consistent) {
    return new SwitchbackError('Conflict', `${request.target} is inconsistent: an undo was skipped`, {
      hint: 'Bring it to a known state and roll back what still stands before a new run.',
    });
  }
  const open = unfinishedRun(state);
  if (open && open.id !== request.runId) {
    return new SwitchbackError('Conflict', `run ${open.id} of ${request.target} has not ended (it is ${open.state})`, {
      hint: `Take it back with \`switchback rollback\`; \`switchback history\` tells what it did.`,
      facts: { run: open.id, state: open.state },
    });
  }
  return undefined;
}

const completedBefore = (state: TargetState, runId: string) =>
  completedPhases(state)
    .filter((phase) => phase.run !== runId)
    .map((phase) => ({ phase: phase.id, run: phase.run }));

async function seal(
  plan: CompiledPlan,
  runId: string,
  target: OpenTarget,
  { stacks, guard }: OpenRunDependencies,
): Promise<SealedRun> {
  await refuseForeignStack(plan.stack.directory, stacks);
  const contents = new Map<string, Buffer>();
  for (const path of plan.files) contents.set(path, await readStackFile(plan.stack.directory, path));
  await guard(plan, (path) => {
    const bytes = contents.get(path);
    return bytes
      ? Promise.resolve(bytes)
      : Promise.reject(new SwitchbackError('PlanInvalid', `${path} is used but not named among the plan's files`));
  });
  const files: Record<string, string> = {};
  for (const [path, bytes] of contents) files[path] = await target.content.keep(bytes);
  return { format: 1, runId, plan, files };
}

/** A rollback alone follows the plan of the newest run: its stack, stores and protected resources. */
async function resealNewest(state: TargetState, runId: string, target: OpenTarget): Promise<SealedRun> {
  const newest = state.runs.at(-1);
  if (!newest)
    throw new SwitchbackError('PreconditionFailed', 'the journal knows no run: there is nothing to roll back');
  return { ...(await target.sealedRun(newest.id)), runId };
}

async function refuseForeignStack(directory: string, stacks: readonly string[]): Promise<void> {
  let real: string;
  try {
    real = await realpath(directory);
  } catch (error) {
    throw new SwitchbackError(
      'PlanInvalid',
      `the stack's directory ${directory} does not exist on the home host`,
      {},
      { cause: error },
    );
  }
  const served = stacks.some((stack) => {
    const inside = relative(stack, real);
    return !inside.startsWith('..') && !isAbsolute(inside);
  });
  if (!served) {
    throw new SwitchbackError('AccessDenied', `this worker does not serve stacks in ${real}`, {
      hint: 'Start it with SWITCHBACK_STACKS naming that directory, or one above it.',
    });
  }
}
