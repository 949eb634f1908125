import type { FailureDetail, JournalRecord } from '../../runbook/journal.ts';
import { between } from '../rendering/duration.ts';

/** What one operation was, from its intent to its end. */
export interface OperationAccount {
  id: string;
  phase: string;
  kind: string;
  summary: string;
  /** `open`: begun, and the journal does not say how it ended. */
  outcome: 'done' | 'adopted' | 'by-hand' | 'skipped' | 'failed' | 'open';
  /** What the receipt, or the person, said. */
  result?: string;
  attempts: number;
  startedAt: string;
  finishedAt?: string;
  /** From the first attempt to the end: with everything that it waited for in between. */
  durationMs?: number;
  /** The last attempt alone. */
  workMs?: number;
  failures: { at: string; attempt: number; error: FailureDetail }[];
  /** The operations that this one takes back. */
  undoes?: string[];
}

/** When something ended and how long that took, where it has ended. */
export const span = (from: string, to: string | undefined) =>
  to === undefined ? {} : { finishedAt: to, durationMs: between(from, to) };

/** What an id alone says of an operation: `PHASE/STAGE/NN-KIND`, or `rollback-N/NN-KIND`. */
const bare = (id: string) => ({
  id,
  phase: id.split('/')[0] ?? '',
  kind: id.split('/').at(-1)?.replace(/^\d+-/, '') ?? '',
  summary: id,
});

/** The operations that the lines of one run tell of, in the order in which they began. */
export function operationsOf(records: readonly JournalRecord[]): OperationAccount[] {
  const accounts = new Map<string, OperationAccount>();
  const begin = (
    operation: { id: string; phase: string; kind: string; summary: string; undoes?: string[] | undefined },
    at: string,
  ): OperationAccount => {
    let account = accounts.get(operation.id);
    if (!account) {
      const { id, phase, kind, summary, undoes } = operation;
      account = {
        id,
        phase,
        kind,
        summary,
        outcome: 'open',
        attempts: 1,
        startedAt: at,
        failures: [],
        ...(undoes && { undoes }),
      };
      accounts.set(id, account);
    }
    return account;
  };
  for (const record of records) {
    switch (record.type) {
      case 'intent':
        begin(record.operation, record.at);
        break;
      case 'attempt': {
        const account = accounts.get(record.operation);
        if (account) Object.assign(account, { attempts: Math.max(account.attempts, record.attempt), outcome: 'open' });
        break;
      }
      case 'failure': {
        // One that fails before its intent is written, as where the engine is out of reach, has failed all the same.
        const account = begin(bare(record.operation), record.at);
        account.failures.push({ at: record.at, attempt: record.attempt, error: record.error });
        Object.assign(account, { attempts: Math.max(account.attempts, record.attempt), outcome: 'failed' });
        break;
      }
      case 'receipt': {
        const { receipt } = record;
        // Operations that only look need no intent: their receipt is all there is.
        const account = begin(
          { ...bare(record.operation), kind: receipt.kind.split('@')[0] ?? '', summary: receipt.summary },
          receipt.startedAt,
        );
        Object.assign(account, span(account.startedAt, record.at), {
          outcome: receipt.outcome,
          result: receipt.summary,
          attempts: Math.max(account.attempts, record.attempt),
          workMs: between(receipt.startedAt, receipt.finishedAt),
        });
        break;
      }
      case 'skipped':
      case 'done-by-hand': {
        const account = begin(record.operation, record.at);
        const outcome = record.type === 'skipped' ? 'skipped' : 'by-hand';
        Object.assign(account, span(account.startedAt, record.at), {
          outcome,
          result: `${record.by}: ${record.reason}`,
        });
        break;
      }
      default:
        // The other lines are about the run, not about one of its operations.
        break;
    }
  }
  return [...accounts.values()];
}
