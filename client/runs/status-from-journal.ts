import type { GateRecord } from '../../runbook/gate-entry.ts';
import { gatesOf } from '../../runbook/gate.ts';
import type { CompiledPlan } from '../../runbook/compiled-plan.ts';
import { migrationWorkflowId, phaseWorkflowId, rollbackWorkflowId } from '../../runbook/names.ts';
import {
  acceptedCommands,
  finalRunStates,
  waitingRunStates,
  type PhaseStatus,
  type RollbackStatus,
  type RunStatus,
  type Waiting,
} from '../../runbook/run-state.ts';
import { showsInconsistent } from '../../runbook/consistency.ts';
import { applicationKey, type PhaseApplication } from '../../runbook/phase-applications.ts';
import { recoveryOf } from '../../runbook/recovery.ts';
import { wayBackOf } from '../../runbook/rehearsal.ts';
import type { JournalRecord } from '../../runbook/journal.ts';
import { planNameOf } from '../../runbook/rollback-scope.ts';
import type { RunRecord, TargetState } from '../../runbook/target-state.ts';
import { storyOf } from '../history/story.ts';
import type { LocalTarget } from './local-target.ts';

/**
 * The newest run as the journal tells it, in the shape of the `status` query. It lags by what is under way: an operation without
 * a receipt is shown as under way, though its worker may be gone.
 * @returns undefined when the target has had no run
 */
export function statusFromJournal(
  local: Pick<LocalTarget, 'target' | 'records' | 'state'>,
  plan: CompiledPlan | undefined,
): RunStatus | undefined {
  const { target, state } = local;
  const run = state.runs.at(-1);
  if (!run) return undefined;
  const records = local.records.filter((record) => record.run === run.id);
  const over = finalRunStates.includes(run.state);
  const waiting = waitingFrom(run, records, gatesOf(records));
  const operation = over || waiting ? undefined : underWay(target, local, run);
  return {
    target,
    runId: run.id,
    plan: run.plan,
    planDigest: run.planDigest,
    state: run.state,
    ...(run.reason !== undefined && { reason: run.reason }),
    startedAt: run.startedAt,
    ...(over && { finishedAt: run.changedAt }),
    phases: phasesFrom(local, run, plan),
    rollbacks: rollbacksFrom(target, records),
    ...(operation && { operation }),
    ...(waiting && { waiting }),
    timeline: storyOf(records)
      .slice(-60)
      .map(({ at, text }) => ({ at, text })),
    contacts: plan?.contacts ?? [],
    ...(plan && { recovery: recoveryOf(plan) }),
    inconsistent: showsInconsistent(state),
  };
}

function phasesFrom(
  { target, state, records }: Pick<LocalTarget, 'target' | 'state' | 'records'>,
  run: RunRecord,
  plan: CompiledPlan | undefined,
): PhaseStatus[] {
  const known = [...state.applications.values()].sort((a, b) => a.since - b.since);
  const rows = plan?.phases ?? known.map((phase) => ({ ...phase, risk: '', stages: [] }));
  return rows.map(({ id, ordinal, title, risk, stages }) => {
    const record = applicationFor(state, run, id);
    const rehearsal = state.rehearsals.get(id);
    const operations = [...state.operations.values()].filter(
      (known) => known.run === record?.run && known.operation.phase === id && known.operation.undoes === undefined,
    );
    const changes = records.filter(
      (entry) => entry.type === 'phase-state' && entry.phase === id && entry.run === record?.run,
    );
    const ended = record !== undefined && !['pending', 'running', 'rolling-back'].includes(record.state);
    const stage = operations.filter((known) => known.status === 'intended').at(-1)?.operation.stage;
    return {
      id,
      ordinal,
      title,
      risk,
      state: record?.state ?? 'pending',
      done: operations.filter((known) => known.status !== 'intended').length,
      // Proofs that had to be made again before the cutover are in no plan.
      total: Math.max(
        stages.reduce((sum, { operations }) => sum + operations.length, 0),
        operations.length,
      ),
      ...(record?.run === run.id && { workflowId: phaseWorkflowId(target, ordinal, id) }),
      ...(stage !== undefined && { stage }),
      ...(changes[0] && { startedAt: changes[0].at }),
      ...(ended && { finishedAt: record.changedAt }),
      ...(record?.reason !== undefined && { reason: record.reason }),
      ...(rehearsal && { wayBack: wayBackOf(rehearsal) }),
    };
  });
}

/** How this run carried the phase out; else what an earlier run of the same plan did, since that is what it goes on from. */
function applicationFor(state: TargetState, run: RunRecord, phase: string): PhaseApplication | undefined {
  const own = state.applications.get(applicationKey(run.id, phase));
  const ofPlan = [...state.applications.values()].filter(
    (one) => one.id === phase && planNameOf(state, one.run) === run.plan,
  );
  return own ?? ofPlan.sort((a, b) => a.since - b.since).at(-1);
}

function rollbacksFrom(target: string, records: readonly JournalRecord[]): RollbackStatus[] {
  return records.flatMap((planned) => {
    if (planned.type !== 'rollback-planned') return [];
    const finished = records.find(
      (record) => record.type === 'rollback-finished' && record.rollback === planned.rollback,
    );
    const prefix = `rollback-${planned.rollback}/`;
    const done = new Set(
      records.flatMap((record) =>
        record.type === 'receipt' && record.operation.startsWith(prefix)
          ? [record.operation]
          : record.type === 'done-by-hand' && record.operation.id.startsWith(prefix)
            ? [record.operation.id]
            : [],
      ),
    );
    const consistent = finished?.type !== 'rollback-finished' || finished.consistent;
    return [
      {
        ordinal: planned.rollback,
        workflowId: rollbackWorkflowId(target, planned.rollback),
        to: planned.to,
        reason: planned.reason,
        state: finished ? (consistent ? ('done' as const) : ('inconsistent' as const)) : ('running' as const),
        done: done.size,
        total: planned.operations,
        startedAt: planned.at,
        ...(finished && { finishedAt: finished.at }),
        restoreData: planned.restoreData,
      },
    ];
  });
}

function waitingFrom(
  run: RunRecord,
  records: readonly JournalRecord[],
  gates: readonly GateRecord[],
): Waiting | undefined {
  if (!waitingRunStates.includes(run.state)) return undefined;
  const gate = gates.at(-1);
  const accepts = acceptedCommands[run.state];
  const waiting = { since: run.changedAt, accepts };
  if (run.state === 'awaiting-approval')
    return { for: 'approval', ...waiting, ...(gate && { approval: { role: gate.role, given: [] } }) };
  // The no is the last thing that happened to it.
  if (run.state === 'awaiting-operator' && gate?.state === 'rejected' && isLast(gate, records))
    return rejectedAt(gate, waiting);
  const failure = records.findLast((record) => record.type === 'failure');
  const intent =
    failure && records.findLast((record) => record.type === 'intent' && record.operation.id === failure.operation);
  const parked = run.state === 'awaiting-operator' || run.state === 'rollback-paused';
  return {
    for: run.state === 'paused' ? 'resume' : 'operator',
    ...waiting,
    ...(parked &&
      intent?.type === 'intent' && {
        operation: { id: intent.operation.id, summary: intent.operation.summary, stage: intent.operation.stage },
      }),
    ...(parked && failure && { error: failure.error }),
  };
}

/** Whether nothing has failed since somebody answered. */
const isLast = ({ phase, role }: GateRecord, records: readonly JournalRecord[]): boolean => {
  const answered = records.findLastIndex(
    (record) => record.type === 'gate' && record.phase === phase && record.role === role,
  );
  return records.findLastIndex(({ type }) => type === 'failure') < answered;
};

function rejectedAt(gate: GateRecord, { since, accepts }: Pick<Waiting, 'since' | 'accepts'>): Waiting {
  const { phase, stage, role, quorum } = gate;
  const no = gate.answers.at(-1);
  return {
    ...{ for: 'operator', since, accepts: accepts.filter((command) => command !== 'doneByHand') },
    gate: { phase, stage, role, quorum },
    ...(no && {
      error: { name: 'CheckFailed', message: `${no.by} said no as ${role}: ${no.reason ?? 'no reason given'}` },
    }),
  };
}

function underWay(
  target: string,
  { state, records }: Pick<LocalTarget, 'state' | 'records'>,
  run: RunRecord,
): RunStatus['operation'] {
  const last = [...state.operations.values()]
    .filter((known) => known.run === run.id && known.status === 'intended')
    .at(-1);
  if (!last) return undefined;
  const begun = records.find((record) => record.seq === last.seq);
  const { id, summary, stage } = last.operation;
  return { id, summary, stage, workflowId: migrationWorkflowId(target), startedAt: begun?.at ?? run.changedAt };
}
