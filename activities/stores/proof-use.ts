import { SwitchbackError } from '../../runbook/errors.ts';
import { encryptionOf } from '../encryption/index.ts';
import type { ProofContext, StoredPoint } from '../points/index.ts';
import type { StoreUse } from './store.ts';

/** What a prover's operation lends to the store that a point is of. @throws `PlanInvalid` when the plan has no such store */
export function useForProof(point: StoredPoint, context: ProofContext): StoreUse {
  const store = point.manifest.source.resource.replace(/^store:/, '');
  const ref = context.plan.stores[store];
  if (ref === undefined) {
    throw new SwitchbackError(
      'PlanInvalid',
      `recovery point ${point.manifest.point} is of store ${store}, which the plan does not have`,
      {
        hint: 'Prove it with the plan that it was taken by.',
      },
    );
  }
  const { target, attempt, epoch, scratch, signal, plan, timeoutMs } = context;
  return {
    ...{ store, ref, target, attempt, epoch, scratch, signal, timeoutMs },
    directory: plan.stack.directory,
    project: plan.stack.project,
    plan: plan.name,
    protect: plan.protect,
    run: context.runId,
    operation: context.operationId,
    progress: (progress) => context.progress(progress),
    // Nothing here touches what is live.
    fence: async () => context.signal.throwIfAborted(),
    secret: (template) => context.secret(template),
    encryption: encryptionOf(context),
    log: (message) => context.log(message),
  };
}
