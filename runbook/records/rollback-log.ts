import {
  dataSentence,
  objectiveTotal,
  phasesRolledBack,
  recoveryTotal,
  type RollbackRecord,
} from './rollback-record.ts';
import { formatMoment, formatSeconds } from './span.ts';

/** One entry of ROLLBACK-LOG.md. */
export function formatRollbackLog(record: RollbackRecord, incident: string): string {
  const { rollback } = record;
  return [
    `## Rollback ${rollback.ordinal}: ${rollback.scope}, to ${rollback.to}`,
    '',
    `Rollback performed: ${formatMoment(record.finishedAt)} UTC, by ${record.by}`,
    `Reason: ${oneLine(record.reason)}`,
    `Phases rolled back: ${phasesRolledBack(record)}`,
    `Recovery time: ${formatSeconds(recoveryTotal(record))} (objective ${formatSeconds(objectiveTotal(record.objectives))})`,
    `Data: ${dataSentence(record)}`,
    `Result: ${record.consistent ? 'consistent, verified' : 'INCONSISTENT: an undo was skipped; run `switchback reconcile` before the next run'}`,
    `Run: ${record.run}, plan ${record.plan}`,
    `Incident: ${incident}`,
    '',
  ]
    .map((line) => (line === '' || line.startsWith('#') ? line : `${line}  `))
    .join('\n');
}

const oneLine = (text: string) => text.replace(/\s*\n\s*/g, ' ');
