import type { JournalRecord } from '../journal.ts';
import type { Operation } from '../operations.ts';
import type { Recovery } from './rollback-record.ts';
import type { OperationOutcome } from './operation-outcome.ts';

export type { OperationOutcome } from './operation-outcome.ts';

/** What the journal says of each operation, the last word first; one that it does not name has not run. */
export function outcomesOf(
  records: readonly JournalRecord[],
  operations: readonly Pick<Operation, 'id'>[],
): Record<string, OperationOutcome> {
  const found = new Map<string, OperationOutcome>(operations.map(({ id }) => [id, { how: 'not run' }]));
  const note = (id: string, outcome: OperationOutcome) => {
    if (found.has(id)) found.set(id, outcome);
  };
  for (const record of records)
    switch (record.type) {
      case 'intent':
        note(record.operation.id, { how: 'begun' });
        break;
      case 'attempt':
        note(record.operation, { how: 'begun' });
        break;
      case 'failure':
        note(record.operation, { how: 'failed' });
        break;
      case 'receipt':
        note(record.operation, { how: 'done' });
        break;
      case 'skipped':
        note(record.operation.id, { how: 'skipped', by: record.by });
        break;
      case 'done-by-hand':
        note(record.operation.id, { how: 'by hand', by: record.by });
        break;
      default:
    }
  return Object.fromEntries(found);
}

export const outcomeSaid = ({ how, by }: OperationOutcome): string => {
  if (how === 'not run') return 'DID NOT RUN';
  if (how === 'failed') return 'FAILED';
  if (how === 'begun') return 'begun, its end is not known';
  return by === undefined ? how : `${how}, by ${by}`;
};

const settled: readonly OperationOutcome['how'][] = ['done', 'by hand'];

/** The measured times that stand: of a part whose operations did not all come to their end there is no time that could meet an objective. */
export function measuredRecovery(
  recovery: Recovery,
  operations: readonly Pick<Operation, 'id' | 'kind' | 'undoes'>[],
  outcomes: Readonly<Record<string, OperationOutcome>>,
): Recovery {
  const verifies = ({ kind, undoes }: Pick<Operation, 'kind' | 'undoes'>) =>
    kind === 'runChecks' && undoes === undefined;
  const over = (some: readonly Pick<Operation, 'id'>[]) =>
    some.every(({ id }) => settled.includes(outcomes[id]?.how ?? 'not run'));
  const checks = operations.filter(verifies);
  const effects = operations.filter((operation) => !verifies(operation));
  const { execution, verification, ...others } = recovery;
  return {
    ...others,
    ...(execution !== undefined && over(effects) && { execution }),
    ...(verification !== undefined && checks.length > 0 && over(operations) && { verification }),
  };
}
