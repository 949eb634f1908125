import type { GateRecord } from '../../runbook/gate-entry.ts';
import { gatesOf } from '../../runbook/gate.ts';
import type { JournalRecord, LeaseHolder } from '../../runbook/journal.ts';
import { decisionsOf } from '../../runbook/records/decisions.ts';
import { wayBackOf, type WayBack } from '../../runbook/rehearsal.ts';
import type { PhaseState, RunState } from '../../runbook/run-state.ts';
import { between } from '../rendering/duration.ts';
import { operationsOf, span, type OperationAccount } from './operation-account.ts';
import { storyOf, type StoryLine } from './story.ts';

export interface PhaseAccount {
  id: string;
  ordinal: number;
  title: string;
  state: PhaseState;
  reason?: string;
  startedAt: string;
  finishedAt?: string;
  durationMs?: number;
  /** What is known of its way back. */
  wayBack?: WayBack;
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
  /** The executions that carried the run out, oldest first: one unless it was reset or reconciled. */
  workflows: LeaseHolder[];
  decisions: DecisionAccount[];
  /** Who was asked for a yes, what they said and to which plan; empty of runs that did not know gates. */
  gates: GateRecord[];
  timeline: StoryLine[];
}

const optional = <K extends string>(key: K, value: string | undefined) =>
  value === undefined ? {} : ({ [key]: value } as Record<K, string>);

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
    phases: phasesOf(records, operations, journal),
    rollbacks,
    workflows: records.flatMap((record) => (record.type === 'lease-taken' ? [record.holder] : [])),
    decisions: whoDecided(records, runId),
    gates: gatesOf(records),
    timeline: storyOf(records),
  };
}

function phasesOf(
  records: readonly JournalRecord[],
  operations: readonly OperationAccount[],
  journal: readonly JournalRecord[],
): PhaseAccount[] {
  const phases = new Map<string, PhaseAccount>();
  for (const record of records) {
    if (record.type !== 'phase-state') continue;
    // Also one that was asked for on its own, before the run or after it.
    const rehearsed = journal.findLast((other) => other.type === 'rehearsed' && other.rehearsal.phase === record.phase);
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
      ...(rehearsed?.type === 'rehearsed' && { wayBack: wayBackOf(rehearsed.rehearsal) }),
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

function whoDecided(records: readonly JournalRecord[], runId: string): DecisionAccount[] {
  const sealed = records.flatMap((record): DecisionAccount[] =>
    record.type === 'run-sealed' ? [{ at: record.at, by: record.operator, decision: 'start' }] : [],
  );
  const decided = decisionsOf(records, runId).map(({ at, by, decision, why }): DecisionAccount => ({
    ...{ at, by, decision },
    ...optional('reason', why === '' ? undefined : why),
  }));
  return [...sealed, ...decided];
}
