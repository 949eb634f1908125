import type {
  BuildCloneRequest,
  CloneAnswer,
  CompareRequest,
  RehearsalActivities,
  RunRef,
} from '../../runbook/activities.ts';
import type { CompiledPlan } from '../../runbook/compiled-plan.ts';
import { errorTable, SwitchbackError } from '../../runbook/errors.ts';
import type { JournalEntry } from '../../runbook/journal.ts';
import type { Operation } from '../../runbook/operations.ts';
import { planNameOf } from '../../runbook/rollback-scope.ts';
import { completedPhases, type TargetState } from '../../runbook/target-state.ts';
import {
  buildClone,
  captureAtRest,
  captureState,
  clearAway,
  compareNamed,
  isLeftOut,
  IsolatedCompose,
  removeClones,
  type Additions,
  type CapturingDependencies,
  type Difference,
  type Original,
} from '../clone/index.ts';
import type { ComposeCli } from '../compose/index.ts';
import type { DockerEngine } from '../docker/index.ts';
import { effectContext, type Surroundings } from '../perform/effect-context.ts';
import { failureDetail } from '../perform/record-failure.ts';
import { usePoints } from '../points/index.ts';
import { resolveSecrets, type SecretSource } from '../perform/secrets.ts';
import { requireOwnPlan } from './own-plan.ts';
import type { TargetAccess } from '../perform/target-access.ts';
import type { StoreDrivers } from '../stores/registry.ts';

export interface RehearsalDependencies {
  access: TargetAccess;
  /** Directories whose stacks this worker serves: real paths. */
  stacks: readonly string[];
  secrets: SecretSource;
  /** Without Compose, a worker performs no operations either, and builds no clones. */
  world: { engine: DockerEngine; compose?: ComposeCli; stores: StoreDrivers };
  inActivity<T>(work: (surroundings: Surroundings) => Promise<T>): Promise<T>;
}

/** How long one step of a rehearsal may take, in seconds: it is a helper's limit, the workflow has its own. */
const stepSeconds = 3600;

/** Activities of a rehearsal. All of them begin again from nothing when they are repeated. */
export function rehearsalActivities(dependencies: RehearsalDependencies): RehearsalActivities {
  const { access, secrets } = dependencies;
  const world = () => {
    const { engine, compose, stores } = dependencies.world;
    if (compose) return { engine, compose, stores };
    throw new SwitchbackError('Unsupported', 'this worker has no Compose to build a clone with');
  };

  /** A clone as its operations see it, and what they work with. */
  async function cloneAt(run: RunRef, surroundings: Surroundings) {
    const target = await access.open(run.target);
    const sealed = await target.sealedRun(run.runId);
    const { engine, stores } = world();
    const deps: CapturingDependencies = { engine, stores, compose: isolatedFor(engine, sealed.plan) };
    const operation = rehearsalOperation('look');
    return {
      deps,
      context: effectContext(target, sealed, run, operation, 1, secrets, surroundings),
      target,
    };
  }

  return {
    buildClone: (request) =>
      dependencies.inActivity(async (surroundings) => {
        const original = await originalOf(request, dependencies, surroundings);
        const { context, state } = original;
        access.forget(request.clone);
        await clearAway({ world: world(), original: context });
        const phases = phasesOf(context.plan, state, request.phases);
        try {
          const ids = phases.map((phase) => phase.id);
          const target = await access.open(request.clone);
          const built = await usePoints(context.home, 'a rehearsal fills its clone', () =>
            buildClone({
              world: world(),
              original: context,
              ...(original.sealed ? { sealed: original.sealed } : {}),
              clone: request.clone,
              home: target.home,
              keep: (bytes) => target.content.keep(bytes),
              phases: context.plan.phases.filter((phase) => ids.includes(phase.id)),
            }),
          );
          return { outcome: 'built', ...built, phases, standing: standingEntries(state) };
        } catch (error) {
          return { ...refusal(error, surroundings.signal), phases };
        }
      }),
    captureClone: ({ run, name, like, settle }) =>
      dependencies.inActivity(async (surroundings) => {
        const { deps, context } = await cloneAt(run, surroundings);
        if (settle) return { restless: await captureAtRest(deps, context, name) };
        await captureState(deps, context, name, like);
        return { restless: [] };
      }),
    compareClone: (request) =>
      dependencies.inActivity(async (surroundings) => {
        const { run, before, after, ignore } = request;
        const { deps, context, target } = await cloneAt(run, surroundings);
        const state = await target.journal.refresh();
        const found = await compareNamed(deps, context, before, after, additionsOf(state, request));
        const counts = ({ resource }: Difference) => !isLeftOut(resource, ignore);
        const told = ({ resource, what }: Difference) =>
          // What is said of a definition names it already.
          `${/^store:[^/]+\/(.*)$/s.test(resource) && !/^\d+ rows/.test(what) ? resource.replace(/\/.*/s, '') : resource} ${what}`;
        return {
          compared: found.compared.slice(0, 40),
          differences: found.differences.filter(counts).map(told).slice(0, 40),
          notes: summed(found.more.filter(counts)).slice(0, 20),
        };
      }),
    removeClone: ({ target }) =>
      dependencies.inActivity(async ({ signal }) => {
        const { home } = await access.open(target);
        return { removed: await removeClones({ ...world(), target, home, signal }) };
      }),
    recordRehearsals: async ({ target, key, rehearsals }) => {
      const { journal } = await access.open(target);
      const { epoch, runs } = await journal.refresh();
      // What was found of a way back is true whoever holds the target by now.
      await journal.append({
        run: runs.at(-1)?.id ?? '',
        epoch,
        key,
        entries: rehearsals.map((rehearsal) => ({ type: 'rehearsed', rehearsal })),
      });
    },
  };
}

/** Compose for the clone that a derived plan works on. */
export function isolatedFor(engine: DockerEngine, plan: CompiledPlan): IsolatedCompose {
  const { cloneOf, directory } = plan.stack;
  if (!cloneOf) throw new SwitchbackError('PlanInvalid', `${plan.target} is no clone`);
  return new IsolatedCompose({ dockerHost: engine.host }, { ...cloneOf, copy: directory, target: plan.target });
}

const rehearsalOperation = (what: string) =>
  ({ id: `rehearsal/${what}`, summary: 'rehearsal', timeoutSeconds: stepSeconds }) as Operation;

async function originalOf(
  { target, run, plan }: BuildCloneRequest,
  { access, secrets, stacks }: RehearsalDependencies,
  surroundings: Surroundings,
) {
  const opened = await access.open(target);
  const { home, journal, content } = opened;
  const state = await journal.refresh();
  const sealed = run === undefined ? undefined : await opened.sealedRun(run.runId);
  const followed = sealed?.plan ?? plan;
  if (!followed) throw new SwitchbackError('PlanInvalid', 'there is no plan to rehearse');
  if (!sealed) await requireOwnPlan(followed, stacks, secrets);
  const context = {
    ...surroundings,
    target,
    runId: run?.runId ?? 'rehearsal',
    epoch: state.epoch,
    operation: rehearsalOperation('build'),
    attempt: 1,
    plan: followed,
    home,
    kept: (digest: string) => content.kept(digest),
    secret: (template: string) => resolveSecrets(template, followed.stack, secrets),
    identityOf: async (resource: string) => (await journal.refresh()).identities.get(resource),
  } as unknown as Original;
  const files = sealed?.files;
  return {
    context,
    state,
    ...(files ? { sealed: (path: string) => content.kept(files[path] ?? '') } : {}),
  };
}

/** The phases that are asked for, and those that would have run before them. */
function phasesOf(plan: CompiledPlan, state: TargetState, asked: string[] | undefined) {
  // Another plan's phase of the same id is another phase.
  const own = completedPhases(state).filter(({ run }) => planNameOf(state, run) === plan.name);
  const completed = new Set(own.map((phase) => phase.id));
  for (const id of asked ?? []) {
    if (!plan.phases.some((phase) => phase.id === id))
      throw new SwitchbackError('PreconditionFailed', `the plan has no phase ${id}`);
    if (completed.has(id)) {
      throw new SwitchbackError(
        'PreconditionFailed',
        `phase ${id} is complete: its way back begins where the stack is now`,
        {
          hint: 'Rehearse a phase before it runs; `switchback rollback --dry-run` shows what going back would do.',
        },
      );
    }
  }
  const pending = plan.phases.filter((phase) => !completed.has(phase.id));
  const last = pending.findLastIndex((phase) => asked?.includes(phase.id) ?? true);
  if (last < 0)
    throw new SwitchbackError('PreconditionFailed', 'every phase is complete: there is nothing to rehearse');
  return pending.slice(0, last + 1).map(({ id }) => ({ id, rehearsed: asked?.includes(id) ?? true }));
}

const standingEntries = (state: TargetState): JournalEntry[] =>
  completedPhases(state).map(({ id, ordinal, title, run }) => ({
    type: 'phase-state',
    phase: id,
    ordinal,
    title,
    state: 'completed',
    of: run,
  }));

/** Errors that say something about the stack are an answer; others are tried again. */
function refusal(
  error: unknown,
  signal: AbortSignal,
): Pick<Extract<CloneAnswer, { error: unknown }>, 'outcome' | 'error'> {
  if (signal.aborted || !(error instanceof SwitchbackError)) throw error;
  if (errorTable[error.name].retried && error.name !== 'NotReady') throw error;
  const outcome = error.name === 'ValidationMismatch' || error.name === 'IntegrityFailed' ? 'at-fault' : 'refused';
  return { outcome, error: failureDetail(error) };
}

/** What the phase's steps have added to a store, by whether they were taken back. */
function additionsOf(state: TargetState, { tookBack }: CompareRequest): (store: string) => Additions {
  return (store) => {
    const steps = [...state.operations.values()].filter(
      ({ operation, run }) =>
        operation.kind === 'applySql' &&
        operation.input.store === store &&
        operation.undoes === undefined &&
        operation.phase === tookBack?.phase &&
        run === tookBack.run,
    );
    const added = (undone: boolean) =>
      steps
        .filter(({ status }) => (status === 'undone') === undone)
        .flatMap(({ receipt }) => (receipt?.facts['added'] as string[] | undefined) ?? []);
    return { kept: added(false), undone: added(true), anyKept: steps.some(({ status }) => status !== 'undone') };
  };
}

/** Lines of one resource in one line: a clone's services write a good deal. */
function summed(more: readonly Difference[]): string[] {
  const byResource = new Map<string, string[]>();
  for (const { resource, what } of more) byResource.set(resource, [...(byResource.get(resource) ?? []), what]);
  return [...byResource].map(([resource, whats]) =>
    whats.length === 1 ? `${resource} ${whats[0]}` : `${resource}: ${whats.length} things came to be, e.g. ${whats[0]}`,
  );
}
