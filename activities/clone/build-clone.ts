import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { CompiledPhase, CompiledPlan } from '../../runbook/compiled-plan.ts';
import { SwitchbackError } from '../../runbook/errors.ts';
import { rehearsalProject } from '../../runbook/names.ts';
import type { ComposeModel } from '../compose/index.ts';
import { chooseSources } from './choose-sources.ts';
import { copyStack } from './copy-stack.ts';
import { derivePlan, storesUsed } from './derive-plan.ts';
import { dataBytes, fillVolumes } from './fill-volumes.ts';
import { servicesOfStores } from './find-stores.ts';
import type { CloneOf } from './isolate-model.ts';
import { IsolatedCompose } from './isolated-compose.ts';
import { removeClones, strangersIn } from './remove-clone.ts';
import { requireDisk, requireMemory } from './require-room.ts';
import { startClone } from './start-clone.ts';
import { storeKindOf } from '../../runbook/stores/index.ts';
import type { BuildOptions } from './build-options.ts';

export type { Original, BuildOptions } from './build-options.ts';

export interface Built {
  plan: CompiledPlan;
  notes: string[];
}

/**
 * Builds a clone of a stack as it is now, anew: files copied, volumes filled, databases restored, all of it brought up in isolation.
 * The original is read, and nothing else. @throws SwitchbackError that says why the stack cannot be cloned
 */
export async function buildClone(options: BuildOptions): Promise<Built> {
  const { original, world, home, clone, phases } = options;
  const { signal } = original;
  const { stack } = original.plan;
  const project = rehearsalProject(stack.project);
  const strangers = await strangersIn({ engine: world.engine, signal }, project);
  if (strangers.length > 0) {
    throw new SwitchbackError(
      'Conflict',
      `the project ${project} exists already: ${strangers.slice(0, 3).join(', ')}`,
      {
        hint: 'The clone needs that name. Look whose it is with `docker compose ls`.',
      },
    );
  }
  refuseGit(phases);
  const doing = (what: string) => original.progress({ doing: what });
  doing('looking at the stack');
  const active = await activeModel(options);
  const { services: serving, elsewhere } = await servicesOfStores({
    ...world,
    ...original.plan,
    project: stack.project,
    secret: (template) => original.secret(template),
    signal,
  });
  const able = (store: string) => storeKindOf(original.plan.stores[store]!).can.includes('rehearse');
  // The data of a kind that a clone cannot be told about is copied with its volume, as that of any other service.
  const services = Object.fromEntries(Object.entries(serving).filter(([store]) => able(store)));
  const needed = elsewhere.filter((store) => storesUsed(phases).has(store));
  if (needed.length > 0) {
    throw new SwitchbackError(
      'Unsupported',
      `store ${needed.join(', ')} is no container of the stack, so it cannot be cloned`,
      {
        hint: 'A rehearsal changes databases: only those that it can copy.',
      },
    );
  }
  const volumes = await chooseSources({
    ...world,
    plan: original.plan,
    model: active,
    services,
    points: original.home.points,
    signal,
  });

  doing("copying the stack's files");
  const directory = join(home.root, 'stack');
  const { bytes } = await copyStack(stack.directory, directory, { without: dataFolders(active, services), signal });
  if (options.sealed)
    for (const path of original.plan.files) await writeSealed(join(directory, path), await options.sealed(path));

  const cloneOf: CloneOf = { project: stack.project, directory: stack.directory, copy: directory, target: clone };
  const compose = new IsolatedCompose({ dockerHost: world.engine.host }, cloneOf);
  const models = await checkpointModels(options, compose, { project, directory });
  await requireMemory(world.engine, stack.project, models.isolated, signal);
  await requireDisk(bytes + (await dataBytes(options, volumes, services)), home.root);

  const derived = derivePlan(original.plan, {
    target: clone,
    project,
    directory,
    services,
    renamed: renamed(active, project),
    published: models.published,
  });
  const filled = await fillVolumes(options, volumes, project);
  const started = await startClone(options, { plan: derived.plan, compose, services, volumes });
  return {
    plan: derived.plan,
    notes: [
      ...filled,
      ...started,
      ...derived.leftOut.map((check) => `left out, since it is outside of the stack: ${check}`),
      ...Object.keys(serving).flatMap((store) =>
        able(store) ? [] : [`store ${store} is copied with its volume; what a phase does to it is not compared`],
      ),
      ...elsewhere.map((store) => `store ${store} is outside of the stack, and not part of the clone`),
    ],
  };
}

function refuseGit(phases: readonly CompiledPhase[]): void {
  const operations = phases.flatMap((phase) => phase.stages.flatMap((stage) => stage.operations));
  const step = operations.find(({ kind }) => kind === 'restoreFiles');
  if (!step) return;
  throw new SwitchbackError('Unsupported', `${step.id} reads files from git, whose history a clone does not have`, {
    hint: 'Such a step puts back exactly what it found; the rest of the phase can be rehearsed without it.',
  });
}

/** Removes what a dead predecessor left, and this attempt's own. */
export const clearAway = ({ world, original }: Pick<BuildOptions, 'world' | 'original'>): Promise<number> =>
  removeClones({ ...world, target: original.target, home: original.home, signal: original.signal });

async function activeModel({ world, original }: BuildOptions): Promise<ComposeModel> {
  const { project, directory, compose, env } = original.plan.stack;
  const { model } = await world.compose.model(
    {
      name: project,
      directory,
      files: [join(directory, compose)],
      envFile: env === undefined ? undefined : join(directory, env),
      profiles: original.plan.stack.profiles,
    },
    { signal: original.signal },
  );
  return model;
}

/** Folders in which a database keeps its data: they cannot be copied while it runs, and its backup is restored instead. */
function dataFolders(model: ComposeModel, services: Record<string, string>): Set<string> {
  const mounts = Object.values(services).flatMap((service) => model.services[service]?.volumes ?? []);
  return new Set(
    mounts.flatMap(({ type, source, read_only: readOnly }) =>
      type === 'bind' && source !== undefined && readOnly !== true && !/\.\w+$/.test(source) ? [source] : [],
    ),
  );
}

async function writeSealed(file: string, bytes: Buffer): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, bytes);
}

/** Every state of the stack that the rehearsal leads through: what cannot be isolated must be known before anything is started. */
async function checkpointModels(
  { original, world, phases }: BuildOptions,
  compose: IsolatedCompose,
  clone: { project: string; directory: string },
): Promise<{ isolated: ComposeModel[]; published: Set<number> }> {
  const { stack } = original.plan;
  const seen = new Map<string, { compose: string; env: string | undefined }>();
  let env = stack.env;
  const note = (file: string, envFile: string | undefined) =>
    seen.set(`${file}\n${envFile}`, { compose: file, env: envFile });
  note(stack.compose, env);
  for (const operation of phases.flatMap((phase) => phase.stages.flatMap((stage) => stage.operations))) {
    if (operation.kind !== 'applyCheckpoint' || 'absent' in operation.input.compose) continue;
    if (operation.input.env) env = operation.input.env.path;
    note(operation.input.compose.path, env);
  }
  const isolated: ComposeModel[] = [];
  const published = new Set<number>();
  for (const each of seen.values()) {
    const project = {
      name: clone.project,
      directory: clone.directory,
      files: [join(clone.directory, each.compose)],
      envFile: each.env === undefined ? undefined : join(clone.directory, each.env),
      profiles: stack.profiles,
    };
    isolated.push((await compose.model(project, { signal: original.signal })).model);
    const { model } = await world.compose.model(project, { signal: original.signal });
    for (const port of Object.values(model.services).flatMap((service) => service.ports ?? []))
      if (port.published !== undefined) published.add(Number(port.published));
  }
  return { isolated, published };
}

function renamed(active: ComposeModel, project: string): Record<string, string> {
  return Object.fromEntries(
    [...Object.entries(active.volumes), ...Object.entries(active.networks)].map(([key, { name }]) => [
      name,
      `${project}_${key}`,
    ]),
  );
}
