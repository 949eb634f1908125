import { enabledServices, judgeServices, lookAtServices, orphansOf, readWorld, replicasOf } from '../compose/index.ts';
import type { DockerEngine } from '../docker/index.ts';
import type { LoadedCheckpoint } from './load-checkpoint.ts';
import { runs } from './settle-orphans.ts';

/**
 * Whether the containers are what a checkpoint describes, all of them well: made from its configuration and images, ready, and no
 * others beside them. Then `up` would only run the one-shots again.
 */
export async function standsAt(
  engine: DockerEngine,
  loaded: LoadedCheckpoint,
  options: { project: string; signal: AbortSignal; beside: readonly string[] },
): Promise<boolean> {
  const world = await readWorld(engine, options.project, options);
  for (const [service, definition] of enabledServices(loaded.model)) {
    const containers = world.own.filter((container) => container.service === service);
    if (containers.length !== replicasOf(definition)) return false;
    const asDefined = containers.every(
      (container) => container.configHash === loaded.hashes[service] && container.imageId === loaded.images[service],
    );
    if (!asDefined) return false;
  }
  const orphans = orphansOf(world.own, loaded.model);
  if (orphans.some((orphan) => runs(orphan) && !options.beside.includes(orphan.name))) return false;
  const verdicts = judgeServices(loaded.model, await lookAtServices(engine, options));
  return verdicts.every(({ verdict }) => verdict === 'ready' || verdict === 'completed');
}
