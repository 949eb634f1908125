import {
  compareContainer,
  enabledServices,
  judgeServices,
  lookAtServices,
  orphansOf,
  readWorld,
  replicasOf,
  seeContainers,
  type SeenContainer,
  type WorldContainer,
} from '../compose/index.ts';
import type { CheckpointDependencies, LoadedCheckpoint } from './load-checkpoint.ts';
import { runs } from './settle-orphans.ts';

/**
 * Whether the containers are what a checkpoint describes, all of them well: made from its configuration and images, ready, and no
 * others beside them. Then `up` would only run the one-shots again.
 */
export async function standsAt(
  { engine, compose }: CheckpointDependencies,
  loaded: LoadedCheckpoint,
  options: { project: string; signal: AbortSignal; beside: readonly string[] },
): Promise<boolean> {
  const [world, seen, version] = await Promise.all([
    readWorld(engine, options.project, options),
    seeContainers(engine, options.project, options),
    compose.version(options),
  ]);
  for (const [service, definition] of enabledServices(loaded.model)) {
    const containers = world.own.filter((container) => container.service === service);
    if (containers.length !== replicasOf(definition)) return false;
    const asDefined = containers.every((container) => {
      const running = seen.find(({ id }) => id === container.id);
      return running && isAsDefined(container, running, loaded, version);
    });
    if (!asDefined) return false;
  }
  const orphans = orphansOf(world.own, loaded.model);
  if (orphans.some((orphan) => runs(orphan) && !options.beside.includes(orphan.name))) return false;
  const verdicts = judgeServices(loaded.model, await lookAtServices(engine, options));
  return verdicts.every(({ verdict }) => verdict === 'ready' || verdict === 'completed');
}

/**
 * Whether a container is what the checkpoint describes: as it runs, and made from the same configuration. Of one that another version of
 * Compose made, the hash of its configuration says nothing.
 */
export function isAsDefined(
  container: WorldContainer,
  seen: SeenContainer,
  { model, hashes, images }: Pick<LoadedCheckpoint, 'model' | 'hashes' | 'images'>,
  composeVersion: string,
): boolean {
  const service = container.service ?? '';
  const sameVersion = (container.composeVersion ?? composeVersion).replace(/^v/, '') === composeVersion;
  if (sameVersion && container.configHash !== hashes[service]) return false;
  return container.imageId === images[service] && compareContainer(model, seen, images[service]).length === 0;
}
