import {
  dataSentence,
  objectiveTotal,
  phasesRolledBack,
  totalSaid,
  unmeasured,
  type RollbackRecord,
} from './rollback-record.ts';
import { formatMoment, formatSeconds } from './span.ts';

/** One entry of ROLLBACK-LOG.md. */
export function formatRollbackLog(record: RollbackRecord, incident: string): string {
  const { rollback } = record;
  return [
    `## Rollback ${rollback.ordinal}: ${rollback.scope}, to ${rollback.to}`,
    '',
    `Rollback ${record.gaveUp === undefined ? 'performed' : 'given up'}: ${formatMoment(record.finishedAt)} UTC, by ${record.by}`,
    `Reason: ${oneLine(record.reason)}`,
    `${record.gaveUp === undefined ? 'Phases rolled back' : 'Phases that are half taken back'}: ${phasesRolledBack(record)}`,
    `Recovery time: ${totalSaid(record)} (objective ${formatSeconds(objectiveTotal(record.objectives))}${lacking(record)})`,
    `Data: ${dataSentence(record)}`,
    `Result: ${resultOf(record)}`,
    `Run: ${record.run}, plan ${record.plan}`,
    `Incident: ${incident}`,
    '',
  ]
    .map((line) => (line === '' || line.startsWith('#') ? line : `${line}  `))
    .join('\n');
}

function resultOf({ consistent, gaveUp }: RollbackRecord): string {
  if (consistent) return 'consistent, verified';
  const why = gaveUp === undefined ? 'an undo was skipped' : `not finished, given up: ${oneLine(gaveUp)}`;
  return `INCONSISTENT: ${why}; run \`switchback reconcile\` before the next run`;
}

function lacking(record: RollbackRecord): string {
  const missing = unmeasured(record);
  return missing.length === 0 ? '' : `; not measured: ${missing.join(', ')}`;
}

const oneLine = (text: string) => text.replace(/\s*\n\s*/g, ' ');
