import { readFile } from 'node:fs/promises';
import { totalmem } from 'node:os';

import { measureUsage } from '../docker/index.ts';
import type { CallOptions, DockerEngine } from '../docker/index.ts';
import { composeLabel } from '../compose/index.ts';

export interface HostMemory {
  totalBytes: number;
  /** What a stack may take that replaces the project's own containers: what is available, and what those use now. */
  forProjectBytes: number;
}

/** How much memory the engine's host has for a project, as it stands now. */
export async function hostMemory(
  engine: DockerEngine,
  project: string,
  options: CallOptions = {},
): Promise<HostMemory> {
  const [{ MemTotal }, containers] = await Promise.all([engine.info(options), engine.listAll(options)]);
  const running = containers.filter(({ State }) => State === 'running');
  const usage = await measureUsage(
    engine,
    running.map(({ Id }) => Id),
    { ...options, overMs: 0 },
  );
  const usedBy = (ids: Set<string>) =>
    usage.reduce((sum, { id, memoryBytes }) => sum + (ids.has(id) ? (memoryBytes ?? 0) : 0), 0);
  const own = running.filter(({ Labels }) => Labels[composeLabel.project] === project);
  const used = usedBy(new Set(own.map(({ Id }) => Id)));
  const available = (await availableHere(MemTotal)) ?? MemTotal - usedBy(new Set(running.map(({ Id }) => Id)));
  return { totalBytes: MemTotal, forProjectBytes: Math.min(MemTotal, available + used) };
}

/** The kernel's own estimate, where this process is on the engine's host: Docker Desktop's engine has a memory of its own. */
async function availableHere(engineTotal: number): Promise<number | undefined> {
  if (process.platform !== 'linux' || Math.abs(totalmem() - engineTotal) > engineTotal * 0.01) return undefined;
  const line = /^MemAvailable:\s+(\d+) kB$/m.exec(await readFile('/proc/meminfo', 'utf8'));
  return line === null ? undefined : Number(line[1]) * 1024;
}
