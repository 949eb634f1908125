import { SwitchbackError } from '../../runbook/errors.ts';
import type { PlanIssue } from '../plan-file/plan-issue.ts';
import { plural } from '../rendering/quantity.ts';

/** A plan that cannot be run, with everything that is wrong with it: exit code 3. */
export class InvalidPlan extends SwitchbackError {
  constructor(
    file: string,
    readonly issues: readonly PlanIssue[],
  ) {
    const errors = issues.filter((issue) => issue.severity === 'error').length;
    super('PlanInvalid', `${file} cannot be run: ${plural(errors, 'mistake')}`);
  }
}
