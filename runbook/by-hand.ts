import { SwitchbackError } from './errors.ts';
import { definitionOf, type Operation } from './operations/index.ts';

/**
 * How an operation that a person has done is taken back, where no attempt of it has begun: one that has begun has written its way back down.
 * `compiled`: it needs nothing of the world. `prepare`: its handler works it out.
 * @throws SwitchbackError `PreconditionFailed` where only what stood before the work would say it
 */
export function undoOfByHand({ id, kind, undo }: Pick<Operation, 'id' | 'kind' | 'undo'>): 'compiled' | 'prepare' {
  if (undo.by !== 'operation') return 'compiled';
  if (definitionOf(kind).knowsUndoAfterwards) return 'prepare';
  throw new SwitchbackError(
    'PreconditionFailed',
    `no attempt of ${id} has begun, so how it is taken back is not written down`,
    {
      hint: 'Put back what you did, remove what keeps it from beginning, and retry; or skip it: then no rollback takes it back.',
    },
  );
}
