import type { PerformRequest } from '../../runbook/activities.ts';
import { asksForEffect } from '../../runbook/rollback-operations.ts';
import { definitionOf, type OperationKind } from '../../runbook/operations.ts';
import { isBeingTakenBack } from '../../runbook/being-taken-back.ts';
import { operationKey, type OperationRecord } from '../../runbook/target-state.ts';
import type { EffectContext, EffectHandler, Performed } from '../effect.ts';
import type { OpenTarget } from './target-access.ts';

/** How to look at an operation that is to be taken back. */
export interface Looking {
  handlerOf(forward: OperationRecord): Promise<EffectHandler<OperationKind>>;
  contextOf(forward: OperationRecord): Promise<EffectContext>;
}

/**
 * An undo of operations that never reported: if the world says that none of them ever began to take effect, there is nothing to take
 * back. Files and containers say so only until an undo begins: what it has put back looks as if it had never been touched, while the rest
 * still stands. From then on the undo alone can tell whether it is done.
 */
export async function nothingToTakeBack(
  { run, operation }: PerformRequest,
  target: OpenTarget,
  looking: Looking,
): Promise<Performed | undefined> {
  const undoes = operation.undoes ?? [];
  if (undoes.length === 0 || operation.always) return undefined;
  const state = await target.journal.refresh();
  const self = operationKey(run.runId, operation.id);
  const begunBefore = (state.operations.get(self)?.attempt ?? 1) > 1;
  for (const key of undoes) {
    const forward = state.operations.get(key);
    if (!forward || forward.receipt !== undefined || forward.status === 'by-hand') return undefined;
    // What only asks has taken nothing back, however often it has asked.
    const begun = !asksForEffect(operation) && (begunBefore || isBeingTakenBack(state, key, self));
    if (begun && !definitionOf(forward.operation.kind).leavesEvidence) return undefined;
    if (!(await isUntouched(forward, looking))) return undefined;
  }
  return {
    summary: 'what this takes back had taken no effect: nothing to do',
    facts: {},
    effect: { nothing: true },
  };
}

async function isUntouched(forward: OperationRecord, looking: Looking): Promise<boolean> {
  const handler = await looking.handlerOf(forward);
  const context = await looking.contextOf(forward);
  const { operation, prepared } = forward;
  if (handler.untouched) return handler.untouched(operation.input, context, prepared);
  return (await handler.observe(operation.input, context, prepared)) === 'absent';
}
