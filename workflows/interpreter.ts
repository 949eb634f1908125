import { CancellationScope } from '@temporalio/workflow';
import type { RunRef } from '../runbook/activities.ts';
import { leavesBehind } from '../runbook/consistency.ts';
import type { FailureDetail } from '../runbook/journal.ts';
import type { Operation } from '../runbook/operations.ts';
import { performOperation } from './calls.ts';
import { describeFailure } from './failure.ts';
import type { Session, Stop } from './session.ts';

export interface InterpreterHooks {
  /** Called after an operation is settled: done, skipped or done by hand. */
  settled(operation: Operation): void;
  /** What a failure means without asking anybody, where the plan has said so. */
  onFailure?(operation: Operation, error: FailureDetail): Stop | undefined;
  /** Called when recovery points have to be proven again before a cutover may begin. */
  proveAgain?(): Promise<Stop | undefined>;
}

/**
 * Performs operations in order. A failed one parks until a person has decided; none is dropped.
 * @returns what stopped the work early, or undefined when all operations are settled.
 */
export async function interpret(
  run: RunRef,
  operations: readonly Operation[],
  session: Session,
  hooks: InterpreterHooks,
): Promise<Stop | undefined> {
  for (const operation of operations) {
    const stop = await settle(run, operation, session, hooks);
    if (stop) return stop;
    hooks.settled(operation);
  }
  return undefined;
}

async function settle(
  run: RunRef,
  operation: Operation,
  session: Session,
  hooks: InterpreterHooks,
): Promise<Stop | undefined> {
  // Once for each time that a person lets it try: a proof that does not even last until the cutover never will.
  let provenAgain = false;
  for (;;) {
    await session.holdWhilePaused();
    if (session.stop) return session.stop;
    const error = await attempt(run, operation, session);
    if (error === undefined) return undefined;
    // Asked again: a command may have interrupted the operation.
    if (stopRequested(session)) return session.stop;
    if (error.name === 'ProofExpired' && hooks.proveAgain && !provenAgain) {
      session.tell(`${error.message}; they are proven again`);
      const stop = await hooks.proveAgain();
      if (stop) return stop;
      provenAgain = true;
      continue;
    }
    const planned = hooks.onFailure?.(operation, error);
    if (planned) return planned;
    const decision = await session.park(operation, error);
    switch (decision.decision) {
      case 'retry':
        provenAgain = false;
        break;
      case 'stop':
        return decision.stop;
      case 'doneByHand':
        return undefined;
      case 'skip':
        await session.journal([{ type: 'skipped', operation, by: decision.by, reason: decision.reason }]);
        if (leavesBehind(operation)) session.inconsistent = true;
        return undefined;
    }
  }
}

/** A getter in disguise: the field changes in signal handlers, which type narrowing does not know. */
const stopRequested = (session: Session): boolean => session.stop !== undefined;

/** @returns the failure, or undefined when the operation is done. */
async function attempt(run: RunRef, operation: Operation, session: Session): Promise<FailureDetail | undefined> {
  const { id, summary, stage } = operation;
  session.operation = { id, summary, stage, workflowId: '', startedAt: new Date().toISOString() };
  session.reportSoon();
  try {
    const receipt = await session.interruptible(() => performOperation(run, operation));
    session.note(`${summary}: ${receipt.summary}`);
    return undefined;
  } catch (error) {
    return describeFailure(error);
  } finally {
    session.operation = undefined;
  }
}

/**
 * Runs a workflow's body so that a cancel from outside reaches the session instead of tearing the work apart.
 */
export async function shielded<T>(session: { cancelledFromOutside(): void }, body: () => Promise<T>): Promise<T> {
  const root = CancellationScope.current();
  root.cancelRequested.catch(() => session.cancelledFromOutside());
  return CancellationScope.nonCancellable(body);
}
