import type { LookAhead, LookAheadRequest, VerificationReport } from '../runbook/activities.ts';
import { control } from './calls.ts';

/** Checks once whether a target is at the checkpoint that its journal names. A workflow, so that it is seen in the history. */
export async function verification(request: { target: string }): Promise<VerificationReport> {
  return control(`verify ${request.target}`).verify(request);
}

/** Asks once what would be in the way of a rollback, for its dry run. */
export async function lookAhead(request: LookAheadRequest): Promise<LookAhead> {
  return control(`look what would be in the way of a rollback of ${request.target}`).lookAhead(request);
}
