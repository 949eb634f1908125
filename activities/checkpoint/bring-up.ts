import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { SwitchbackError } from '../../runbook/errors.ts';
import {
  enabledServices,
  readWorld,
  waitUntilReady,
  type ComposeEvent,
  type ComposeProject,
  type WorldContainer,
} from '../compose/index.ts';
import type { EffectContext } from '../effect.ts';
import { imagePins, type CheckpointDependencies, type LoadedCheckpoint } from './load-checkpoint.ts';
import { isHalfMade, repairNames } from './repair-names.ts';

export interface BringUpOptions {
  /** Services to recreate although unchanged, with the short ids of the containers to be replaced. */
  recreate: Record<string, string[]>;
  /** These alone, and what they depend on left alone; all unless told. */
  only?: readonly string[];
  /** Called after containers may have been made, also when it failed. */
  onContainers: (own: WorldContainer[]) => Promise<void>;
  deadline: Deadline;
}

export interface BroughtUp {
  /** Services that have ended with 0, as they should. */
  completed: string[];
  /** One-shots that had ended already and were run once more. */
  ranAgain: string[];
  upMs: number;
  readyMs: number;
}

/** Milliseconds that are left of an operation's time. */
export type Deadline = () => number;

type Context = Pick<EffectContext, 'plan' | 'home' | 'operation' | 'signal' | 'fence' | 'progress'>;

/**
 * Brings the containers to the active files, which hold `loaded`'s contents: `up`, then what Compose does not see to be changed, then
 * waits until all are ready, and looks whether each runs the image that was looked up before. Safe to call again after a kill.
 * @throws SwitchbackError `Conflict`, `StepFailed`, `NotReady`, `ValidationMismatch` (another image runs)
 */
export async function bringUp(
  { engine, compose }: CheckpointDependencies,
  context: Context,
  loaded: LoadedCheckpoint,
  options: BringUpOptions,
): Promise<BroughtUp> {
  const { stack } = context.plan;
  const { signal } = context;
  const look = async () => (await readWorld(engine, stack.project, { signal })).own;
  const total = enabledServices(loaded.model).length;
  const before = await look();
  const started = performance.now();
  const project = await activeProject(context, loaded);
  const repair = async () => {
    await repairNames(engine, await look(), { signal, fence: () => context.fence() });
  };
  const asked = () => ({
    signal,
    timeoutMs: Math.max(1000, options.deadline()),
    lockFolder: context.home.root,
    doing: context.operation.id,
    settle: repair,
    onEvent: (event: ComposeEvent) => context.progress({ doing: describe(event) }),
  });
  const up = async () => {
    await context.fence();
    await compose.up(project, asked());
  };
  const recreate = async (services: readonly string[], force: boolean) => {
    await context.fence();
    await againWhereHalfMade(() => compose.create(project, services, { ...asked(), force }));
    // What they depend on may have been made anew with them.
    const made = (await look())
      .filter((container) => container.state === 'created')
      .flatMap(({ service }) => service ?? []);
    await context.fence();
    await compose.start(project, [...new Set([...services, ...made])], asked());
  };
  try {
    // No Compose file: there was no stack before, and its containers are settled as orphans.
    if (options.only) await recreate(options.only, false);
    else if (loaded.contents.compose) await againWhereHalfMade(up);
    await repair();
    const unchanged = remaining(options.recreate, await look());
    if (unchanged.length > 0) await recreate(unchanged, true);
  } catch (error) {
    throw await explain(error, engine, context, loaded, options);
  } finally {
    // Not for a run that was overtaken or cancelled: the successor looks for itself.
    if (!signal.aborted) await options.onContainers(await look());
  }
  const upMs = performance.now() - started;
  const ready = await waitUntilReady(engine, {
    project: stack.project,
    model: loaded.model,
    ...(options.only ? { services: options.only } : {}),
    withinMs: options.deadline(),
    signal,
    onProgress: (done, all, doing) =>
      context.progress({ doing, done, total: options.only ? all : total, unit: 'services' }),
  });
  const after = await look();
  requireImages(loaded, after, options.only);
  return {
    completed: ready.completed,
    ranAgain: ready.completed.filter((service) => sameContainers(service, before, after)),
    upMs: Math.round(upMs),
    readyMs: Math.round(performance.now() - started - upMs),
  };
}

/** What a killed Compose had asked for may be done by the engine only now: its replacement appears after we looked. */
async function againWhereHalfMade(up: () => Promise<void>): Promise<void> {
  for (let tries = 3; ; tries -= 1) {
    try {
      await up();
      return;
    } catch (error) {
      const name = error instanceof SwitchbackError && error.name === 'Conflict' ? error.facts['container'] : undefined;
      if (tries === 1 || typeof name !== 'string' || !isHalfMade(name)) throw error;
    }
  }
}

async function activeProject(context: Context, loaded: LoadedCheckpoint): Promise<ComposeProject> {
  const { stack } = context.plan;
  const files = [join(stack.directory, stack.compose)];
  if (Object.keys(loaded.pinned).length > 0) {
    const pins = join(context.home.root, 'images.json');
    await writeFile(pins, imagePins(loaded.pinned), { mode: 0o600 });
    files.push(pins);
  }
  const envFile = loaded.contents.env && stack.env !== undefined ? join(stack.directory, stack.env) : undefined;
  return { name: stack.project, directory: stack.directory, files, envFile };
}

const ofService = (service: string, containers: readonly WorldContainer[]) =>
  containers.filter((container) => container.service === service).map((container) => container.id);

/** Services whose containers are still those that should be replaced. */
function remaining(recreate: Record<string, string[]>, own: readonly WorldContainer[]): string[] {
  return Object.entries(recreate)
    .filter(([service, ids]) => ofService(service, own).some((id) => ids.includes(id.slice(0, 12))))
    .map(([service]) => service);
}

function sameContainers(service: string, before: readonly WorldContainer[], after: readonly WorldContainer[]): boolean {
  const ended = before.filter((container) => container.state === 'exited');
  const now = ofService(service, after);
  return now.length > 0 && now.every((id) => ofService(service, ended).includes(id));
}

function requireImages(
  loaded: LoadedCheckpoint,
  own: readonly WorldContainer[],
  only: readonly string[] | undefined,
): void {
  for (const container of own) {
    const { service } = container;
    if (service === undefined || (only && !only.includes(service))) continue;
    const expected = loaded.images[service];
    if (expected === undefined || container.imageId === expected) continue;
    throw new SwitchbackError(
      'ValidationMismatch',
      `service ${service} runs image ${container.imageId}, not ${expected}`,
      {
        hint: `Somebody moved the tag of its image meanwhile: look at \`docker images\`, then retry.`,
        facts: { service, container: container.name },
      },
    );
  }
}

/** Compose says that a dependency failed; what the operator needs is which one, in what state, and its last words. */
async function explain(
  error: unknown,
  engine: CheckpointDependencies['engine'],
  context: Context,
  loaded: LoadedCheckpoint,
  options: BringUpOptions,
): Promise<unknown> {
  if (context.signal.aborted || !(error instanceof SwitchbackError)) return error;
  if (error.name !== 'StepFailed' && error.name !== 'NotReady') return error;
  try {
    await waitUntilReady(engine, {
      project: context.plan.stack.project,
      model: loaded.model,
      ...(options.only ? { services: options.only } : {}),
      withinMs: 0,
      signal: context.signal,
    });
    return error;
  } catch (why) {
    if (!(why instanceof SwitchbackError) || !['StepFailed', 'NotReady'].includes(why.name)) return error;
    return new SwitchbackError(
      error.name,
      `${why.message} (${error.message})`,
      { ...(why.hint === undefined ? {} : { hint: why.hint }), facts: why.facts },
      { cause: error },
    );
  }
}

function describe({ object, name, status }: ComposeEvent): string {
  return `${object.toLowerCase()} ${name}: ${status.toLowerCase()}`;
}
