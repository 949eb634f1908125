import type { ReconcileReport, ReconcileRequest } from '../runbook/activities.ts';
import { control } from './calls.ts';

/** Compares a target's journal with the world, once. A workflow, so that it runs where the journal is and stands in the history. */
export async function reconcile(request: ReconcileRequest): Promise<ReconcileReport> {
  return control(`compare the journal of ${request.target} with the world`).reconcile(request);
}
