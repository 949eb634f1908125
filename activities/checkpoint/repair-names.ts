import { composeLabel, type WorldContainer } from '../compose/index.ts';
import type { DockerEngine } from '../docker/index.ts';

/** What Compose calls a replacement until the container that it replaces is gone. */
const half = /^[0-9a-f]{12}_(.+)$/;

/** Whether a name is that of a replacement which was never finished. */
export const isHalfMade = (name: string) => half.test(name);

/**
 * Compose recreates a container under `<id>_<name>`, then removes the old one, then renames. Killed in between, it trips over its own
 * replacement the next time, or takes it with that name for good. So one that was never started is removed while the old one is there, and
 * gets its name where the old one is gone. @returns names that were put right
 */
export async function repairNames(
  engine: DockerEngine,
  own: readonly WorldContainer[],
  options: { signal: AbortSignal; fence: () => Promise<void> },
): Promise<string[]> {
  const taken = new Set(own.map((container) => container.name));
  const repaired: string[] = [];
  for (const container of own) {
    const name = half.exec(container.name)?.[1];
    if (name === undefined || (taken.has(name) && container.state !== 'created')) continue;
    await options.fence();
    if (taken.has(name)) {
      const labels = {
        [composeLabel.project]: container.project ?? '',
        [composeLabel.service]: container.service ?? '',
      };
      await engine.removeContainer(container.id, labels, options);
    } else {
      await engine.call(`rename container ${container.name}`, options, (docker) =>
        docker.getContainer(container.id).rename({ name }),
      );
      taken.add(name);
    }
    repaired.push(name);
  }
  return repaired;
}
