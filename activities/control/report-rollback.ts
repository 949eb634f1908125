import type { RollbackReportRequest } from '../../runbook/activities.ts';
import type { OpenTarget } from '../perform/target-access.ts';

/** Writes what a rollback leaves behind for people. */
export async function reportRollback(_request: RollbackReportRequest, _target: OpenTarget): Promise<{ files: string[] }> {
  return { files: [] };
}
