import { SwitchbackError } from '../../runbook/errors.ts';
import type { JsonObject } from '../../runbook/json.ts';
import type { OperationInputs, Undo } from '../../runbook/operations.ts';
import {
  areSame,
  bringUp,
  isAsDefined,
  keepImages,
  keepLayers,
  loadCheckpoint,
  noteContents,
  noteOwnContainers,
  noteSwitched,
  previewLoaded,
  readActiveStack,
  requireAlone,
  requireImage,
  requireNoDrift,
  setImage,
  switchFiles,
  untilIdle,
  type ActiveFile,
  type ActiveStack,
  type BroughtUp,
  type CheckpointDependencies,
  type FileSwitch,
  type LoadedCheckpoint,
} from '../checkpoint/index.ts';
import {
  judgeServices,
  lookAtServices,
  readWorld,
  refuseObstacles,
  seeContainers,
  sharersOf,
} from '../compose/index.ts';
import type { EffectContext, EffectHandler, Performed } from '../effect.ts';
import { accountForData, markBefore, type DataDependencies, type DataMark } from './watch-data.ts';

type Input = OperationInputs['switchImage'];
type Context = EffectContext<'switchImage'>;

type Facts = {
  /** Digests of the active Compose file. */
  from: string;
  to: string;
  before: string;
  imageId: string;
  containers: string[];
  /** What is protected, as it was before. */
  data?: DataMark;
};

/**
 * Switches the image of one service in the active Compose file and recreates that service alone. Taken back the same way, to the very
 * same bytes. @throws SwitchbackError `Unsupported` (the image is not simply written there), `PreconditionFailed` (it is not on this
 * host), `ValidationMismatch` (somebody edited the file), `StepFailed`, `NotReady`
 */
export function switchImageHandler(
  deps: CheckpointDependencies & DataDependencies,
): EffectHandler<'switchImage', Facts> {
  return {
    async prepare(input, context) {
      const active = await requireActive(context);
      await requireNoDrift(context, context.plan.stack.compose, active.compose);
      const { text, before } = setImage(active.compose.bytes.toString('utf8'), input.service, input.image);
      const to = await context.keep(Buffer.from(text));
      const next = await load(deps, context, active, to);
      const preview = await previewLoaded(deps, context, next, { active, recreate: [], containersBefore: undefined });
      refuseObstacles(preview.prediction);
      requireAlone(input, preview.before, next);
      const imageId = requireImage(input, next);
      const own = preview.world.own;
      const data = await markBefore(deps, context);
      const facts: Facts = {
        from: active.compose.digest,
        to,
        before,
        imageId,
        containers: own.map(({ id }) => id.slice(0, 12)),
        ...(data === undefined ? {} : { data }),
      };
      const ran = own.find(({ service }) => service === input.service)?.imageId;
      return { undo: undoOf(input, context, before, ran), facts };
    },

    async observe(input, context, prepared) {
      if (!prepared) return 'absent';
      const { from, to, imageId } = prepared.facts;
      const active = await requireActive(context);
      if (active.compose.digest !== to) return active.compose.digest === from ? 'absent' : 'partial';
      const next = await load(deps, context, active, to);
      const { own } = await readWorld(deps.engine, context.plan.stack.project, { signal: context.signal });
      const containers = own.filter(({ service }) => service === input.service);
      const seen = await seeContainers(deps.engine, context.plan.stack.project, { signal: context.signal });
      const version = await deps.compose.version({ signal: context.signal });
      const switched = containers.every((container) => {
        const running = seen.find(({ id }) => id === container.id);
        return running && container.imageId === imageId && isAsDefined(container, running, next, version);
      });
      if (containers.length === 0 || !switched) return from === to ? 'absent' : 'partial';
      const options = { project: context.plan.stack.project, signal: context.signal };
      const verdict = judgeServices(next.model, await lookAtServices(deps.engine, options)).find(
        ({ service }) => service === input.service,
      );
      return verdict?.verdict === 'ready' || verdict?.verdict === 'completed' ? 'done' : 'partial';
    },

    async untouched(_input, context, prepared) {
      const { from, to, containers } = prepared.facts;
      const active = await requireActive(context);
      return from !== to && active.compose.digest === from && (await areSame(deps, context, containers));
    },

    async perform(input, context, prepared) {
      const began = performance.now();
      const facts = prepared.facts;
      await untilIdle(deps, context);
      const active = await requireActive(context);
      const next = await load(deps, context, active, facts.to);
      const preview = await previewLoaded(deps, context, next, {
        active,
        recreate: [],
        containersBefore: facts.containers,
      });
      refuseObstacles(preview.prediction);
      // A link is replaced by a copy: the versioned file that it points to is a checkpoint, and stays as it is.
      await switchFiles(context, [fileOf(context, facts)], next.contents);
      // Who lives in its network would be left in one that is gone.
      const sharers = sharersOf(next.model, [input.service]);
      const sharing = preview.world.own.filter(({ service }) => sharers.includes(service ?? ''));
      const leaving = preview.world.own.filter(
        ({ id, service, imageId }) =>
          service === input.service && imageId !== facts.imageId && facts.containers.includes(id.slice(0, 12)),
      );
      const isClone = context.plan.stack.cloneOf !== undefined;
      if (!isClone)
        await keepImages(
          deps.engine,
          context,
          leaving.map(({ imageId }) => imageId),
        );
      const layers = isClone ? {} : await keepLayers(deps.engine, context, leaving);
      const up = await bringUp(deps, context, next, {
        only: [input.service, ...sharers],
        recreate: Object.fromEntries(
          sharers.map((name) => [
            name,
            sharing.filter(({ service }) => service === name).map(({ id }) => id.slice(0, 12)),
          ]),
        ),
        onContainers: (own) => noteOwnContainers(context, own, facts.containers),
        deadline: () => context.operation.timeoutSeconds * 1000 - (performance.now() - began) - 2000,
      });
      const { own } = await readWorld(deps.engine, context.plan.stack.project, { signal: context.signal });
      const bound = preview.bound.get(input.service);
      if (bound) await noteContents(new Map([[input.service, bound]]), own, context);
      return accounted(deps, context, facts, performed(input, context, facts, up, layers[input.service]));
    },

    async adopt(input, context, prepared) {
      await untilIdle(deps, context);
      const facts = prepared.facts;
      await noteSwitched(context, [fileOf(context, facts)]);
      const { own } = await readWorld(deps.engine, context.plan.stack.project, { signal: context.signal });
      await noteOwnContainers(context, own, facts.containers);
      return accounted(deps, context, facts, performed(input, context, facts, undefined));
    },
  };
}

async function accounted(
  deps: DataDependencies,
  context: Context,
  { data }: Facts,
  done: Performed,
): Promise<Performed> {
  const account = await accountForData(deps, context, data);
  return { ...done, summary: done.summary + account.says, facts: { ...done.facts, ...account.facts } };
}

const fileOf = (context: Context, { from, to }: Facts): FileSwitch => ({ path: context.plan.stack.compose, from, to });

async function requireActive(context: Context): Promise<ActiveStack & { compose: ActiveFile }> {
  const active = await readActiveStack(context);
  if (active.compose) return { ...active, compose: active.compose };
  throw new SwitchbackError(
    'PreconditionFailed',
    `${context.plan.stack.compose} is not there: the stack has no active Compose file`,
  );
}

async function load(
  deps: CheckpointDependencies,
  context: Context,
  active: ActiveStack,
  digest: string,
): Promise<LoadedCheckpoint> {
  const compose = { bytes: await context.kept(digest), digest };
  return loadCheckpoint(deps, context, { compose, env: active.env });
}

function undoOf(input: Input, context: Context, before: string, imageId: string | undefined): Undo {
  const { compose } = context.plan.stack;
  return {
    by: 'operation',
    kind: 'switchImage',
    summary: `switch ${input.service} back to ${before}`,
    lossy: false,
    input: { service: input.service, image: before, ...(imageId === undefined ? {} : { imageId }) },
    effects: [
      { resource: `service:${input.service}`, change: 'replace' },
      { resource: `file:${compose}`, change: 'update' },
    ],
  };
}

function performed(
  input: Input,
  context: Context,
  facts: Facts,
  up: BroughtUp | undefined,
  layers: readonly string[] = [],
): Performed {
  const took = up === undefined ? '' : ` in ${((up.upMs + up.readyMs) / 1000).toFixed(1)} s`;
  const told: JsonObject = {
    service: input.service,
    before: facts.before,
    image: input.image,
    imageId: facts.imageId,
    files: { [context.plan.stack.compose]: facts.to },
    ...(up === undefined ? {} : { upMs: up.upMs, readyMs: up.readyMs }),
    ...(layers.length === 0 ? {} : { layers: [...layers] }),
  };
  return {
    summary: `service ${input.service} runs ${input.image} (was ${facts.before})${took}${layers.length === 0 ? '' : `; what its container held is kept as ${layers.join(', ')}`}`,
    facts: told,
    effect: { service: input.service, image: input.image, imageId: facts.imageId },
  };
}
