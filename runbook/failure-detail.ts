import type { ErrorName } from './errors.ts';
import type { Trigger } from './operations.ts';

export interface FailureDetail {
  name: ErrorName | 'Error';
  message: string;
  hint?: string;
  /** What the plan decides where one of its triggers has fired. */
  decide?: Trigger['decide'];
}
