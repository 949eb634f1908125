import type { PhaseStatus, RollbackStatus, RunState, RunStatus, TimelineEntry, Waiting } from './run-state.ts';

/** The state of a child workflow, sent to its parent and answered to queries. */
export interface ChildReport {
  workflowId: string;
  /** Grows by one each time; an older report that arrives late is dropped. */
  version: number;
  phase?: PhaseStatus;
  rollback?: RollbackStatus;
  state: 'running' | 'paused' | 'awaiting-operator' | 'awaiting-approval';
  operation?: RunStatus['operation'];
  waiting?: Waiting;
  /** What was told since the last report. */
  news: TimelineEntry[];
  inconsistent: boolean;
}

/** How the states of a child are called in the run's own words. Whoever pauses a rollback, or finds it parked, has the same choices. */
export const runStates: Record<'phase' | 'rollback', Record<ChildReport['state'], RunState>> = {
  phase: {
    running: 'running',
    paused: 'paused',
    'awaiting-operator': 'awaiting-operator',
    'awaiting-approval': 'awaiting-approval',
  },
  rollback: {
    running: 'rolling-back',
    paused: 'rollback-paused',
    'awaiting-operator': 'rollback-paused',
    'awaiting-approval': 'rollback-paused',
  },
};

/** A run's status with what the child at work says of itself. Returns a new status. */
export function withReport(status: RunStatus, report: ChildReport): RunStatus {
  const { phase, rollback, waiting, operation } = report;
  const { waiting: _waiting, operation: _operation, reason: _reason, ...rest } = status;
  return {
    ...rest,
    state: runStates[rollback ? 'rollback' : 'phase'][report.state],
    ...(waiting?.error ? { reason: waiting.error.message } : {}),
    phases: phase ? status.phases.map((known) => (known.id === phase.id ? newer(known, phase) : known)) : status.phases,
    rollbacks: rollback
      ? [...status.rollbacks.filter((other) => other.ordinal !== rollback.ordinal), rollback]
      : status.rollbacks,
    ...(waiting ? { waiting } : {}),
    ...(operation ? { operation: { ...operation, workflowId: report.workflowId } } : {}),
    timeline: [...status.timeline, ...report.news],
    inconsistent: status.inconsistent || report.inconsistent,
  };
}

/** What was known of the way back before the phase began stays known. */
const newer = (known: PhaseStatus, phase: PhaseStatus): PhaseStatus =>
  known.wayBack === undefined ? phase : { wayBack: known.wayBack, ...phase };

/** The child that is at work, as far as a status knows. */
export function childAtWork(status: RunStatus): string | undefined {
  const rollback = status.rollbacks.find((known) => known.finishedAt === undefined);
  return rollback?.workflowId ?? status.phases.find((phase) => phase.state === 'running')?.workflowId;
}
