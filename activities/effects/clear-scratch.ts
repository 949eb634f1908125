import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { operationObjectName } from '../../runbook/names.ts';
import type { OperationKind } from '../../runbook/operations.ts';
import type { EffectContext, EffectHandler } from '../effect.ts';

/** The same handler, which takes its helpers' scratch folder with it once its receipt is durable; of one that fails, reconcile does. */
export const clearingScratch = <K extends OperationKind>(handler: EffectHandler<K>): EffectHandler<K> => ({
  ...handler,
  settle: async (input, context) => {
    await handler.settle?.(input, context);
    await clearScratch(context);
  },
});

/** Removes the folder that helpers of an operation have used: for one that only looks, however that ends. */
export async function clearScratch({
  target,
  runId,
  operation,
  home,
}: Pick<EffectContext, 'target' | 'runId' | 'home'> & { operation: { id: string } }): Promise<void> {
  const folder = join(home.scratch, operationObjectName(target, runId, operation.id, 'helper'));
  await rm(folder, { recursive: true, force: true });
}
