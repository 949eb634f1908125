import { WorkflowFailedError, type ApplicationFailure } from '@temporalio/client';
import { isErrorName } from '../../runbook/errors.ts';
import { GuidedError } from '../command-line/failure.ts';
import { withFlags } from './next-steps.ts';

/** What made a workflow fail, in the words of the activity that threw it; other errors as they are. */
export function whyFailed(error: unknown, what: string): unknown {
  if (!(error instanceof WorkflowFailedError)) return error;
  const chain: (Error & Partial<Pick<ApplicationFailure, 'type' | 'details'>>)[] = [];
  for (let cause: unknown = error.cause; cause instanceof Error; cause = cause.cause) chain.push(cause);
  // What is around an activity's own failure says where it was thrown; what is below it says less.
  const own = chain.find(({ type }) => isErrorName(type)) ?? chain.at(-1);
  const hint = (own?.details?.[0] as { hint?: string } | undefined)?.hint;
  const { type, message = error.message } = own ?? {};
  return new GuidedError(isErrorName(type) ? type : 'StepFailed', `${what}: ${message}`, {
    ...(hint !== undefined && { hint }),
    next: [{ type: withFlags('switchback doctor', ''), why: 'what is missing' }],
  });
}
