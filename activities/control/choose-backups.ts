import { join } from 'node:path';
import type { BackupTask, Quiesce, ToBackUp } from '../../runbook/backup-task.ts';
import type { CompiledPlan } from '../../runbook/compiled-plan.ts';
import { describeUncovered, uncoveredDatabases, type ServerSight } from '../../runbook/databases-of-servers.ts';
import { SwitchbackError } from '../../runbook/errors.ts';
import { usedVolumes } from '../clone/choose-sources.ts';
import { enabledServices, movedVolumes, seeContainers, type ComposeCli, type ComposeModel } from '../compose/index.ts';
import type { DockerEngine } from '../docker/index.ts';
import type { EffectContext } from '../effect.ts';
import { withStore, type StoreDrivers } from '../stores/registry.ts';
import { sightServers, type SightedServer, type Sighting } from '../stores/sight-servers.ts';
import { isInMemory } from '../volumes/index.ts';

type Create = Extract<BackupTask, { do: 'create' }>;
interface World {
  engine: DockerEngine;
  compose?: ComposeCli;
  stores: StoreDrivers;
}

/** A frozen writer goes on as if nothing had been; a stopped one has been away. */
const quiesceUnlessTold: Quiesce = 'pause';

/**
 * Which volumes and stores a backup takes: those that are named, else all that the plan's stack names. What a database of the stack keeps
 * in a volume is in its own backup already. @throws SwitchbackError `PlanInvalid` for a store that the plan does not have
 */
export async function chooseBackups(
  task: Create,
  world: World,
  context: EffectContext,
): Promise<{ sources: ToBackUp[]; notes: string[] }> {
  const { plan } = context;
  const named = task.volumes !== undefined || task.stores !== undefined;
  const stores = task.stores ?? (named ? [] : Object.keys(plan.stores));
  for (const store of stores) requireStore(plan, store);
  const wantsModel = !named || (task.volumes?.length ?? 0) > 0;
  const model = wantsModel ? await activeModel(world, context) : undefined;
  const { servers, notes } = await serversOf(stores, task, world, context);
  const found = named
    ? { volumes: task.volumes ?? [], notes: namedNotes(servers, task.volumes ?? []) }
    : await volumesOf(model, servers, world, context);
  notes.push(...found.notes);
  const volumes = [...new Set(found.volumes.map((name) => model?.volumes[name]?.name ?? name))];
  const sources: ToBackUp[] = [
    // What stands still for it comes last, so that nobody dumps a frozen database.
    ...stores.map((store) => ({ store, ...methodOf(plan, store, task) })),
    ...volumes.map((volume) => ({ volume, quiesce: quiesceOf(plan, volume, task.quiesce) })),
  ];
  if (sources.length === 0) {
    throw new SwitchbackError('PreconditionFailed', `${context.target} has neither volumes nor stores to back up`, {
      hint: ['Name one with --volume or --store.', ...notes].join(' '),
    });
  }
  return { sources, notes };
}

/** @throws SwitchbackError `PlanInvalid` */
export function requireStore(plan: CompiledPlan, store: string): void {
  if (store in plan.stores) return;
  throw new SwitchbackError('PlanInvalid', `the plan has no store ${store}`, {
    hint: `It has: ${Object.keys(plan.stores).join(', ') || 'none'}.`,
  });
}

/** What a phase says about a volume holds here, too: whoever wrote it knows the software. */
function quiesceOf(plan: CompiledPlan, volume: string, told: Quiesce | undefined): Quiesce {
  const operations = plan.phases.flatMap((phase) => phase.stages.flatMap((stage) => stage.operations));
  const said = operations.find((one) => one.kind === 'backupVolume' && one.input.volume === volume);
  return told ?? (said?.kind === 'backupVolume' ? said.input.quiesce : quiesceUnlessTold);
}

function methodOf(
  plan: CompiledPlan,
  store: string,
  { physical, pointInTime }: Create,
): { method?: 'physical'; pointInTime?: true } {
  const operations = plan.phases.flatMap((phase) => phase.stages.flatMap((stage) => stage.operations));
  const said = operations.flatMap((one) =>
    one.kind === 'backupStore' && one.input.store === store && one.input.method === 'physical' ? [one.input] : [],
  );
  if (physical !== true && said.length === 0) return {};
  const followed = pointInTime === true || said.some((input) => input.pointInTime === true);
  return { method: 'physical', ...(followed && { pointInTime: true as const }) };
}

async function activeModel({ compose }: World, { plan, signal }: EffectContext): Promise<ComposeModel | undefined> {
  if (!compose) return undefined;
  const { project, directory, compose: file, env, profiles } = plan.stack;
  const { model } = await compose.model(
    {
      name: project,
      directory,
      files: [join(directory, file)],
      envFile: env === undefined ? undefined : join(directory, env),
      profiles,
    },
    { signal },
  );
  return model;
}

type Server = SightedServer & ServerSight;

/** The servers that the chosen stores are in. Of one that cannot be asked nobody knows what else it holds, so that its volume is taken. */
async function serversOf(
  stores: readonly string[],
  task: Create,
  world: World,
  context: EffectContext,
): Promise<{ servers: Server[]; notes: string[] }> {
  const lend: Sighting['withStore'] = (store, work) => withStore(world.stores, context, store, [], work);
  const servers: Server[] = [];
  const notes: string[] = [];
  for (const store of stores) {
    try {
      const sights = await sightServers([store], { engine: world.engine, withStore: lend, context });
      servers.push(
        ...sights.map((sight) => ({ ...sight, whole: methodOf(context.plan, store, task).method === 'physical' })),
      );
    } catch (error) {
      context.signal.throwIfAborted();
      if (!(error instanceof SwitchbackError)) throw error;
      notes.push(`the server of store ${store} could not be asked which other databases it has: ${error.message}`);
    }
  }
  return { servers, notes };
}

/** What was named is taken, and nothing else: what that leaves out is said. */
function namedNotes(servers: readonly Server[], volumes: readonly string[]): string[] {
  const covered = servers.map((server) => ({
    ...server,
    whole: server.whole || (server.volume !== undefined && volumes.includes(server.volume)),
  }));
  return uncoveredDatabases(covered).map((each) => `${describeUncovered(each)} in none of these backups`);
}

async function volumesOf(
  model: ComposeModel | undefined,
  servers: readonly Server[],
  { engine }: World,
  { plan, signal }: EffectContext,
): Promise<{ volumes: string[]; notes: string[] }> {
  if (!model) return { volumes: [], notes: ['this worker has no Compose: volumes have to be named'] };
  const notes = boundFolders(model);
  for (const { store, service, anonymous } of servers)
    if (anonymous !== undefined)
      notes.push(
        `service ${service} keeps the data of store ${store} in a volume without a name, at ${anonymous}: only the backup of the store has it`,
      );
  const uncovered = uncoveredDatabases(servers);
  const volumes: string[] = [];
  // A volume that got another name in the file stays with the container until that is recreated: its data is there.
  const moved = movedVolumes(model, await seeContainers(engine, plan.stack.project, { signal }));
  for (const { service, target, mounted, named } of moved) {
    notes.push(
      `service ${service} has volume ${mounted} at ${target}, not ${named} as its Compose file says: ${mounted} is taken`,
    );
    if (!volumes.includes(mounted)) volumes.push(mounted);
  }
  for (const key of new Set([...Object.keys(model.volumes), ...usedVolumes(model)])) {
    const name = model.volumes[key]?.name ?? key;
    const server = servers.find(({ volume }) => volume === name);
    const left = uncovered.find((each) => each.server === server?.server);
    if (server !== undefined && left === undefined) {
      notes.push(`volume ${name} is left out: the backup of store ${server.store} holds its data`);
    } else if (isInMemory(await engine.inspectVolume(name, { signal }))) {
      notes.push(`volume ${name} is left out: it is in memory, and empty as soon as its users stop`);
    } else if (volumes.includes(name) || (await engine.inspectVolume(name, { signal }))) {
      if (!volumes.includes(name)) volumes.push(name);
      if (left !== undefined)
        notes.push(`volume ${name} is taken, too: ${describeUncovered(left)} in no store's backup`);
    } else notes.push(`volume ${name} is left out: it does not exist yet`);
  }
  const outside = uncovered.filter(({ stores }) => !servers.some((one) => stores.includes(one.store) && one.volume));
  for (const each of outside) notes.push(`${describeUncovered(each)} in none of these backups`);
  return { volumes, notes };
}

/** Folders of the host that services write to: nobody backs them up here, and somebody should know. */
function boundFolders(model: ComposeModel): string[] {
  return enabledServices(model).flatMap(([name, service]) =>
    (service.volumes ?? []).flatMap(({ type, source, read_only: readOnly }) =>
      type === 'bind' && source !== undefined && readOnly !== true && !/\.\w+$/.test(source)
        ? [`folder ${source} of service ${name} is not a volume: it is not backed up`]
        : [],
    ),
  );
}
