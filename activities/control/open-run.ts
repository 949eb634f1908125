import type { OpenedRun, OpenRunRequest } from '../../runbook/activities.ts';
import type { CompiledPlan } from '../../runbook/compiled-plan.ts';
import { SwitchbackError } from '../../runbook/errors.ts';
import { isRehearsalTarget } from '../../runbook/names.ts';
import type { JournalEntry } from '../../runbook/journal.ts';
import type { GoingBack } from '../../runbook/going-back.ts';
import { conflictWith, leftOut, sameHolder } from '../../runbook/lease-conflict.ts';
import { planRollback } from '../../runbook/rollback.ts';
import type { TargetState } from '../../runbook/target-state.ts';
import { wayOn, type WayOn } from '../../runbook/way-on.ts';
import type { SecretSource } from '../perform/secrets.ts';
import { requireOwnPlan } from './own-plan.ts';
import { readStackFile, type OpenTarget, type SealedRun, type TargetAccess } from '../perform/target-access.ts';
import { goOn } from './go-on.ts';
import { sealedPlans } from './sealed-plans.ts';
import { knownBefore, standing } from './standing.ts';
import { take } from './take-lease.ts';

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
    const run = state.runs.findLast(({ id }) => id === request.runId);
    const way = run ? { wayOn: wayOn(state, run) } : {};
    return {
      epoch: state.epoch,
      plan: sealed.plan,
      ...knownBefore(state, stands, request.runId),
      ...way,
      resumed: true,
    };
  }
  const conflict = conflictWith(state, request);
  if (conflict) throw conflict;
  // A workflow that was reset to its start asks as it did the first time, and its run is known.
  if (request.goOn || (again && request.task === undefined)) return goOn(state, request, target);

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
  const without = leftOut(request, sealed.plan);
  const goingBack = askedFor(request);
  const entries: JournalEntry[] = [
    { type: 'lease-taken', holder: request.holder },
    {
      type: 'run-sealed',
      plan: sealed.plan.name,
      planDigest: sealed.plan.digest,
      manifest,
      phases: sealed.plan.phases.map((phase) => phase.id),
      operator: request.operator,
      ...(without.length > 0 && { without }),
    },
    { type: 'run-state', state: request.plan ? 'running' : 'rolling-back', ...(goingBack && { goingBack }) },
  ];
  await take(target, request, epoch, entries);
  const way: WayOn = goingBack ? { way: 'back', goingBack } : { way: 'forward', without };
  const before = knownBefore(target.journal.state, stands, request.runId);
  return { epoch, plan: sealed.plan, ...before, wayOn: way, resumed: false };
}

function askedFor({ rollback, reason = '', operator }: OpenRunRequest): GoingBack | undefined {
  const now = new Date().toISOString();
  return rollback && { request: rollback, reason, by: operator, detectedAt: now, decidedAt: now };
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
