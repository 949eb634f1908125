import type { FailureDetail, JournalRecord } from '../../runbook/journal.ts';
import type { PhaseState, RunState } from '../../runbook/run-state.ts';
import { between } from '../rendering/duration.ts';
import { storyOf, type StoryLine } from './story.ts';

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

export interface PhaseAccount {
  id: string;
  ordinal: number;
  title: string;
  state: PhaseState;
  reason?: string;
  startedAt: string;
  finishedAt?: string;
  durationMs?: number;
  operations: OperationAccount[];
}

export interface RollbackAccount {
  ordinal: number;
  to: string;
  reason: string;
  restoreData: boolean;
  startedAt: string;
  finishedAt?: string;
  durationMs?: number;
  consistent?: boolean;
  operations: OperationAccount[];
}

export interface DecisionAccount {
  at: string;
  by: string;
  decision: string;
  reason?: string;
}

/** The whole story of one run, from the journal alone. */
export interface RunAccount {
  target: string;
  runId: string;
  plan: string;
  planDigest: string;
  operator: string;
  state: RunState;
  reason?: string;
  startedAt: string;
  finishedAt?: string;
  durationMs: number;
  phases: PhaseAccount[];
  rollbacks: RollbackAccount[];
  decisions: DecisionAccount[];
  timeline: StoryLine[];
}

const optional = <K extends string>(key: K, value: string | undefined) =>
  value === undefined ? {} : ({ [key]: value } as Record<K, string>);
const span = (from: string, to: string | undefined) =>
  to === undefined ? {} : { finishedAt: to, durationMs: between(from, to) };

/** The account of a run, or undefined when the journal does not know it. */
export function accountOf(target: string, journal: readonly JournalRecord[], runId: string): RunAccount | undefined {
  const records = journal.filter((record) => record.run === runId);
  const sealed = records.find((record) => record.type === 'run-sealed');
  if (sealed?.type !== 'run-sealed') return undefined;
  const states = records.filter((record) => record.type === 'run-state');
  const last = states.at(-1);
  const over = last !== undefined && ['completed', 'rolled-back', 'aborted', 'failed'].includes(last.state);
  const operations = operationsOf(records);
  const rollbacks = rollbacksOf(records, operations);
  return {
    target,
    runId,
    plan: sealed.plan,
    planDigest: sealed.planDigest,
    operator: sealed.operator,
    state: last?.state ?? 'starting',
    ...optional('reason', last?.reason),
    startedAt: sealed.at,
    ...(over && { finishedAt: last.at }),
    durationMs: between(sealed.at, (over ? last : records.at(-1)!).at),
    phases: phasesOf(records, operations),
    rollbacks,
    decisions: decisionsOf(records),
    timeline: storyOf(records),
  };
}

function operationsOf(records: readonly JournalRecord[]): OperationAccount[] {
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
        const account = accounts.get(record.operation);
        account?.failures.push({ at: record.at, attempt: record.attempt, error: record.error });
        if (account) account.outcome = 'failed';
        break;
      }
      case 'receipt': {
        const { receipt } = record;
        // Operations that only look need no intent: their receipt is all there is.
        const account = begin(
          {
            id: record.operation,
            phase: record.operation.split('/')[0] ?? '',
            kind: receipt.kind.split('@')[0] ?? '',
            summary: receipt.summary,
          },
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
    }
  }
  return [...accounts.values()];
}

function phasesOf(records: readonly JournalRecord[], operations: readonly OperationAccount[]): PhaseAccount[] {
  const phases = new Map<string, PhaseAccount>();
  for (const record of records) {
    if (record.type !== 'phase-state') continue;
    const known = phases.get(record.phase);
    const { state, reason } = record;
    const over = !['pending', 'running', 'rolling-back'].includes(state);
    const startedAt = known?.startedAt ?? record.at;
    const own = operations.filter(
      (operation) =>
        operation.phase === record.phase && operation.undoes === undefined && !operation.id.startsWith('rollback-'),
    );
    phases.set(record.phase, {
      id: record.phase,
      ordinal: record.ordinal,
      title: record.title,
      state,
      ...optional('reason', reason),
      startedAt,
      // A phase that is taken back was over before: its own time is what counts here.
      ...(known?.finishedAt !== undefined ? span(startedAt, known.finishedAt) : over ? span(startedAt, record.at) : {}),
      operations: own,
    });
  }
  return [...phases.values()].sort((a, b) => a.ordinal - b.ordinal);
}

function rollbacksOf(records: readonly JournalRecord[], operations: readonly OperationAccount[]): RollbackAccount[] {
  return records.flatMap((planned) => {
    if (planned.type !== 'rollback-planned') return [];
    const finished = records.find(
      (record) => record.type === 'rollback-finished' && record.rollback === planned.rollback,
    );
    return [
      {
        ordinal: planned.rollback,
        to: planned.to,
        reason: planned.reason,
        restoreData: planned.restoreData,
        startedAt: planned.at,
        ...span(planned.at, finished?.at),
        ...(finished?.type === 'rollback-finished' && { consistent: finished.consistent }),
        operations: operations.filter((operation) => operation.id.startsWith(`rollback-${planned.rollback}/`)),
      },
    ];
  });
}

function decisionsOf(records: readonly JournalRecord[]): DecisionAccount[] {
  return records.flatMap((record): DecisionAccount[] => {
    switch (record.type) {
      case 'decision': {
        const comment = record.detail?.['comment'];
        const role = record.detail?.['role'];
        const decision = typeof role === 'string' ? `${record.command} as ${role}` : record.command;
        const reason = record.reason ?? (typeof comment === 'string' ? comment : undefined);
        return [{ at: record.at, by: record.by, decision, ...optional('reason', reason) }];
      }
      case 'run-sealed':
        return [{ at: record.at, by: record.operator, decision: 'start' }];
      default:
        return [];
    }
  });
}
