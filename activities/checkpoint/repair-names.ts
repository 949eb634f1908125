import type { WorldContainer } from '../compose/index.ts';
import type { DockerEngine } from '../docker/index.ts';

/**
 * Compose recreates a container under `<id>_<name>` and renames it at the end. One that was killed in between leaves that name for good:
 * Compose takes it as it finds it. @returns names that were put right
 */
export async function repairNames(
  engine: DockerEngine,
  own: readonly WorldContainer[],
  options: { signal: AbortSignal },
): Promise<string[]> {
  const taken = new Set(own.map((container) => container.name));
  const repaired: string[] = [];
  for (const container of own) {
    const name = /^[0-9a-f]{12}_(.+)$/.exec(container.name)?.[1];
    if (name === undefined || taken.has(name)) continue;
    await engine.call(`rename container ${container.name}`, options, (docker) =>
      docker.getContainer(container.id).rename({ name }),
    );
    repaired.push(name);
  }
  return repaired;
}
