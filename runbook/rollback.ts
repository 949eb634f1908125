import { collapseCheckpoints, type CollapsedStep, type SameStack } from './collapse-checkpoints.ts';
import type { CompiledPlan } from './compiled-plan.ts';
import { SwitchbackError } from './errors.ts';
import { canonicalJson } from './json.ts';
import type { Operation, OperationKind } from './operations.ts';
import { changedBelow } from './rollback-below.ts';
import { choose, operationsAbove, stopsInForce } from './rollback-choices.ts';
import {
  applyAgain,
  askEffect,
  restore,
  startUsers,
  stopUsers,
  undo as undoOperation,
  verifyDestination,
  type StoppedBy,
} from './rollback-operations.ts';
import { noRestores, planRestores, type Kept, type RestoreStep } from './rollback-restores.ts';
import { checkpointBelow, phasesToTakeBack, planNameOf, type PlanOf } from './rollback-scope.ts';
import type { RollbackRequest } from './run-state.ts';
import { isOfServer, unseenStores } from './same-server.ts';
import { operationKey, type TargetState } from './target-state.ts';

export { checkpointBelow } from './rollback-scope.ts';

/** What a rollback would do, exactly: derived from receipts, never from the plan. */
export interface RollbackPlan {
  ordinal: number;
  /** `baseline`, or the phase whose checkpoint is gone back to. */
  to: string;
  /** Whose baseline or phase that is: the plan, and the run that followed it. Absent in answers of older workers. */
  of?: { plan: string; run?: string };
  scope: 'quick' | 'full' | 'partial';
  /** Phases that go back, newest first; `run` carried them out. */
  phases: { id: string; ordinal: number; title: string; run?: string; plan?: string }[];
  operations: Operation[];
  kept: Kept[];
  /** Resources whose data is replaced by a recovery point. */
  restored: string[];
  /** Stores that go back with the whole server of another one, and those of which nobody knows yet whether they do. */
  together?: { resource: string; stores: string[]; unseen: string[] }[];
  /** Undos among the operations that discard data, which they archive first. Absent where none does. */
  discards?: string[];
}

export interface RollbackOptions {
  request: RollbackRequest;
  /** The plan that is followed now: where the sealed plan of a run is not known, it stands for that. */
  plan: CompiledPlan;
  /** Ordinal of this rollback in the target's life. */
  ordinal: number;
  planOf?: PlanOf;
}

/**
 * Plans a rollback from what the journal says was done. Undo order is the reverse of the order in which effects began, whichever plans they
 * were of; with `restoreData`, recovery points are restored first, each resource from the oldest point among the phases that go back, while
 * what uses it stands still until an older checkpoint is back; what was done in a restored store after its point was taken needs no undo.
 * @throws SwitchbackError `PreconditionFailed` when there is nothing to take back, `PointOfNoReturn` when an effect has no undo.
 */
export function planRollback(state: TargetState, options: RollbackOptions): RollbackPlan {
  const { request, plan, ordinal, planOf = () => undefined } = options;
  const phases = phasesToTakeBack(state, request.to);
  const oldest = phases.at(-1);
  if (oldest === undefined) {
    throw new SwitchbackError('PreconditionFailed', 'there is nothing to roll back', {
      hint: 'No phase has effects that still stand.',
    });
  }
  const standing = operationsAbove(state, phases);
  const sealed = (run: string) => planOf(run) ?? plan;
  const protect = [plan, ...phases.map(({ run }) => sealed(run))].flatMap((each) => each.protect);
  const restores = request.restoreData ? planRestores(state, { protect }, standing) : noRestores();
  const { undos, unsure, kept, covered } = choose(state, standing, restores, request);
  const sameStack: SameStack = (one, other) =>
    canonicalJson(sealed(one.run).stack) === canonicalJson(sealed(other.run).stack);
  const steps = collapseCheckpoints(undos, sameStack);

  const operations: Operation[] = [];
  const add = (kind: OperationKind, make: (id: string) => Operation) => {
    const made = make(`rollback-${ordinal}/${String(operations.length + 1).padStart(2, '0')}-${kind}`);
    operations.push(made);
    return made;
  };
  for (const record of unsure) add('runChecks', (id) => askEffect(id, record));
  const stopped: StoppedBy[] = stopsInForce(state).map(({ run, operation: { id, phase, host } }) => ({
    ...{ id, run, phase, host },
  }));
  for (const group of byPlan([...restores.restores.values()], sealed))
    stopped.push(add('stopUsers', (id) => stopUsers(id, group)));
  for (const step of restores.restores.values()) add(step.kind, (id) => restore(id, step, coveredBy(step, covered)));
  const starts = (step: CollapsedStep) => step.undo.kind === 'applyCheckpoint' || step.undo.kind === 'switchImage';
  if (!steps.some(({ undo }) => undo.kind === 'applyCheckpoint')) {
    const switched = steps.flatMap(({ undo }) => (undo.kind === 'switchImage' ? [serviceOf(undo.input)] : []));
    for (const stop of stopped) add('startUsers', (id) => startUsers(id, stop, [...new Set(switched)]));
  }
  for (const step of steps) {
    add(step.undo.kind, (id) =>
      undoOperation(id, step, { always: stopped.length > 0 && starts(step), discardData: request.discardData }),
    );
    const { again } = step;
    if (again) add('applyCheckpoint', (id) => applyAgain(id, again));
  }

  const discards = steps.flatMap(({ undo }) => (undo.lossy ? [undo.summary] : []));
  const destination = checkpointBelow(oldest.since, state, plan, planOf);
  if (destination.checks.length > 0) add('runChecks', (id) => verifyDestination(id, destination, oldest.id));
  return {
    ordinal,
    to: destination.name,
    of: { plan: destination.plan, ...(destination.run === undefined ? {} : { run: destination.run }) },
    scope: destination.name === 'baseline' && phases.length > 1 ? 'full' : 'quick',
    phases: phases.map(({ id, ordinal: place, title, run }) => ({
      ...{ id, ordinal: place, title, run, plan: planNameOf(state, run) },
    })),
    operations,
    kept: [...kept, ...changedBelow(state, phases, restores)],
    restored: [...restores.restored.keys()],
    ...wholeServers(state, [...restores.restores.values()], plan),
    ...(discards.length > 0 && { discards }),
  };
}

function coveredBy({ resource, together = [] }: RestoreStep, covered: ReadonlyMap<string, readonly string[]>) {
  const keys = [resource, ...together].flatMap((each) => covered.get(each) ?? []);
  return keys.length === 0 ? undefined : [...new Set(keys)];
}

/** What goes back with a server, as far as anybody knows. */
function wholeServers(
  state: TargetState,
  steps: readonly RestoreStep[],
  { stores }: CompiledPlan,
): Pick<RollbackPlan, 'together'> {
  const unseen = unseenStores(state, Object.keys(stores));
  const together = steps
    .filter(({ run, operation }) => isOfServer(state.operations.get(operationKey(run, operation))!.operation))
    .map(({ resource, together: beside = [] }) => ({
      resource,
      stores: beside,
      unseen: unseen.filter((name) => name !== resource),
    }));
  return together.length === 0 ? {} : { together };
}

const serviceOf = (input: unknown) => (input as { service: string }).service;

/** Restores whose runs know the same stores: one stop for each such group. */
function byPlan(restores: readonly RestoreStep[], sealed: (run: string) => CompiledPlan): RestoreStep[][] {
  const groups = new Map<string, RestoreStep[]>();
  for (const step of restores) {
    const { stack, stores } = sealed(step.run);
    const key = canonicalJson({ stack, stores });
    groups.set(key, [...(groups.get(key) ?? []), step]);
  }
  return [...groups.values()];
}
