import {
  ActivityFailure,
  ApplicationFailure,
  CancelledFailure,
  ChildWorkflowFailure,
  isCancellation,
  TimeoutFailure,
} from '@temporalio/workflow';
import { isErrorName } from '../runbook/errors.ts';
import type { FailureDetail } from '../runbook/journal.ts';

/** What an operator is told about a failure: the innermost error that says something, with its hint. */
export function describeFailure(error: unknown): FailureDetail {
  const cause = innermost(error);
  if (cause instanceof ApplicationFailure) {
    const { hint, facts } = (cause.details?.[0] ?? {}) as { hint?: string; facts?: Pick<FailureDetail, 'decide'> };
    return {
      name: isErrorName(cause.type) ? cause.type : 'Error',
      message: cause.message,
      ...(hint === undefined ? {} : { hint }),
      ...(facts?.decide === undefined ? {} : { decide: facts.decide }),
    };
  }
  if (cause instanceof TimeoutFailure) return timeout(cause);
  if (cause instanceof CancelledFailure) return { name: 'Error', message: 'cancelled' };
  return { name: 'Error', message: cause instanceof Error ? cause.message : String(cause) };
}

function innermost(error: unknown): unknown {
  if ((error instanceof ActivityFailure || error instanceof ChildWorkflowFailure) && error.cause)
    return innermost(error.cause);
  return error;
}

function timeout(failure: TimeoutFailure): FailureDetail {
  switch (failure.timeoutType) {
    case 'SCHEDULE_TO_START':
      return {
        name: 'Unreachable',
        message: 'no worker took the operation in time',
        hint: 'Start a worker for its host (`switchback worker`), then retry.',
      };
    case 'HEARTBEAT':
      return {
        name: 'Unreachable',
        message: 'the worker that ran the operation stopped answering',
        hint: 'See whether it runs (`switchback doctor`), then retry.',
      };
    default:
      return {
        name: 'NotReady',
        message: 'the operation took longer than it may',
        hint: 'Look at what it waits for; retry continues it.',
      };
  }
}

/** The lease was lost: somebody newer owns the target, and this workflow must not touch it again. */
export const isLeaseLost = (error: unknown): boolean => describeFailure(error).name === 'LeaseLost';

/**
 * A cancel may surface as another failure (an activity that does not answer times out), so besides the error the scope is asked.
 */
export const wasCancelled = (error: unknown): boolean => isCancellation(error);
