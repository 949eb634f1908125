import { SwitchbackError } from '../../runbook/errors.ts';
import { isBytes } from '../../runbook/guard/index.ts';
import type { ContentRef } from '../../runbook/operations.ts';
import {
  compareContainer,
  enabledServices,
  predict,
  readWorld,
  seeContainers,
  sharersOf,
  type ComposeModel,
  type Prediction,
  type SeenContainer,
  type StackWorld,
} from '../compose/index.ts';
import type { EffectContext } from '../effect.ts';
import { readActive, type ActiveFile } from './active-file.ts';
import { boundContents, servicesWithChangedContent, type BoundContent } from './bound-content.ts';
import { fileReader } from './container-file.ts';
import { busyPorts } from './busy-ports.ts';
import { readContent, type CheckpointContents } from './contents.ts';
import { contentsThen } from './contents-then.ts';
import {
  baselineOf,
  loadCheckpoint,
  type CheckpointDependencies,
  type LoadContext,
  type LoadedCheckpoint,
} from './load-checkpoint.ts';
import { ownContainers } from './own-containers.ts';
import { judgeStrangers, noteImages, strangersOf } from './protected-writers.ts';
import { dataObstacles, type DataContext } from './served-data.ts';

export type PreviewContext = LoadContext & Pick<EffectContext, 'kept' | 'bindIdentity'>;

/** What is active now. */
export interface ActiveStack {
  compose: ActiveFile | undefined;
  env: ActiveFile | undefined;
}

/** What would happen, and from what that was seen. Holds interpolated secrets in its models. */
export interface Preview {
  prediction: Prediction;
  next: LoadedCheckpoint;
  /** What the active files say; undefined where Compose cannot read them. */
  before: ComposeModel | undefined;
  world: StackWorld;
  bound: Map<string, BoundContent>;
  /** With which of these files each service runs now. */
  contents: Record<string, string>;
}

/** Reads the active files of the stack. @throws SwitchbackError `PreconditionFailed` when the plan leaves out a `.env` that is there */
export async function readActiveStack(context: Pick<EffectContext, 'plan' | 'keep'>): Promise<ActiveStack> {
  const { directory, compose, env } = context.plan.stack;
  if (env === undefined && (await readActive(directory, '.env', context))) {
    throw new SwitchbackError('PreconditionFailed', 'the stack has a .env that the plan does not name', {
      hint: 'Add `env: .env` under `stack`: by hand, Compose reads it, so the stack was probably started with it.',
      facts: { file: '.env' },
    });
  }
  return {
    compose: await readActive(directory, compose, context),
    env: env === undefined ? undefined : await readActive(directory, env, context),
  };
}

/** Resolves the contents that references name; without an env reference the active env file stays. */
export async function readContents(
  context: PreviewContext,
  refs: { compose: ContentRef; env?: ContentRef | undefined },
  active: ActiveStack,
): Promise<CheckpointContents> {
  const { stack } = context.plan;
  const compose = await readContent(refs.compose, stack.compose, context);
  if (refs.env !== undefined && stack.env !== undefined)
    return { compose, env: await readContent(refs.env, stack.env, context) };
  return { compose, env: active.env };
}

/** The stack as its active files describe it. @throws SwitchbackError `PreconditionFailed` when there is no active Compose file */
export async function loadActive(
  dependencies: CheckpointDependencies,
  context: PreviewContext,
): Promise<LoadedCheckpoint> {
  const active = await readActiveStack(context);
  if (!active.compose) {
    throw new SwitchbackError('PreconditionFailed', `${context.plan.stack.compose} is not there`, {
      hint: "Put the baseline's Compose file there, and start the stack with it.",
    });
  }
  return loadCheckpoint(dependencies, context, { compose: active.compose, env: active.env });
}

/**
 * What bringing the stack to a checkpoint would do to each service, volume and network, and what is in the way. No effects.
 * @throws SwitchbackError as `loadCheckpoint`; what is in the way is returned, not thrown: see `refuseObstacles`
 */
export async function previewCheckpoint(
  dependencies: CheckpointDependencies,
  context: PreviewContext & DataContext,
  refs: {
    compose: ContentRef;
    env?: ContentRef | undefined;
    recreate?: readonly string[] | undefined;
    images?: Record<string, string> | undefined;
    replicas?: Record<string, number> | undefined;
  },
): Promise<Preview> {
  const active = await readActiveStack(context);
  const next = await loadCheckpoint(
    dependencies,
    context,
    await readContents(context, refs, active),
    refs.images,
    refs.replicas,
  );
  return previewLoaded(dependencies, context, next, {
    active,
    recreate: refs.recreate ?? [],
    containersBefore: undefined,
  });
}

export interface PreviewOptions {
  active: ActiveStack;
  recreate: readonly string[];
  /** Short ids of the containers that were there when the operation was prepared; undefined while it is. */
  containersBefore: readonly string[] | undefined;
}

/** As `previewCheckpoint`, of one that is loaded. */
export async function previewLoaded(
  dependencies: CheckpointDependencies,
  context: PreviewContext & DataContext,
  next: LoadedCheckpoint,
  { active, recreate, containersBefore }: PreviewOptions,
): Promise<Preview> {
  const { engine } = dependencies;
  const { stack, protect } = context.plan;
  const onThisHost = engine.host.startsWith('unix://');
  const [world, before] = await Promise.all([
    readWorld(engine, stack.project, { signal: context.signal }),
    loadBefore(dependencies, context, next, active),
  ]);
  const bound = onThisHost ? await boundContents(next.model, context) : new Map<string, BoundContent>();
  const changed = await servicesWithChangedContent(bound, world.own, context, fileReader(engine, context.signal));
  const seen = await seeContainers(engine, stack.project, { signal: context.signal });
  const asked = new Map([
    ...otherwise(next, world, seen),
    ...changed.map((service) => [service, 'bind-mounted content'] as const),
    ...recreate.map((service) => [service, 'asked for'] as const),
  ]);
  const predicting = {
    world,
    seen,
    before,
    model: next.model,
    hashes: next.hashes,
    images: next.images,
    recreate: asked,
    ours: await ownContainers(context, world.own, containersBefore),
    protectedVolumes: new Set(protect.flatMap((resource) => ('volume' in resource ? [resource.volume] : []))),
    protectedNetworks: new Set(protect.flatMap((resource) => ('network' in resource ? [resource.network] : []))),
    busyPorts: onThisHost ? await busyPorts(next.model, world) : [],
  };
  const first = predict(predicting);
  const recreated = first.services.filter(({ fate }) => fate === 'recreated').map(({ service }) => service);
  for (const sharer of sharersOf(next.model, recreated)) if (!asked.has(sharer)) asked.set(sharer, sharedReason);
  const prediction = predict(predicting);
  await guardBytes(dependencies, context, next, prediction);
  // Once the effect has begun, containers may have been replaced: what was found before stands.
  if (context.operation.stage !== 'rollback' && containersBefore === undefined) {
    const running = (name: string) => world.own.filter(({ service }) => service === name).map(({ imageId }) => imageId);
    const exists = (volume: string) => world.volumes.has(volume);
    const stood = { model: next.model, images: next.images, before, running, exists };
    prediction.obstacles.push(...(await dataObstacles(engine, context, stood)));
  }
  const contents = onThisHost ? await contentsThen(before, world.own, context) : {};
  return { prediction, next, before, world, bound, contents };
}

/** Reasons that Compose itself does not see. */
const sharedReason = 'shares a namespace of one that is recreated';
const runsOtherwise = 'runs with other ';

/** Whether Compose sees no reason for a change that is needed. */
export const unseenByCompose = (reason: string) =>
  ['bind-mounted content', 'asked for', sharedReason].includes(reason) || reason.startsWith(runsOtherwise);

/** Services that run otherwise than the model says, although Compose would leave them as they are. */
function otherwise(
  { model, hashes, images }: LoadedCheckpoint,
  world: StackWorld,
  seen: readonly SeenContainer[],
): [string, string][] {
  return enabledServices(model).flatMap(([service]): [string, string][] => {
    const kept = world.own.filter((one) => one.service === service && one.configHash === hashes[service]);
    const differing = kept.flatMap(({ id }) => {
      const running = seen.find((one) => one.id === id);
      return running ? compareContainer(model, running, images[service]) : [];
    });
    // A container that was kept and stopped has no restart policy until its service is back.
    const stopped = kept.some(({ state }) => state === 'exited');
    const what = [...new Set(differing.map((difference) => difference.what))].filter(
      (one) => one !== 'image' && !(one === 'restart' && stopped),
    );
    return what.length === 0 ? [] : [[service, `${runsOtherwise}${what.join(', ')}`]];
  });
}

/** Adds who would write to what is protected. The way back is open all the same: it leads to what ran before. */
async function guardBytes(
  dependencies: CheckpointDependencies,
  context: PreviewContext,
  next: LoadedCheckpoint,
  prediction: Prediction,
): Promise<void> {
  if (context.operation.stage === 'rollback' || !next.contents.compose || !context.plan.protect.some(isBytes)) return;
  const baseline = await baselineOf(dependencies, context);
  await noteImages(context, baseline);
  const { obstacles } = judgeStrangers(await strangersOf(dependencies.engine, context, next, baseline));
  prediction.obstacles.push(...obstacles);
  for (const [service, mounts] of Object.entries(next.readOnly))
    for (const { target } of mounts)
      prediction.warnings.push(`service ${service} gets ${target} read-only: it is protected, and others write to it`);
}

/** The active files may be what is being repaired: where Compose cannot read them, the prediction does without. */
async function loadBefore(
  dependencies: CheckpointDependencies,
  context: PreviewContext,
  next: LoadedCheckpoint,
  { compose, env }: ActiveStack,
): Promise<ComposeModel | undefined> {
  if (!compose) return undefined;
  if (compose.digest === next.contents.compose?.digest && env?.digest === next.contents.env?.digest) return next.model;
  try {
    return (await loadCheckpoint(dependencies, context, { compose, env })).model;
  } catch (error) {
    if (error instanceof SwitchbackError && ['PlanInvalid', 'PreconditionFailed'].includes(error.name))
      return undefined;
    throw error;
  }
}
