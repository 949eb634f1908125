import type Docker from 'dockerode';

import { pause } from './deadline.ts';
import type { DockerEngine } from './docker-engine.ts';
import type { CallOptions } from './engine-connection.ts';

/** What a container uses. `undefined` where the engine did not say. */
export interface ContainerUsage {
  id: string;
  /** In CPUs: 1.5 is one and a half cores. */
  cpus: number | undefined;
  /** Without the file cache, as `docker stats` shows it. */
  memoryBytes: number | undefined;
  memoryLimitBytes: number | undefined;
}

/**
 * Measures containers at the same time, from two samples `overMs` apart: one sample alone has no difference to compute the CPU
 * from. A container that went away in between is left out.
 */
export async function measureUsage(
  engine: DockerEngine,
  ids: readonly string[],
  options: CallOptions & { overMs?: number } = {},
): Promise<ContainerUsage[]> {
  const first = await sampleAll(engine, ids, options);
  await pause(options.overMs ?? 1000, options.signal);
  const second = await sampleAll(engine, ids, options);
  return ids.flatMap((id) => {
    const before = first.get(id);
    const after = second.get(id);
    return after === undefined ? [] : [{ id, cpus: cpusBetween(before, after), ...memoryOf(after) }];
  });
}

async function sampleAll(
  engine: DockerEngine,
  ids: readonly string[],
  options: CallOptions,
): Promise<Map<string, Docker.ContainerStats>> {
  const samples = await Promise.all(
    ids.map(async (id) => {
      const stats = await engine.find(`stats of container ${id}`, options, (docker) =>
        docker.getContainer(id).stats({ stream: false, 'one-shot': true }),
      );
      // A container that does not run answers with zeros instead of figures.
      return stats?.cpu_stats?.system_cpu_usage === undefined ? undefined : ([id, stats] as const);
    }),
  );
  return new Map(samples.filter((sample) => sample !== undefined));
}

function cpusBetween(before: Docker.ContainerStats | undefined, after: Docker.ContainerStats): number | undefined {
  if (!before) return undefined;
  const used = after.cpu_stats.cpu_usage.total_usage - before.cpu_stats.cpu_usage.total_usage;
  const system = after.cpu_stats.system_cpu_usage - before.cpu_stats.system_cpu_usage;
  const online = after.cpu_stats.online_cpus || 1;
  return system > 0 && used >= 0 ? (used / system) * online : undefined;
}

function memoryOf(stats: Docker.ContainerStats): Pick<ContainerUsage, 'memoryBytes' | 'memoryLimitBytes'> {
  const memory = stats.memory_stats;
  if (memory?.usage === undefined) return { memoryBytes: undefined, memoryLimitBytes: undefined };
  // cgroup v2 calls it inactive_file, v1 total_inactive_file.
  const detail = memory.stats as Record<string, number> | undefined;
  const cache = detail?.['total_inactive_file'] ?? detail?.['inactive_file'] ?? 0;
  return { memoryBytes: Math.max(0, memory.usage - cache), memoryLimitBytes: memory.limit };
}
