import { join } from 'node:path';

import type { TargetHome } from '../../journal/index.ts';
import {
  formatIncident,
  formatRollbackLog,
  objectiveTotal,
  recoveryTotal,
  unmeasured,
  type ProgressRow,
  type RollbackRecord,
} from '../../runbook/records/index.ts';
import { appendLines, appendMarkdown } from './append.ts';
import { readRecord, writeRecord } from './record-file.ts';
import { writeProgress, writeRunRecords } from './write-run-records.ts';

/**
 * Writes what a rollback leaves for people: the rollback log, an incident record, the progress of its phases, and the run's decisions and
 * lessons so far. Again without effect: an incident that is there is never overwritten, since people complete it.
 * Returns the files, absolute.
 */
export async function writeRollbackRecords(
  home: Pick<TargetHome, 'records' | 'journal'>,
  record: RollbackRecord,
): Promise<{ files: string[] }> {
  const { rollback } = record;
  const key = `${record.run}/rollback-${rollback.ordinal}`;
  const incident = `incident-${rollback.ordinal}.md`;
  const log = join(home.records, 'ROLLBACK-LOG.md');
  const lines = join(home.records, 'rollback-log.jsonl');
  const story = join(home.records, incident);
  const facts = join(home.records, `incident-${rollback.ordinal}.json`);

  if ((await readRecord(story)) === undefined) await writeRecord(story, formatIncident(record));
  if ((await readRecord(facts)) === undefined)
    await writeRecord(facts, `${JSON.stringify({ format: 1, ...record }, null, 2)}\n`);
  await appendMarkdown(log, '# Rollback log\n\n', [{ key, text: formatRollbackLog(record, incident) }]);
  await appendLines(lines, [
    {
      key,
      at: record.finishedAt,
      run: record.run,
      rollback: rollback.ordinal,
      to: rollback.to,
      scope: rollback.scope,
      phases: rollback.phases.map(({ id }) => id),
      reason: record.reason,
      by: record.by,
      consistent: record.consistent,
      ...(record.gaveUp !== undefined && { gaveUp: record.gaveUp }),
      restored: rollback.restored,
      recoverySeconds: recoveryTotal(record),
      notMeasured: unmeasured(record),
      objectiveSeconds: objectiveTotal(record.objectives),
    },
  ]);
  const progress = await writeProgress(
    home,
    rollback.phases.map((phase): ProgressRow => ({
      key: `${key}/${phase.id}`,
      at: record.finishedAt,
      run: record.run,
      plan: phase.plan ?? record.plan,
      phase: phase.id,
      ordinal: phase.ordinal,
      title: phase.title,
      state: record.gaveUp === undefined ? 'rolled-back' : 'rolling-back',
      reason: record.gaveUp ?? record.reason,
    })),
  );
  return { files: [log, lines, story, facts, ...progress, ...(await writeRunRecords(home, record.run))] };
}
