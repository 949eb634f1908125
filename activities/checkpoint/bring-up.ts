import { enabledServices, waitUntilReady, type WorldContainer } from '../compose/index.ts';
import { explainFailure } from './explain-failure.ts';
import type { CheckpointDependencies, LoadedCheckpoint } from './load-checkpoint.ts';
import { requireImages } from './require-images.ts';
import { stackCommands, type CommandContext, type StackCommands } from './stack-commands.ts';

export interface BringUpOptions {
  /** Services to recreate although unchanged, with the short ids of the containers to be replaced. */
  recreate: Record<string, string[]>;
  /** These alone, and what they depend on left alone; all unless told. */
  only?: readonly string[];
  /** Called after containers may have been made, also when it failed. */
  onContainers: (own: WorldContainer[]) => Promise<void>;
  /** Milliseconds that are left of the operation's time. */
  deadline: () => number;
}

export interface BroughtUp {
  /** Services that have ended with 0, as they should. */
  completed: string[];
  /** One-shots that had ended already and were run once more. */
  ranAgain: string[];
  upMs: number;
  readyMs: number;
}

/**
 * Brings the containers to the active files, which hold `loaded`'s contents: `up`, then what Compose does not see to be changed, then
 * waits until all are ready, and looks whether each runs the image that was looked up before. Safe to call again after a kill.
 * @throws SwitchbackError `Conflict`, `StepFailed`, `NotReady`, `ValidationMismatch` (another image runs)
 */
export async function bringUp(
  dependencies: CheckpointDependencies,
  context: CommandContext,
  loaded: LoadedCheckpoint,
  options: BringUpOptions,
): Promise<BroughtUp> {
  const { signal } = context;
  const stack = {
    project: context.plan.stack.project,
    model: loaded.model,
    ...(options.only ? { services: options.only } : {}),
  };
  const commands = await stackCommands(dependencies, context, loaded, options.deadline);
  const before = await commands.look();
  const began = performance.now();
  try {
    await act(commands, loaded, options);
  } catch (error) {
    throw await explainFailure(error, dependencies.engine, stack, signal);
  } finally {
    // Not for a run that was overtaken or cancelled: the successor looks for itself.
    if (!signal.aborted) await options.onContainers(await commands.look());
  }
  const upMs = Math.round(performance.now() - began);
  const { completed } = await waitUntilReady(dependencies.engine, {
    ...stack,
    withinMs: options.deadline(),
    signal,
    onProgress: (done, total, doing) => context.progress({ doing, done, total, unit: 'services' }),
  });
  const after = await commands.look();
  requireImages(loaded, after, options.only ?? enabledServices(loaded.model).map(([name]) => name));
  const ranAgain = completed.filter((service) => ranOn(service, before, after));
  return { completed, ranAgain, upMs, readyMs: Math.round(performance.now() - began) - upMs };
}

async function act(commands: StackCommands, loaded: LoadedCheckpoint, options: BringUpOptions): Promise<void> {
  if (options.only) await commands.recreate(options.only, false);
  // No Compose file: there was no stack before, and its containers were settled as orphans.
  else if (loaded.contents.compose) await commands.up();
  const unchanged = remaining(options.recreate, await commands.look());
  if (unchanged.length > 0) await commands.recreate(unchanged, true);
}

const idsOf = (service: string, containers: readonly WorldContainer[]) =>
  containers.filter((container) => container.service === service).map((container) => container.id);

/** Services whose containers are still those that should be replaced. */
function remaining(recreate: Record<string, string[]>, own: readonly WorldContainer[]): string[] {
  return Object.entries(recreate)
    .filter(([service, ids]) => idsOf(service, own).some((id) => ids.includes(id.slice(0, 12))))
    .map(([service]) => service);
}

/** Whether a service's containers are the same that had ended before. */
function ranOn(service: string, before: readonly WorldContainer[], after: readonly WorldContainer[]): boolean {
  const ended = idsOf(
    service,
    before.filter((container) => container.state === 'exited'),
  );
  const now = idsOf(service, after);
  return now.length > 0 && now.every((id) => ended.includes(id));
}
