import { SwitchbackError } from '../../runbook/errors.ts';
import { sayKept } from '../../runbook/guard/data-account.ts';
import type { OperationInputs, Undo } from '../../runbook/operations.ts';
import {
  applied,
  areSame,
  bringUp,
  fileSwitch,
  keepImages,
  keepLayers,
  loadCheckpoint,
  noteApplied,
  noteOwnContainers,
  noteSwitched,
  otherContents,
  ownContainers,
  previewLoaded,
  readActiveStack,
  readContents,
  requireNoDrift,
  reviveKept,
  settleOrphans,
  standingOf,
  standsAt,
  startAgain,
  switchFiles,
  unseenByCompose,
  untilIdle,
  wayBack,
  withLayers,
  type ActiveStack,
  type CheckpointDependencies,
  type FileSwitch,
  type LoadedCheckpoint,
  type Preview,
} from '../checkpoint/index.ts';
import { containerNamesOf, describePrediction, enabledServices, readWorld, refuseObstacles } from '../compose/index.ts';
import type { EffectContext, EffectHandler, Performed, Prepared } from '../effect.ts';
import { accountForData, markBefore, type DataDependencies, type DataMark } from './watch-data.ts';

type Input = OperationInputs['applyCheckpoint'];
type Context = EffectContext<'applyCheckpoint'>;
export type ApplyDependencies = CheckpointDependencies & DataDependencies;

/** What was looked up before anything was done. */
type Facts = {
  files: FileSwitch[];
  /** Short ids of the containers that were there. */
  containers: string[];
  /** Services to recreate although Compose sees no change, with the short ids of their containers. */
  recreate: Record<string, string[]>;
  willHappen: string[];
  composeVersion: string;
  /** Services that begin with other files beside the Compose file than they ran with then, one line each. */
  otherContents?: string[];
  /** What is protected, as it was before. */
  data?: DataMark;
};

/**
 * Makes a checkpoint the active one and brings the stack to it: files switched atomically, what was there kept by digest, orphans
 * settled, `up`, and a wait until every service is ready. @throws SwitchbackError `ValidationMismatch` (somebody edited an active
 * file), `Conflict` (a name or port is taken), `Protected`, `PreconditionFailed`, `StepFailed` and `NotReady` (a service).
 */
export function applyCheckpointHandler(deps: ApplyDependencies): EffectHandler<'applyCheckpoint', Facts> {
  return {
    async prepare(input, context) {
      const active = await readActiveStack(context);
      await requireUntouched(context, active);
      const next = await load(deps, input, context, active);
      const recreate = input.recreate ?? [];
      const preview = await previewLoaded(deps, context, next, { active, recreate, containersBefore: undefined });
      requireBeginning(context, active, preview);
      refuseObstacles(preview.prediction);
      const data = await markBefore(deps, context);
      const other = await otherContents(input.contents ?? {}, preview.bound, context);
      const facts: Facts = {
        files: filesToSwitch(context, active, next),
        containers: preview.world.own.map(({ id }) => id.slice(0, 12)),
        recreate: toRecreate(preview),
        willHappen: describePrediction(preview.prediction).slice(0, 60),
        composeVersion: await deps.compose.version({ signal: context.signal }),
        ...(other.length === 0 ? {} : { otherContents: other.slice(0, 20) }),
        ...(data === undefined ? {} : { data }),
      };
      return { undo: wayBack(input, context, active, preview), facts };
    },

    async observe(input, context, prepared) {
      if (!prepared) return 'absent';
      const { files, recreate } = prepared.facts;
      const standing = await Promise.all(files.map((file) => standingOf(context, file)));
      if (!standing.every((where) => where === 'to' || where === 'both')) {
        return standing.every((where) => where === 'from' || where === 'both') ? 'absent' : 'partial';
      }
      // What was asked to be recreated shows by its container alone; `perform` looks.
      if (Object.keys(recreate).length > 0) return 'partial';
      const next = await load(deps, input, context, await readActiveStack(context));
      const { project } = context.plan.stack;
      const stands = await standsAt(deps, next, { project, signal: context.signal, beside: input.start ?? [] });
      return stands ? 'done' : 'partial';
    },

    // Files alone say nothing of the containers, which are the effect.
    async untouched(_input, context, prepared) {
      const { files, containers } = prepared.facts;
      const standing = await Promise.all(files.map((file) => standingOf(context, file)));
      if (!standing.includes('from') || standing.some((where) => where === 'to' || where === 'other')) return false;
      return areSame(deps, context, containers);
    },

    async perform(input, context, prepared) {
      const began = performance.now();
      const { files, containers, recreate, willHappen, composeVersion } = prepared.facts;
      await untilIdle(deps, context);
      const active = await readActiveStack(context);
      const next = await load(deps, input, context, active);
      const preview = await previewLoaded(deps, context, next, { active, recreate: [], containersBefore: containers });
      // Again: a name or port may have been taken since the preparation.
      refuseObstacles(preview.prediction);
      await keepForWayBack(deps, context, prepared);
      const written = await switchFiles(context, files, next.contents);
      const orphans = await settle(deps, input, context, preview, containers);
      const layers = await keepLeaving(deps, context, preview, containers);
      const up = await bringUp(deps, context, next, {
        recreate,
        onContainers: (own) => noteOwnContainers(context, own, containers),
        deadline: () => context.operation.timeoutSeconds * 1000 - (performance.now() - began) - 2000,
      });
      await startAgain(deps.engine, input.start ?? [], context);
      const { world } = await lookAgain(deps, context, next, containers);
      const stack = { world, model: next.model, bound: preview.bound, containersBefore: containers, composeVersion };
      const noted = await noteApplied(context, stack);
      return accounted(deps, context, prepared, {
        checkpoint: input.checkpoint,
        files,
        willHappen,
        next,
        noted: Object.keys(layers).length === 0 ? noted : { ...noted, layers },
        doings: { written, orphans, up },
        aside: [...keptBeside(context, prepared.undo, layers), ...(prepared.facts.otherContents ?? [])],
      });
    },

    async adopt(input, context, prepared) {
      const { files, containers, willHappen, composeVersion } = prepared.facts;
      await untilIdle(deps, context);
      await noteSwitched(context, files);
      const next = await load(deps, input, context, await readActiveStack(context));
      await startAgain(deps.engine, input.start ?? [], context);
      const { world, bound } = await lookAgain(deps, context, next, containers);
      const stack = { world, model: next.model, bound, containersBefore: containers, composeVersion };
      return accounted(deps, context, prepared, {
        checkpoint: input.checkpoint,
        files,
        willHappen,
        next,
        noted: await noteApplied(context, stack),
      });
    },
  };
}

/** The receipt, with what became of the data: nothing is complete that began a database beside it. */
async function accounted(
  deps: ApplyDependencies,
  context: Context,
  { facts }: Prepared<Facts>,
  done: Parameters<typeof applied>[0],
): Promise<Performed> {
  const data = await accountForData(deps, context, facts.data);
  const told = applied({ ...done, noted: { ...done.noted, ...data.facts } });
  return { ...told, summary: told.summary + data.says };
}

async function load(
  deps: CheckpointDependencies,
  input: Input,
  context: Context,
  active: ActiveStack,
): Promise<LoadedCheckpoint> {
  const images = await withLayers(deps.engine, input.images, input.layers, context.signal);
  return loadCheckpoint(deps, context, await readContents(context, input, active), images, input.replicas);
}

async function lookAgain(
  deps: CheckpointDependencies,
  context: Context,
  next: LoadedCheckpoint,
  containersBefore: readonly string[],
): Promise<Preview> {
  const active = await readActiveStack(context);
  return previewLoaded(deps, context, next, { active, recreate: [], containersBefore });
}

async function settle(
  deps: CheckpointDependencies,
  input: Input,
  context: Context,
  { world, next }: Preview,
  containersBefore: readonly string[],
) {
  const ours = await ownContainers(context, world.own, containersBefore);
  const names = new Set(enabledServices(next.model).flatMap(([service]) => containerNamesOf(next.model, service)));
  const stack = { world, model: next.model, ours, beside: input.start ?? [], names };
  const acting = { signal: context.signal, fence: () => context.fence() };
  const settled = await settleOrphans(deps.engine, stack, {
    ...acting,
    onOrphan: (name) => context.progress({ doing: `container ${name}: not in this checkpoint` }),
  });
  // After it: one that leaves may hold the name of one that comes back.
  const after = await readWorld(deps.engine, context.plan.stack.project, { signal: context.signal });
  await reviveKept(deps.engine, { world: after, model: next.model }, acting);
  return settled;
}

/** What runs now must be there when the way leads back, whatever becomes of its names. A clone is thrown away. */
async function keepForWayBack({ engine }: CheckpointDependencies, context: Context, { undo }: Prepared): Promise<void> {
  if (context.plan.stack.cloneOf !== undefined || undo.by !== 'operation' || undo.kind !== 'applyCheckpoint') return;
  await keepImages(engine, context, Object.values((undo.input as Input).images ?? {}));
}

/** Keeps what containers hold that this checkpoint replaces. A clone's are thrown away with it. */
async function keepLeaving(
  { engine }: CheckpointDependencies,
  context: Context,
  { prediction, world }: Preview,
  containersBefore: readonly string[],
): Promise<Record<string, string[]>> {
  if (context.plan.stack.cloneOf !== undefined) return {};
  const replaced = prediction.services.filter(({ fate }) => fate === 'recreated').map(({ service }) => service);
  const leaving = world.own.filter(
    ({ id, service }) => replaced.includes(service ?? '') && containersBefore.includes(id.slice(0, 12)),
  );
  return keepLayers(engine, context, leaving);
}

/** What nothing puts back by itself: what a way back replaces, and containers of services that have more than one. */
function keptBeside({ operation }: Context, undo: Undo, layers: Record<string, string[]>): string[] {
  const back =
    undo.by === 'operation' && operation.stage !== 'rollback' ? Object.values((undo.input as Input).layers ?? {}) : [];
  return Object.entries(layers).flatMap(([service, images]) => {
    const aside = images.filter((image) => !back.includes(image));
    return aside.length === 0 ? [] : [`service ${service}: ${sayKept(aside)}`];
  });
}

async function requireUntouched(context: Context, active: ActiveStack): Promise<void> {
  const { compose, env } = context.plan.stack;
  await requireNoDrift(context, compose, active.compose);
  if (env !== undefined) await requireNoDrift(context, env, active.env);
}

/** Without an active file there is nothing to go back to; then there must be no stack either. */
function requireBeginning(context: Context, active: ActiveStack, { world }: Preview): void {
  if (active.compose || world.own.length === 0) return;
  const { compose, project } = context.plan.stack;
  const message = `${compose} is missing, but project ${project} has ${world.own.length} containers`;
  throw new SwitchbackError('PreconditionFailed', message, {
    hint: `Copy the Compose file that they were started from to ${compose}: it is what a rollback goes back to.`,
    facts: { file: compose, containers: world.own.length },
  });
}

function filesToSwitch(context: Context, active: ActiveStack, { contents }: LoadedCheckpoint): FileSwitch[] {
  const { compose, env } = context.plan.stack;
  const files = [fileSwitch(compose, active.compose, contents.compose)];
  return env === undefined ? files : [...files, fileSwitch(env, active.env, contents.env)];
}

/** What Compose itself sees no reason to recreate. */
function toRecreate({ prediction, world }: Preview): Record<string, string[]> {
  const forced = prediction.services.filter(({ fate, why }) => fate === 'recreated' && why.some(unseenByCompose));
  return Object.fromEntries(
    forced.map((change) => [
      change.service,
      world.own.filter(({ service }) => service === change.service).map(({ id }) => id.slice(0, 12)),
    ]),
  );
}
