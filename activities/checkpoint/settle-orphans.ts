import { orphansOf, composeLabel, type ComposeModel, type StackWorld, type WorldContainer } from '../compose/index.ts';
import type { DockerEngine } from '../docker/index.ts';

export interface SettledOrphans {
  removed: string[];
  stopped: string[];
}

/**
 * Ends containers of the project that the checkpoint has no service for, before `up`: they may hold ports and names that it needs.
 * Those that runs of ours made are removed; others are stopped only, so that what is in them is there when the way leads back.
 */
export async function settleOrphans(
  engine: DockerEngine,
  { world, model, ours }: { world: StackWorld; model: ComposeModel; ours: ReadonlySet<string> },
  options: { signal: AbortSignal; fence: () => Promise<void>; onOrphan: (name: string) => void },
): Promise<SettledOrphans> {
  const settled: SettledOrphans = { removed: [], stopped: [] };
  for (const orphan of orphansOf(world.own, model)) {
    const own = ours.has(orphan.id);
    if (!own && !runs(orphan)) continue;
    options.onOrphan(orphan.name);
    await options.fence();
    // By SIGTERM and with its own grace period, also where it is removed: it may have something to write down.
    if (runs(orphan)) await engine.stopContainer(orphan.id, { signal: options.signal });
    if (own) {
      const labels = { [composeLabel.project]: model.name, [composeLabel.service]: orphan.service ?? '' };
      await engine.removeContainer(orphan.id, labels, { signal: options.signal });
    }
    (own ? settled.removed : settled.stopped).push(orphan.name);
  }
  return settled;
}

export function runs(container: WorldContainer): boolean {
  return ['running', 'paused', 'restarting'].includes(container.state);
}
