import type { EffectContext } from '../effect.ts';
import { encryptionOf } from '../encryption/index.ts';
import type { HelperOwner } from '../volumes/index.ts';

/** Whose helper containers and scratch volumes those of an operation are. */
export function helperOwner(
  context: Pick<EffectContext, 'target' | 'runId' | 'home' | 'plan' | 'signal' | 'secret' | 'log'> & {
    operation: { id: string };
  },
): HelperOwner {
  const { target, runId, operation, home, signal } = context;
  const log = (message: string) => context.log(message);
  return {
    target,
    runId,
    operationId: operation.id,
    scratch: home.scratch,
    encryption: encryptionOf(context),
    signal,
    log,
  };
}
