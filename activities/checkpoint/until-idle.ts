import type { EffectContext } from '../effect.ts';
import type { CheckpointDependencies } from './load-checkpoint.ts';

/** Ends what a dead worker's Compose still does to the stack, and waits for that of a living one. @throws SwitchbackError `Busy` */
export async function untilIdle(
  { compose }: CheckpointDependencies,
  context: Pick<EffectContext, 'plan' | 'home' | 'operation' | 'signal'>,
): Promise<void> {
  await compose.untilIdle(context.plan.stack.project, {
    lockFolder: context.home.root,
    doing: context.operation.id,
    signal: context.signal,
  });
}
