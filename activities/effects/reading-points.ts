import type { OperationKind } from '../../runbook/operations.ts';
import type { EffectHandler } from '../effect.ts';
import { usePoints } from '../points/index.ts';

/** The same handler, written down as a reader of recovery points while it works: none is removed meanwhile. */
export const readingPoints = <K extends OperationKind>(handler: EffectHandler<K>): EffectHandler<K> => ({
  ...handler,
  perform: (input, context, prepared) =>
    usePoints(context.home, context.operation.summary, () => handler.perform(input, context, prepared)),
});
