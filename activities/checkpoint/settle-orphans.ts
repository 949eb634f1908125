import {
  orphansOf,
  composeLabel,
  readWorld,
  type ComposeModel,
  type StackWorld,
  type WorldContainer,
} from '../compose/index.ts';
import type { DockerEngine } from '../docker/index.ts';
import type { EffectContext } from '../effect.ts';

export interface SettledOrphans {
  removed: string[];
  stopped: string[];
}

/**
 * Ends containers of the project that the checkpoint has no service for, before `up`: they may hold ports and names that it needs.
 * Those that runs of ours made are removed; others are stopped only, so that what is in them is there when the way leads back.
 * @param stack `beside`: names of containers that run beside the checkpoint on purpose
 */
export async function settleOrphans(
  engine: DockerEngine,
  stack: { world: StackWorld; model: ComposeModel; ours: ReadonlySet<string>; beside: readonly string[] },
  options: { signal: AbortSignal; fence: () => Promise<void>; onOrphan: (name: string) => void },
): Promise<SettledOrphans> {
  const settled: SettledOrphans = { removed: [], stopped: [] };
  for (const orphan of orphansOf(stack.world.own, stack.model)) {
    const own = stack.ours.has(orphan.id);
    if (stack.beside.includes(orphan.name) || (!own && !runs(orphan))) continue;
    options.onOrphan(orphan.name);
    await options.fence();
    // By SIGTERM and with its own grace period, also where it is removed: it may have something to write down.
    if (runs(orphan)) await engine.stopContainer(orphan.id, { signal: options.signal });
    if (own) {
      const labels = { [composeLabel.project]: stack.model.name, [composeLabel.service]: orphan.service ?? '' };
      await engine.removeContainer(orphan.id, labels, { signal: options.signal });
    }
    (own ? settled.removed : settled.stopped).push(orphan.name);
  }
  return settled;
}

/** Starts containers again that another checkpoint had stopped. One that is gone is nobody's to miss. */
export async function startAgain(
  engine: DockerEngine,
  names: readonly string[],
  context: Pick<EffectContext, 'plan' | 'signal' | 'fence'>,
): Promise<void> {
  if (names.length === 0) return;
  const { own } = await readWorld(engine, context.plan.stack.project, { signal: context.signal });
  for (const container of own) {
    if (!names.includes(container.name) || runs(container)) continue;
    await context.fence();
    await engine.startContainer(container.id, { signal: context.signal });
  }
}

export function runs(container: WorldContainer): boolean {
  return ['running', 'paused', 'restarting'].includes(container.state);
}
