import { SwitchbackError } from '../../runbook/errors.ts';
import type { DockerEngine } from '../docker/index.ts';
import type { EffectHandler } from '../effect.ts';
import type { CheckpointSight } from '../preflight/index.ts';
import { hostMemory, judgeDemand, showBytes, sumLimits } from '../resources/index.ts';

export interface BudgetDependencies {
  engine: DockerEngine;
  checkpoints: Pick<CheckpointSight, 'modelOf'>;
}

/**
 * Compares what the coming checkpoint may use with the plan's budget, and with the memory that the host has free for it.
 * With `over: stop`, throws `ResourceExhausted` that names every bound and by how much it is exceeded.
 */
export function checkBudgetHandler(deps: BudgetDependencies): EffectHandler<'checkBudget'> {
  return {
    prepare: async () => ({ undo: { by: 'nothing', summary: 'it only looks' }, facts: {} }),
    observe: async () => 'absent',
    async perform(input, context) {
      const { compose, env, budget } = input;
      const model = await deps.checkpoints.modelOf(context, {
        compose,
        ...(env === undefined ? {} : { env }),
      });
      const demand = sumLimits(model);
      const host = await hostMemory(deps.engine, context.plan.stack.project, { signal: context.signal });
      const excesses = judgeDemand(demand, budget, host);
      const messages = excesses.map(({ message }) => message);
      if (excesses.length > 0 && budget?.over === 'stop') {
        throw new SwitchbackError('ResourceExhausted', `${compose} asks for too much: ${messages.join('; ')}`, {
          hint: 'Lower the limits in the Compose file, free memory on the host, or raise the budget.',
          facts: { ...sums(demand), freeMemoryBytes: host.forProjectBytes },
        });
      }
      const asked = `${demand.services} services with limits of ${demand.cpus} cpus and ${showBytes(demand.memoryBytes)}`;
      const without =
        demand.unlimited.length === 0 ? '' : `; without a limit of memory: ${demand.unlimited.join(', ')}`;
      const judged =
        messages.length === 0 ? `fits into ${showBytes(host.forProjectBytes)}` : `warning: ${messages.join('; ')}`;
      if (messages.length > 0) context.log(`${compose}: ${messages.join('; ')}`);
      return {
        summary: `${asked}: ${judged}${without}`,
        facts: {
          ...sums(demand),
          unlimited: demand.unlimited.slice(0, 50),
          freeMemoryBytes: host.forProjectBytes,
          warnings: messages,
        },
        effect: { compose, ...sums(demand) },
      };
    },
  };
}

const sums = ({ services, cpus, memoryBytes }: { services: number; cpus: number; memoryBytes: number }) => ({
  services,
  cpus,
  memoryBytes,
});
