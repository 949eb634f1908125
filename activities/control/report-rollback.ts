import type { RollbackReportRequest } from '../../runbook/activities.ts';
import { measuredRecovery, outcomesOf } from '../../runbook/records/index.ts';
import { readJournal } from '../../journal/index.ts';
import type { OpenTarget } from '../perform/target-access.ts';
import { writeRollbackRecords } from '../records/index.ts';

/** Writes what a rollback leaves behind for people: what became of each operation is the journal's word. @returns the files, absolute */
export async function reportRollback(
  { run, ...report }: RollbackReportRequest,
  target: OpenTarget,
): Promise<{ files: string[] }> {
  const { plan } = await target.sealedRun(run.runId);
  const { objectives, contacts } = plan;
  const { records } = await readJournal(target.home.journal);
  const { operations, ordinal } = report.rollback;
  const outcomes = outcomesOf(records, operations);
  const finished = records.findLast((line) => line.type === 'rollback-finished' && line.rollback === ordinal);
  const gaveUp = finished?.type === 'rollback-finished' ? finished.gaveUp : undefined;
  return writeRollbackRecords(target.home, {
    ...report,
    recovery: measuredRecovery(report.recovery, operations, outcomes),
    outcomes,
    ...(gaveUp !== undefined && { gaveUp }),
    target: run.target,
    run: run.runId,
    plan: plan.name,
    objectives,
    contacts,
  });
}
