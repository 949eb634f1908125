import { enabledServices, replicasOf } from '../compose/index.ts';
import type { ComposeModel, ComposeService } from '../compose/index.ts';

/** What all services of a checkpoint may use together. One-shots count: at the start they run beside the others. */
export interface Demand {
  services: number;
  cpus: number;
  memoryBytes: number;
  /** Services without a limit of memory: they are in none of the sums. */
  unlimited: string[];
}

/** Adds up the limits that a Compose file sets, as Compose itself has normalised it. */
export function sumLimits(model: ComposeModel): Demand {
  const demand: Demand = { services: 0, cpus: 0, memoryBytes: 0, unlimited: [] };
  for (const [name, service] of enabledServices(model)) {
    const replicas = replicasOf(service);
    const { cpus, memoryBytes } = limitsOf(service);
    demand.services += 1;
    demand.cpus += cpus * replicas;
    demand.memoryBytes += memoryBytes * replicas;
    if (memoryBytes === 0) demand.unlimited.push(name);
  }
  // 0.1 + 0.2: what people add up has at most three figures behind the point.
  demand.cpus = Math.round(demand.cpus * 1000) / 1000;
  return demand;
}

function limitsOf(service: ComposeService): { cpus: number; memoryBytes: number } {
  const limits = service.deploy?.resources?.limits;
  return {
    cpus: numberOf(limits?.cpus) || numberOf(service['cpus']),
    memoryBytes: numberOf(limits?.memory) || numberOf(service['mem_limit']),
  };
}

/** Compose writes sizes as strings of digits. */
function numberOf(value: unknown): number {
  const number = typeof value === 'string' || typeof value === 'number' ? Number(value) : 0;
  return Number.isFinite(number) && number > 0 ? number : 0;
}
