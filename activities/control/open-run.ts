import type { OpenedRun, OpenRunRequest } from '../../runbook/activities.ts';
import { breakGlassHolder } from '../../runbook/break-glass/index.ts';
import type { CompiledPlan } from '../../runbook/compiled-plan.ts';
import { SwitchbackError } from '../../runbook/errors.ts';
import { backupWorkflowId, isRehearsalTarget } from '../../runbook/names.ts';
import type { JournalEntry } from '../../runbook/journal.ts';
import { describeInconsistency, inconsistencies } from '../../runbook/consistency.ts';
import { wayBackOf } from '../../runbook/rehearsal.ts';
import { planRollback } from '../../runbook/rollback.ts';
import { describeStanding, standingPhases, type StandingPhase } from '../../runbook/same-work.ts';
import { openRun as unfinishedRun, openTask, type TargetState } from '../../runbook/target-state.ts';
import type { SecretSource } from '../perform/secrets.ts';
import { requireOwnPlan } from './own-plan.ts';
import { readStackFile, type OpenTarget, type SealedRun, type TargetAccess } from '../perform/target-access.ts';
import { sealedPlans, sealedRuns } from './sealed-plans.ts';

export interface OpenRunDependencies {
  access: TargetAccess;
  /** Directories whose stacks this worker serves: real paths. */
  stacks: readonly string[];
  /** What plans may refer to. */
  secrets: SecretSource;
  /** Looks at the sealed contents once more with the worker's own eyes: the guard sits in the worker. */
  guard: (plan: CompiledPlan, sealed: (path: string) => Promise<Buffer>) => Promise<void>;
}

/**
 * Takes the lease of a target, and seals the plan with every file that it names, so that edits in flight change nothing.
 * Opening the same run again (a retried activity, a reset workflow) continues it under the lease it had.
 * @throws SwitchbackError `Conflict` when another run is open or the target is inconsistent; `AccessDenied` when the stack, or a
 * secret of the plan, is not one that this worker serves; `PlanInvalid` when a named file is missing or outside; `Protected` by the guard; as `planRollback`
 * when a rollback alone is asked for that has nothing to do or cannot be.
 */
export async function openRun(request: OpenRunRequest, dependencies: OpenRunDependencies): Promise<OpenedRun> {
  const { access } = dependencies;
  const target = await access.open(request.target);
  const state = await target.journal.refresh();
  const again = [...state.runs, ...state.tasks].some((known) => known.id === request.runId);
  if (again && sameHolder(state, request)) {
    const sealed = await target.sealedRun(request.runId);
    const stands = request.task === undefined ? await standing(sealed, state, target) : [];
    return { epoch: state.epoch, plan: sealed.plan, ...knownBefore(state, stands, request.runId), resumed: true };
  }
  const conflict = conflictWith(state, request);
  if (conflict) throw conflict;
  if (request.goOn) return goOn(state, request, target);

  const sealed = request.plan
    ? await seal(request.plan, request.runId, target, dependencies)
    : await resealNewest(state, request, target);
  const stands = request.task === undefined ? await standing(sealed, state, target, request.plan !== undefined) : [];
  const manifest = await target.content.keep(Buffer.from(JSON.stringify(sealed)));
  const epoch = state.epoch + 1;
  if (request.task !== undefined) {
    const { task, operator } = request;
    const opening: JournalEntry[] = [
      { type: 'lease-taken', holder: request.holder },
      { type: 'task-sealed', task, plan: sealed.plan.name, manifest, operator },
    ];
    await take(target, request, epoch, opening);
    return { epoch, plan: sealed.plan, completed: [], resumed: false };
  }
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
  await take(target, request, epoch, entries);
  return { epoch, plan: sealed.plan, ...knownBefore(target.journal.state, stands, request.runId), resumed: false };
}

/** Takes over a run whose workflow is gone: its plan stays sealed, its receipts stand, and whoever still works for it is fenced off. */
async function goOn(state: TargetState, request: OpenRunRequest, target: OpenTarget): Promise<OpenedRun> {
  const sealed = await target.sealedRun(request.runId);
  const stands = await standing(sealed, state, target);
  const epoch = state.epoch + 1;
  const entries: JournalEntry[] = [
    { type: 'lease-taken', holder: request.holder },
    { type: 'run-state', state: 'running' },
  ];
  await take(target, request, epoch, entries);
  return { epoch, plan: sealed.plan, ...knownBefore(target.journal.state, stands), resumed: true };
}

/** Takes the lease. A task that it is taken from has ended then: its attempts are fenced off. */
async function take(
  target: OpenTarget,
  request: OpenRunRequest,
  epoch: number,
  entries: JournalEntry[],
): Promise<void> {
  const open = openTask(target.journal.state);
  await target.journal.appendIf({ run: request.runId, epoch, entries }, (now) => overtaken(epoch - 1, now, request));
  if (!open || open.id === request.runId) return;
  const reason = `overtaken by ${request.runId}`;
  await target.journal.append({ run: open.id, epoch, entries: [{ type: 'run-state', state: 'aborted', reason }] });
}

const sameHolder = (state: TargetState, { holder }: OpenRunRequest) =>
  state.holder?.workflowId === holder.workflowId && state.holder.workflowRunId === holder.workflowRunId;

/** @param epoch of the lease when it was looked at */
const overtaken = (epoch: number, now: TargetState, request: OpenRunRequest) =>
  now.epoch === epoch
    ? conflictWith(now, request)
    : new SwitchbackError('Conflict', `the lease of ${request.target} was taken by somebody else just now`);

function conflictWith(state: TargetState, request: OpenRunRequest): SwitchbackError | undefined {
  if (state.holder?.workflowId === breakGlassHolder) {
    return new SwitchbackError('Conflict', `a break-glass script has worked on ${request.target}`, {
      hint: `Take what it did into the journal first: \`switchback break-glass --accept --target ${request.target}\`.`,
    });
  }
  if (request.task !== undefined) return runInTheWay(state, request);
  if (request.goOn) return noneToGoOn(state, request);
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
  return new SwitchbackError(
    'Conflict',
    `run ${runId} of ${target} is not open any more: there is nothing to go on with`,
    {
      hint: 'Type `switchback status`.',
      facts: { run: runId, open: open?.id ?? null },
    },
  );
}

/** What stands of a run's phases. @param begins a plan is about to run: what is in its way is refused */
async function standing(
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
function knownBefore(
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

async function seal(
  plan: CompiledPlan,
  runId: string,
  target: OpenTarget,
  { stacks, secrets, guard }: OpenRunDependencies,
): Promise<SealedRun> {
  // A clone lies in its own home, which no plan can name.
  await requireOwnPlan(plan, isRehearsalTarget(plan.target) ? [target.home.root] : stacks, secrets);
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

/** A rollback alone follows the plan of the newest run: its stack, stores and protected resources. A task follows that of a task, too. */
async function resealNewest(
  state: TargetState,
  { runId, task, rollback }: OpenRunRequest,
  target: OpenTarget,
): Promise<SealedRun> {
  const known = task === undefined ? state.runs : [...state.runs, ...state.tasks];
  const newest = [...known].sort((a, b) => (a.startedAt < b.startedAt ? -1 : 1)).at(-1);
  if (!newest) {
    throw new SwitchbackError(
      'PreconditionFailed',
      task === undefined
        ? 'the journal knows no run: there is nothing to roll back'
        : 'the journal knows no run and no backup: there are no recovery points',
    );
  }
  const sealed = await target.sealedRun(newest.id);
  // Refused while nothing is open yet: an open run would hold the target until a person has closed it.
  if (rollback) {
    const planOf = await sealedPlans(target, state);
    planRollback(state, { request: rollback, plan: sealed.plan, ordinal: state.rollbacks + 1, planOf });
  }
  return { ...sealed, runId };
}
