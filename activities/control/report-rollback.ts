import type { RollbackReportRequest } from '../../runbook/activities.ts';
import { measuredRecovery, outcomesOf } from '../../runbook/records/index.ts';
import { readJournal } from '../../journal/index.ts';
import { lookOf, sayWhatIsLost } from '../../runbook/guard/data-account.ts';
import { operationKey } from '../../runbook/operation-record.ts';
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
  const { phases, operations, ordinal } = report.rollback;
  const outcomes = outcomesOf(records, operations);
  const finished = records.findLast((line) => line.type === 'rollback-finished' && line.rollback === ordinal);
  const gaveUp = finished?.type === 'rollback-finished' ? finished.gaveUp : undefined;
  const state = await target.journal.refresh();
  const undoing = new Set(operations.map(({ id }) => operationKey(run.runId, id)));
  // What was seen forward counts, too: an undo finds what is gone as it left it.
  const concerned = [...state.operations].filter(
    ([key, { run: of, operation }]) =>
      undoing.has(key) || phases.some(({ id, run: by = run.runId }) => id === operation.phase && by === of),
  );
  return writeRollbackRecords(target.home, {
    ...report,
    recovery: measuredRecovery(report.recovery, operations, outcomes),
    outcomes,
    data: sayWhatIsLost(
      concerned.map(([, { prepared, receipt, operation }]) => lookOf(prepared.facts, receipt?.facts, operation.input)),
    ),
    ...(gaveUp !== undefined && { gaveUp }),
    target: run.target,
    run: run.runId,
    plan: plan.name,
    objectives,
    contacts,
  });
}
