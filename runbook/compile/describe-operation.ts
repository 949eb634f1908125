import { definitionOf, type Operation } from '../operations/index.ts';
import type { OperationDescription } from './plan-description.ts';

/** An operation in words: what it does, touches and looks at, and how it is taken back. */
export function describeOperation(operation: Operation): OperationDescription {
  const { id, kind, summary, effects, undo, host, timeoutSeconds } = operation;
  return {
    id,
    kind,
    summary,
    effects: effects.map((effect) => `${effect.change} ${effect.resource}`),
    looksAt: definitionOf(kind).looksAt(operation.input),
    undo: {
      by: undo.by,
      summary: undo.summary,
      lossy: undo.by === 'operation' && undo.lossy,
      ...(undo.by === 'impossible' ? { cause: undo.cause } : {}),
    },
    host,
    timeoutSeconds,
  };
}
