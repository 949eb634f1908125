import { SwitchbackError } from '../../runbook/errors.ts';
import type { JsonObject } from '../../runbook/json.ts';
import type { Effect, OperationInputs, Undo } from '../../runbook/operations.ts';
import {
  bindActive,
  bringUp,
  noteContents,
  noteOwnContainers,
  noteSetAside,
  ownContainers,
  previewLoaded,
  readActive,
  readActiveStack,
  readContents,
  loadCheckpoint,
  refTo,
  requireNoDrift,
  runs,
  settleOrphans,
  standsAt,
  untilIdle,
  writeActive,
  type ActiveFile,
  type ActiveStack,
  type BroughtUp,
  type CheckpointDependencies,
  type Content,
  type LoadedCheckpoint,
  type Preview,
  type SettledOrphans,
} from '../checkpoint/index.ts';
import {
  describePrediction,
  enabledServices,
  imageOf,
  orphansOf,
  readWorld,
  refuseObstacles,
} from '../compose/index.ts';
import type { EffectContext, EffectHandler, Performed, Prepared } from '../effect.ts';

type Input = OperationInputs['applyCheckpoint'];
type Context = EffectContext<'applyCheckpoint'>;

/** What one active file changes from and to: digests, or `absent`. */
type FileSwitch = { path: string; from: string; to: string };

/** What was looked up before anything was done. */
type Facts = {
  files: FileSwitch[];
  /** Short ids of the containers that were there. */
  containers: string[];
  /** Services to recreate although Compose sees no change, with the short ids of their containers. */
  recreate: Record<string, string[]>;
  willHappen: string[];
  composeVersion: string;
};

/**
 * Makes a checkpoint the active one and brings the stack to it: files switched atomically, what was there kept by digest, orphans
 * settled, `up`, and a wait until every service is ready. @throws SwitchbackError `ValidationMismatch` (somebody edited an active
 * file), `Conflict` (a name or port is taken), `Protected`, `PreconditionFailed`, `StepFailed` and `NotReady` (a service).
 */
export function applyCheckpointHandler(deps: CheckpointDependencies): EffectHandler<'applyCheckpoint'> {
  return {
    async prepare(input, context) {
      const active = await readActiveStack(context);
      await requireUntouched(context, active);
      const next = await load(deps, input, context, active);
      const preview = await previewLoaded(deps, context, next, {
        active,
        recreate: input.recreate ?? [],
        containersBefore: undefined,
      });
      requireBeginning(context, active, preview);
      refuseObstacles(preview.prediction);
      const composeVersion = await deps.compose.version({ signal: context.signal });
      return {
        undo: undoOf(input, context, active, preview),
        facts: factsBefore(context, active, preview, composeVersion),
      };
    },

    async observe(input, context, prepared) {
      if (!prepared) return 'absent';
      const { files, recreate } = factsOf(prepared);
      const standing = await Promise.all(files.map((file) => standingOf(context, file)));
      if (standing.some((where) => where !== 'to' && where !== 'both')) {
        return standing.every((where) => where === 'from' || where === 'both') ? 'absent' : 'partial';
      }
      // What was asked to be recreated shows by its container alone; `perform` looks.
      if (Object.keys(recreate).length > 0) return 'partial';
      const next = await load(deps, input, context, await readActiveStack(context));
      const options = { project: context.plan.stack.project, signal: context.signal };
      return (await standsAt(deps.engine, next, options)) ? 'done' : 'partial';
    },

    async perform(input, context, prepared) {
      const began = performance.now();
      const facts = factsOf(prepared);
      await untilIdle(deps, context);
      const active = await readActiveStack(context);
      const next = await load(deps, input, context, active);
      const preview = await previewLoaded(deps, context, next, {
        active,
        recreate: [],
        containersBefore: facts.containers,
      });
      // Again: a name or port may have been taken since the preparation.
      refuseObstacles(preview.prediction);
      const how = await switchFiles(context, facts.files, next);
      const ours = await ownContainers(context, preview.world.own, facts.containers);
      const orphans = await settleOrphans(
        deps.engine,
        { world: preview.world, model: next.model, ours },
        {
          signal: context.signal,
          fence: () => context.fence(),
          onOrphan: (name) => context.progress({ doing: `container ${name}: not in this checkpoint` }),
        },
      );
      const up = await bringUp(deps, context, next, {
        recreate: facts.recreate,
        onContainers: (own) => noteOwnContainers(context, own, facts.containers),
        deadline: () => context.operation.timeoutSeconds * 1000 - (performance.now() - began) - 2000,
      });
      await startAgain(deps, input, context);
      return performed(deps, input, context, prepared, next, { how, orphans, up, bound: preview.bound });
    },

    async adopt(input, context, prepared) {
      await untilIdle(deps, context);
      const next = await load(deps, input, context, await readActiveStack(context));
      for (const { path, to } of factsOf(prepared).files)
        await bindActive(context, path, [to === absent ? undefined : to]);
      return performed(deps, input, context, prepared, next, undefined);
    },
  };
}

const absent = 'absent';
const factsOf = (prepared: Prepared) => prepared.facts as unknown as Facts;

async function load(
  deps: CheckpointDependencies,
  input: Input,
  context: Context,
  active: ActiveStack,
): Promise<LoadedCheckpoint> {
  return loadCheckpoint(deps, context, await readContents(context, input, active), input.images);
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
  throw new SwitchbackError(
    'PreconditionFailed',
    `${compose} is missing, but project ${project} has ${world.own.length} containers`,
    {
      hint: `Copy the Compose file that they were started from to ${compose}: it is what a rollback goes back to.`,
      facts: { file: compose, containers: world.own.length },
    },
  );
}

function factsBefore(context: Context, active: ActiveStack, preview: Preview, composeVersion: string): JsonObject {
  const { compose, env } = context.plan.stack;
  const { contents } = preview.next;
  const file = (path: string, from: ActiveFile | undefined, to: Content | undefined): FileSwitch => ({
    path,
    from: from?.digest ?? absent,
    to: to?.digest ?? absent,
  });
  const { own } = preview.world;
  const forced = preview.prediction.services.filter(
    ({ fate, why }) =>
      fate === 'recreated' && why.some((reason) => reason === 'bind-mounted content' || reason === 'asked for'),
  );
  return {
    files: [
      file(compose, active.compose, contents.compose),
      ...(env === undefined ? [] : [file(env, active.env, contents.env)]),
    ],
    containers: own.map((container) => container.id.slice(0, 12)),
    recreate: Object.fromEntries(
      forced.map(({ service }) => [
        service,
        own.filter((container) => container.service === service).map((container) => container.id.slice(0, 12)),
      ]),
    ),
    willHappen: describePrediction(preview.prediction).slice(0, 60),
    composeVersion,
  };
}

/** Back to exactly the contents that are active now, with the images that run now. */
function undoOf(input: Input, context: Context, active: ActiveStack, preview: Preview): Undo {
  const { stack } = context.plan;
  const planned = context.operation.undo;
  const name =
    planned.by === 'operation' && planned.kind === 'applyCheckpoint'
      ? (planned.input as Input).checkpoint
      : 'what was active before';
  const images = Object.fromEntries(
    preview.world.own.flatMap(({ service, imageId }) =>
      service !== undefined && preview.before !== undefined && service in preview.before.services
        ? [[service, imageId]]
        : [],
    ),
  );
  // Nobody's to begin with, and ended by us for the checkpoint's sake: going back starts them again.
  const strangers = preview.world.own.filter(
    ({ service, state }) =>
      state === 'running' &&
      preview.prediction.services.some((change) => change.service === service && change.fate === 'stopped') &&
      !(service !== undefined && preview.before !== undefined && service in preview.before.services),
  );
  const effects: Effect[] =
    planned.by === 'operation' ? planned.effects : [{ resource: `file:${stack.compose}`, change: 'replace' }];
  return {
    by: 'operation',
    summary: planned.by === 'operation' ? planned.summary : `bring the stack back to ${name}`,
    lossy: false,
    kind: 'applyCheckpoint',
    input: {
      checkpoint: name,
      compose: refTo(stack.compose, active.compose),
      ...(stack.env === undefined || input.env === undefined ? {} : { env: refTo(stack.env, active.env) }),
      ...(input.recreate === undefined ? {} : { recreate: input.recreate }),
      ...(Object.keys(images).length === 0 ? {} : { images }),
      ...(strangers.length === 0 ? {} : { start: strangers.map((container) => container.name) }),
    },
    effects,
  };
}

async function standingOf(context: Context, { path, from, to }: FileSwitch): Promise<'from' | 'to' | 'both' | 'other'> {
  const digest = (await readActive(context.plan.stack.directory, path, context))?.digest ?? absent;
  if (digest === to) return from === to ? 'both' : 'to';
  return digest === from ? 'from' : 'other';
}

/** The env file first: a Compose file may need what is new in it. */
async function switchFiles(
  context: Context,
  files: FileSwitch[],
  next: LoadedCheckpoint,
): Promise<Record<string, string>> {
  const { directory, compose } = context.plan.stack;
  const standing = await Promise.all(files.map(async (file) => ({ file, where: await standingOf(context, file) })));
  const changed = standing.find(({ where }) => where === 'other');
  if (changed) {
    throw new SwitchbackError(
      'ValidationMismatch',
      `${changed.file.path} was changed by somebody while it was to be switched`,
      {
        hint: 'Nothing was overwritten. Save that change elsewhere, put the file back, then retry.',
        facts: { file: changed.file.path },
      },
    );
  }
  const how: Record<string, string> = {};
  for (const { file, where } of standing.reverse()) {
    const content = file.path === compose ? next.contents.compose : next.contents.env;
    const digests = [file.from, file.to].map((digest) => (digest === absent ? undefined : digest));
    const asLinked = content?.linkTo === undefined;
    // The same content may still have to become a link, or a copy.
    if (where === 'from' || !asLinked) {
      await bindActive(context, file.path, digests);
      await context.fence();
      how[file.path] = await writeActive(directory, file.path, content, file.path === compose);
    }
    await bindActive(context, file.path, [digests[1]]);
  }
  return how;
}

async function startAgain(deps: CheckpointDependencies, input: Input, context: Context): Promise<void> {
  const { own } = await readWorld(deps.engine, context.plan.stack.project, { signal: context.signal });
  for (const container of own) {
    if (!(input.start ?? []).includes(container.name) || runs(container)) continue;
    await context.fence();
    await deps.engine.startContainer(container.id, { signal: context.signal });
  }
}

interface Doings {
  how: Record<string, string>;
  orphans: SettledOrphans;
  up: BroughtUp;
  /** As it was before `up`: what changed after that is seen the next time. */
  bound: Preview['bound'];
}

async function performed(
  deps: CheckpointDependencies,
  input: Input,
  context: Context,
  prepared: Prepared,
  next: LoadedCheckpoint,
  doings: Doings | undefined,
): Promise<Performed> {
  const facts = factsOf(prepared);
  const preview = await previewLoaded(deps, context, next, {
    active: await readActiveStack(context),
    recreate: [],
    containersBefore: facts.containers,
  });
  await noteOwnContainers(context, preview.world.own, facts.containers);
  const ours = await ownContainers(context, preview.world.own, facts.containers);
  const others = orphansOf(preview.world.own, next.model).filter(({ id }) => !ours.has(id));
  await noteSetAside(
    context,
    others.map(({ id }) => id),
  );
  const bound = doings?.bound ?? preview.bound;
  await noteContents(bound, preview.world.own, context);
  const version = await noteVersion(context, facts.composeVersion);
  const services = Object.fromEntries(enabledServices(next.model).map(([name]) => [name, next.images[name] ?? '']));
  const count = Object.keys(services).length;
  const files = Object.fromEntries(facts.files.map(({ path, to }) => [path, to]));
  return {
    summary: `${input.checkpoint} is active: ${count} service${count === 1 ? '' : 's'} ready${tookOf(doings)}; ${shortly(facts.willHappen)}`,
    facts: fitting({
      checkpoint: input.checkpoint,
      files,
      changes: facts.willHappen,
      images: Object.fromEntries(
        Object.entries(services).map(([name, id]) => [name, `${imageOf(next.model, name)} ${id.slice(0, 19)}`]),
      ),
      ...(Object.keys(next.pinned).length === 0 ? {} : { pinned: next.pinned }),
      boundContents: Object.fromEntries([...bound].map(([name, { digest }]) => [name, digest.slice(0, 12)])),
      ...version,
      ...(doings === undefined
        ? {}
        : {
            switched: doings.how,
            completed: doings.up.completed,
            ranAgain: doings.up.ranAgain,
            orphansRemoved: doings.orphans.removed,
            orphansStopped: doings.orphans.stopped,
            upMs: doings.up.upMs,
            readyMs: doings.up.readyMs,
          }),
    }),
    effect: { files, services },
  };
}

/** A receipt carries 16 KiB: that of a very large stack goes without its lists, longest first. */
function fitting(facts: JsonObject): JsonObject {
  return ['images', 'changes', 'boundContents'].reduce(
    (rest, list) =>
      JSON.stringify(rest).length < 14_000
        ? rest
        : Object.fromEntries(Object.entries(rest).filter(([name]) => name !== list)),
    facts,
  );
}

const tookOf = (doings: Doings | undefined) =>
  doings === undefined ? '' : ` in ${((doings.up.upMs + doings.up.readyMs) / 1000).toFixed(1)} s`;

const shortly = (lines: string[]) =>
  lines.length <= 4 ? lines.join('; ') : `${lines.slice(0, 3).join('; ')}; and ${lines.length - 3} more`;

/** Configuration hashes differ between versions of Compose, so that another one recreates what nobody changed. */
async function noteVersion(context: Context, version: string): Promise<JsonObject> {
  const known = await context.identityOf('compose-version');
  if (known === version) return { composeVersion: version };
  await context.bindIdentity('compose-version', version);
  if (known === undefined) return { composeVersion: version };
  const warning = `Compose is ${version} now and was ${known}: services may be recreated although nobody changed them`;
  context.log(warning);
  return { composeVersion: version, warning };
}
