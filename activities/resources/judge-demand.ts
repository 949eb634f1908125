import type { Budget } from '../../runbook/operations.ts';
import type { HostMemory } from './free-memory.ts';
import { showBytes } from './show-bytes.ts';
import type { Demand } from './sum-limits.ts';

/** One bound that a checkpoint exceeds. */
export interface Excess {
  what: 'cpus' | 'memory' | 'services' | 'free memory';
  /** In the operator's words, with the figures. */
  message: string;
}

/** What is over, and by how much: against the budget, and against the memory that is really free. Pure. */
export function judgeDemand(demand: Demand, budget: Budget | undefined, host: HostMemory): Excess[] {
  const excesses: Excess[] = [];
  const over = (
    what: Excess['what'],
    need: number,
    limit: number | undefined,
    bound: string,
    show: (value: number) => string,
  ) => {
    if (limit === undefined || need <= limit) return;
    excesses.push({
      what,
      message: `${show(need)} ${what === 'free memory' ? 'memory' : what}, ${show(need - limit)} over ${bound} ${show(limit)}`,
    });
  };
  const plain = (value: number) => String(Math.round(value * 1000) / 1000);
  over('cpus', demand.cpus, budget?.cpus, 'the budget of', plain);
  over('memory', demand.memoryBytes, budget?.memoryBytes, 'the budget of', showBytes);
  over('services', demand.services, budget?.services, 'the budget of', plain);
  over('free memory', demand.memoryBytes, host.forProjectBytes, "the host's free", showBytes);
  return excesses;
}
