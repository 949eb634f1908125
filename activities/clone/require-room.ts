import { SwitchbackError } from '../../runbook/errors.ts';
import type { ComposeModel } from '../compose/index.ts';
import type { DockerEngine } from '../docker/index.ts';
import { hostMemory, measureServices, showBytes } from '../resources/index.ts';
import { freeBytes } from '../volumes/index.ts';

/** A clone does what the original does, and helpers beside it. */
const margin = 1.25;
const floorBytes = 64 * 1024 * 1024;

/** What a clone needs: as much as the original uses now, or what its services have reserved. Pure. */
export function memoryNeed(usedBytes: number, models: readonly ComposeModel[]): number {
  const reserved = models.map((model) =>
    Object.values(model.services).reduce((sum, service) => {
      const { memory } =
        (service.deploy?.resources as { reservations?: { memory?: string } } | undefined)?.reservations ?? {};
      return sum + Number(memory ?? service['mem_reservation'] ?? 0);
    }, 0),
  );
  return Math.ceil(Math.max(usedBytes, ...reserved) * margin) + floorBytes;
}

/** @throws SwitchbackError `ResourceExhausted` when a clone would take memory that the host does not have free */
export async function requireMemory(
  engine: DockerEngine,
  project: string,
  models: readonly ComposeModel[],
  signal: AbortSignal,
): Promise<void> {
  const { totals } = await measureServices(engine, project, 'rehearsal', { signal });
  const { forProjectBytes } = await hostMemory(engine, project, { signal });
  requireFree('memory', memoryNeed(totals.memory_bytes, models), forProjectBytes - totals.memory_bytes);
}

/** @throws SwitchbackError `ResourceExhausted` when the copies would not fit. */
export async function requireDisk(needBytes: number, folder: string): Promise<void> {
  requireFree('disk', Math.ceil(needBytes * margin) + floorBytes, await freeBytes(folder));
}

function requireFree(what: 'memory' | 'disk', need: number, have: number): void {
  if (need <= have) return;
  throw new SwitchbackError(
    'ResourceExhausted',
    `a clone of the stack needs ${showBytes(need)} of ${what}, ${showBytes(Math.max(0, have))} are free`,
    { hint: `Rehearse where there is more ${what}, or free some.`, facts: { need, have } },
  );
}
