import type { RollbackReportRequest } from '../../runbook/activities.ts';
import type { OpenTarget } from '../perform/target-access.ts';
import { writeRollbackRecords } from '../records/index.ts';

/** Writes what a rollback leaves behind for people. @returns the files, absolute */
export async function reportRollback(
  { run, ...report }: RollbackReportRequest,
  target: OpenTarget,
): Promise<{ files: string[] }> {
  const { plan } = await target.sealedRun(run.runId);
  const { objectives, contacts } = plan;
  return writeRollbackRecords(target.home, {
    ...report,
    target: run.target,
    run: run.runId,
    plan: plan.name,
    objectives,
    contacts,
  });
}
