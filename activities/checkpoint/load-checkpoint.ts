import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { SwitchbackError } from '../../runbook/errors.ts';
import { canonicalJson } from '../../runbook/json.ts';
import {
  enabledServices,
  imageOf,
  refuseSteering,
  type ComposeCli,
  type ComposeModel,
  type ComposeMount,
  type ComposeProject,
} from '../compose/index.ts';
import type { DockerEngine } from '../docker/index.ts';
import type { EffectContext } from '../effect.ts';
import { readBaseline } from './baseline-writers.ts';
import type { CheckpointContents } from './contents.ts';
import { overlayOf } from './overlay.ts';
import { judgeStrangers, strangersOf } from './protected-writers.ts';

export interface CheckpointDependencies {
  engine: DockerEngine;
  compose: ComposeCli;
}

/** A checkpoint as it would run on this host now. Holds interpolated secrets: never leaves an activity. */
export interface LoadedCheckpoint {
  contents: CheckpointContents;
  model: ComposeModel;
  /** Configuration hash of each service, as `up` writes it on the containers. */
  hashes: Record<string, string>;
  /** Image id of each service; none where the image is not on the engine. */
  images: Record<string, string | undefined>;
  /** Services whose image is pinned by id, since its name means another image by now. */
  pinned: Record<string, string>;
  /** A Compose file to be merged over the checkpoint's own, where it runs other than that says. */
  overlay: string | undefined;
  /** Mounts of what is protected that are made read-only, by service: their files say otherwise. */
  readOnly: Record<string, ComposeMount[]>;
}

export type LoadContext = Pick<
  EffectContext,
  'plan' | 'home' | 'operation' | 'attempt' | 'signal' | 'sealed' | 'keep' | 'identityOf'
>;

export interface LoadOptions {
  /** As its files say, also where what is protected would be written to. */
  asWritten?: true;
}

/**
 * Reads a checkpoint's contents as Compose understands them, before they are active. The contents lie in the home's scratch folder
 * meanwhile. @param images ids that services must run: where a name means another image by now, the id is pinned
 * @throws SwitchbackError `PlanInvalid` (Compose refuses the files), `PreconditionFailed` (an env file that steers Compose, a pinned
 * image that is gone)
 */
export async function loadCheckpoint(
  dependencies: CheckpointDependencies,
  context: LoadContext,
  contents: CheckpointContents,
  images: Record<string, string> = {},
  replicas: Record<string, number> = {},
  options: LoadOptions = {},
): Promise<LoadedCheckpoint> {
  const known = loaded.get(context) ?? new Map<string, Promise<LoadedCheckpoint>>();
  loaded.set(context, known);
  const key = canonicalJson([
    contents.compose?.digest ?? null,
    contents.env?.digest ?? null,
    images,
    replicas,
    options,
  ]);
  const loading = known.get(key) ?? load(dependencies, context, contents, { images, replicas, ...options });
  known.set(key, loading);
  try {
    // What the files hold is the same; how they are to be written (as a link, with which mode) may differ.
    return { ...(await loading), contents };
  } catch (error) {
    known.delete(key);
    throw error;
  }
}

/** Within one attempt the same contents are asked for several times, and each answer costs two runs of Compose. */
const loaded = new WeakMap<LoadContext, Map<string, Promise<LoadedCheckpoint>>>();

async function load(
  dependencies: CheckpointDependencies,
  context: LoadContext,
  contents: CheckpointContents,
  { images, replicas, asWritten }: { images: Record<string, string>; replicas: Record<string, number> } & LoadOptions,
): Promise<LoadedCheckpoint> {
  const { engine, compose } = dependencies;
  const { stack } = context.plan;
  if (!contents.compose)
    return {
      ...{ contents, model: emptyModel(stack.project), hashes: {}, images: {} },
      ...{ pinned: {}, readOnly: {}, overlay: undefined },
    };
  if (contents.env) refuseSteering(stack.env ?? 'the env file', contents.env.bytes.toString('utf8'));
  const { signal } = context;
  return inScratch(context, async (folder) => {
    const composeFile = join(folder, 'compose.yml');
    const envFile = join(folder, 'env');
    await writeFile(composeFile, contents.compose!.bytes, { mode: 0o600 });
    if (contents.env) await writeFile(envFile, contents.env.bytes, { mode: 0o600 });
    const project: ComposeProject = {
      name: stack.project,
      directory: stack.directory,
      files: [composeFile],
      envFile: contents.env ? envFile : undefined,
      profiles: stack.profiles,
    };
    let { model, text } = await compose.model(project, { signal });
    const pinned = await imagesToPin(engine, model, images, signal);
    let readOnly: LoadedCheckpoint['readOnly'] = {};
    let overlay: string | undefined;
    const lay = async () => {
      overlay = overlayOf(model, { pinned, replicas, readOnly });
      if (overlay === undefined) return;
      const over = join(folder, 'overlay.json');
      await writeFile(over, overlay, { mode: 0o600 });
      ({ model, text } = await compose.model({ ...project, files: [composeFile, over] }, { signal }));
    };
    await lay();
    if (asWritten === undefined) {
      readOnly = await mountsToRestrict(dependencies, context, model);
      if (Object.keys(readOnly).length > 0) await lay();
    }
    await lookUpContents(compose, model, project, folder, signal);
    const hashes = await compose.hashes(project, text, { signal });
    return { contents, model, hashes, images: await imageIds(engine, model, signal), pinned, readOnly, overlay };
  });
}

/** Fills in what configs and secrets get from variables, as Compose itself reads the env file. */
async function lookUpContents(
  compose: ComposeCli,
  model: ComposeModel,
  project: ComposeProject,
  folder: string,
  signal: AbortSignal,
): Promise<void> {
  const given = [...Object.values(model.configs), ...Object.values(model.secrets)];
  const names = given.flatMap(({ environment }) => environment ?? []);
  if (names.length === 0) return;
  const asking = join(folder, 'contents.json');
  const environment = Object.fromEntries(names.map((name) => [name, `\${${name}-}`]));
  await writeFile(asking, JSON.stringify({ services: { contents: { image: 'none', environment } } }), { mode: 0o600 });
  const answer = await compose.model({ ...project, files: [asking] }, { signal });
  const values = answer.model.services['contents']?.environment ?? {};
  for (const one of given) if (one.environment !== undefined) one.content = values[one.environment] ?? '';
}

/** What the plan lets nobody but its writers write to, and others see only. */
async function mountsToRestrict(
  dependencies: CheckpointDependencies,
  context: LoadContext,
  model: ComposeModel,
): Promise<LoadedCheckpoint['readOnly']> {
  const restricted = context.plan.protect.some((resource) => 'others' in resource && resource.others === 'read-only');
  if (!restricted) return {};
  const { engine } = dependencies;
  const images = await imageIds(engine, model, context.signal);
  const baseline = await baselineOf(dependencies, context);
  const { readOnly } = judgeStrangers(await strangersOf(engine, context, { model, images }, baseline));
  const mounts: LoadedCheckpoint['readOnly'] = {};
  for (const { stranger } of readOnly) {
    const { service } = stranger;
    const mount = model.services[service]?.volumes?.find(({ target }) => target === stranger.mount.target);
    if (mount !== undefined) mounts[service] = [...(mounts[service] ?? []), { ...mount, read_only: true }];
  }
  return mounts;
}

/** Who writes in the baseline, and with which images. */
export function baselineOf(dependencies: CheckpointDependencies, context: LoadContext) {
  return readBaseline(dependencies.engine, context, async (contents) => {
    return (await loadCheckpoint(dependencies, context, contents, {}, {}, { asWritten: true })).model;
  });
}

async function imageIds(
  engine: DockerEngine,
  model: ComposeModel,
  signal: AbortSignal,
): Promise<Record<string, string | undefined>> {
  const ids = enabledServices(model).map(async ([name]) => {
    const image = await engine.inspectImage(imageOf(model, name), { signal });
    return [name, image?.Id] as const;
  });
  return Object.fromEntries(await Promise.all(ids));
}

async function imagesToPin(
  engine: DockerEngine,
  model: ComposeModel,
  images: Record<string, string>,
  signal: AbortSignal,
): Promise<Record<string, string>> {
  const now = await imageIds(engine, model, signal);
  const pinned: Record<string, string> = {};
  for (const [service, id] of Object.entries(images)) {
    if (!(service in now) || now[service] === id) continue;
    if (!(await engine.inspectImage(id, { signal }))) {
      throw new SwitchbackError('PreconditionFailed', `the image that service ${service} ran is gone: ${id}`, {
        hint:
          `Load it from a copy with \`docker load\`, or pull it by its digest: ${imageOf(model, service)} that is built again is another image. ` +
          'Where it is lost, bring the service up by hand, and say done-by-hand with a proof.',
        facts: { service, image: id },
      });
    }
    pinned[service] = id;
  }
  return pinned;
}

let loads = 0;

async function inScratch<T>(context: LoadContext, work: (folder: string) => Promise<T>): Promise<T> {
  const ofOperation = `checkpoint-${context.operation.id.replaceAll(/[^\w-]+/g, '-')}-`;
  const ofAttempt = `${ofOperation}${context.attempt}-${process.pid}-`;
  // What attempts that were killed left: it holds env files.
  for (const name of await readdir(context.home.scratch)) {
    const left = name.startsWith(ofOperation) && !name.startsWith(ofAttempt);
    if (left) await rm(join(context.home.scratch, name), { recursive: true, force: true });
  }
  const folder = join(context.home.scratch, `${ofAttempt}${(loads += 1)}`);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function emptyModel(name: string): ComposeModel {
  return { name, services: {}, volumes: {}, networks: {}, configs: {}, secrets: {} };
}
