import { errorTable, isErrorName, SwitchbackError } from '../../runbook/errors.ts';
import type { PlanIssue } from '../plan-file/plan-issue.ts';
import { exitCodes, type NextStep } from './answer.ts';
import { InvalidPlan } from './invalid-plan.ts';
import { Interrupted, UsageError } from './usage-error.ts';

/** How a command ends that did not succeed. */
export interface Failure {
  name: string;
  message: string;
  hint?: string;
  next?: readonly NextStep[];
  facts?: object;
  /** All that is wrong with a plan. */
  issues?: readonly PlanIssue[];
  exitCode: number;
}

/** Errors that bring what to type next with them. */
export class GuidedError extends SwitchbackError {
  constructor(
    name: SwitchbackError['name'],
    message: string,
    readonly guide: {
      hint?: string;
      next?: readonly NextStep[];
      facts?: Record<string, string | number | boolean | null>;
    } = {},
    options?: { cause?: unknown },
  ) {
    super(
      name,
      message,
      { ...(guide.hint && { hint: guide.hint }), ...(guide.facts && { facts: guide.facts }) },
      options,
    );
  }
}

const isCommander = (error: unknown): error is Error =>
  error instanceof Error && String((error as { code?: unknown }).code).startsWith('commander.');

/** What an error means to the person who typed: every way out of the program goes through here. */
export function describeFailure(error: unknown): Failure {
  if (error instanceof UsageError) {
    return {
      name: 'UsageError',
      message: error.message,
      exitCode: exitCodes.usage,
      ...(error.hint && { hint: error.hint }),
    };
  }
  if (error instanceof Interrupted)
    return { name: 'Interrupted', message: error.message, exitCode: exitCodes.interrupted };
  if (isCommander(error)) {
    const message = error.message.replace(/^error: /, '');
    return {
      name: 'UsageError',
      message,
      exitCode: exitCodes.usage,
      hint: 'switchback --help lists what can be typed.',
    };
  }
  if (error instanceof Error && isErrorName(error.name)) {
    const { hint, facts } = error as SwitchbackError;
    return {
      name: error.name,
      message: error.message,
      exitCode: errorTable[error.name].exitCode,
      ...(hint !== undefined && { hint }),
      ...(facts && Object.keys(facts).length > 0 && { facts }),
      ...(error instanceof GuidedError && error.guide.next && { next: error.guide.next }),
      ...(error instanceof InvalidPlan && { issues: error.issues }),
    };
  }
  const message = error instanceof Error ? error.message : String(error);
  return {
    name: error instanceof Error ? error.name : 'Error',
    message: message || 'an error without a message',
    hint: 'This is a mistake in Switchback itself. Repeat the command with --verbose and report what it prints.',
    exitCode: exitCodes.bug,
  };
}
