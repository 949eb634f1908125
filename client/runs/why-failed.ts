import { WorkflowFailedError } from '@temporalio/client';
import { isErrorName } from '../../runbook/errors.ts';
import { GuidedError } from '../command-line/failure.ts';
import { withFlags } from './next-steps.ts';

/** What made a workflow fail, in the words of the activity that threw it; other errors as they are. */
export function whyFailed(error: unknown, what: string): unknown {
  if (!(error instanceof WorkflowFailedError)) return error;
  let cause: unknown = error.cause;
  // The activity's own failure says what is wrong; what is around it says where it was thrown.
  while (cause instanceof Error && cause.cause instanceof Error) cause = cause.cause;
  const { type, message, details } = cause as { type?: string; message: string; details?: unknown[] };
  const hint = (details?.[0] as { hint?: string } | undefined)?.hint;
  return new GuidedError(isErrorName(type) ? type : 'StepFailed', `${what}: ${message}`, {
    ...(hint !== undefined && { hint }),
    next: [{ type: withFlags('switchback doctor', ''), why: 'what is missing' }],
  });
}
