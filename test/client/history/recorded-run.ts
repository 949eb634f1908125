import type { JournalEntry, JournalRecord } from '../../../runbook/journal.ts';
import type { Operation, Receipt } from '../../../runbook/operations.ts';
import { applyRecord, emptyTargetState, type TargetState } from '../../../runbook/target-state.ts';

export const runId = '20260301-100000-abcd';
const start = Date.parse('2026-03-01T10:00:00.000Z');
export const at = (seconds: number) => new Date(start + seconds * 1000).toISOString();

export const operation = (id: string, summary: string, undoes?: string[]): Operation => ({
  id,
  kind: 'runContainer',
  version: 1,
  phase: id.startsWith('rollback') ? 'orders' : id.split('/')[0]!,
  stage: 'apply',
  host: 'local',
  summary,
  input: { service: 'api', argv: ['true'], timeoutSeconds: 60 },
  effects: [],
  undo: { by: 'nothing', summary: 'nothing to take back' },
  timeoutSeconds: 60,
  ...(undoes && { undoes }),
});

export const receipt = (id: string, summary: string, from: number, to: number): Receipt => ({
  operation: id,
  kind: 'runContainer@1',
  outcome: 'done',
  summary,
  effectDigest: '0'.repeat(64),
  undo: { by: 'nothing', summary: 'nothing to take back' },
  facts: {},
  startedAt: at(from),
  finishedAt: at(to),
});

const write = operation('orders/apply/01-runContainer', 'expand the orders table');
const tag = operation('orders/complete/02-runContainer', 'tag shop-phase-2');
const back = operation('rollback-1/01-runContainer', 'shrink the orders table', [`${runId}/${write.id}`]);

/** A run whose one phase fails, is retried, has an operation skipped, completes, and is then taken back on a person's word. */
const lines: (JournalEntry & { after: number })[] = [
  { after: 0, type: 'lease-taken', holder: { workflowId: 'migration/shop', workflowRunId: 'w' } },
  {
    after: 0,
    type: 'run-sealed',
    plan: 'shop-v2',
    planDigest: 'd'.repeat(64),
    manifest: 'm',
    phases: ['orders'],
    operator: 'ada@desk',
  },
  { after: 0.1, type: 'run-state', state: 'running' },
  { after: 1, type: 'phase-state', phase: 'orders', ordinal: 1, title: 'orders_v2 beside orders', state: 'running' },
  { after: 2, type: 'intent', operation: write, attempt: 1, undo: write.undo, facts: {} },
  {
    after: 4,
    type: 'failure',
    operation: write.id,
    attempt: 1,
    error: { name: 'StepFailed', message: 'relation exists', hint: 'Look.' },
  },
  { after: 4.1, type: 'run-state', state: 'awaiting-operator', reason: 'relation exists' },
  { after: 60, type: 'decision', command: 'retry', by: 'ada@desk' },
  { after: 60.1, type: 'run-state', state: 'running' },
  { after: 60.2, type: 'attempt', operation: write.id, attempt: 2, worker: 'desk/7' },
  {
    after: 72,
    type: 'receipt',
    operation: write.id,
    attempt: 2,
    receipt: receipt(write.id, 'expanded 4,900 rows', 60.2, 71.9),
  },
  { after: 73, type: 'skipped', operation: tag, by: 'ada@desk', reason: 'tagged by hand' },
  { after: 74, type: 'phase-state', phase: 'orders', ordinal: 1, title: 'orders_v2 beside orders', state: 'completed' },
  { after: 80, type: 'decision', command: 'rollback', by: 'bob@desk', reason: 'errors doubled' },
  { after: 81, type: 'run-state', state: 'rolling-back', reason: 'errors doubled' },
  {
    after: 82,
    type: 'rollback-planned',
    rollback: 1,
    to: 'baseline',
    operations: 1,
    reason: 'errors doubled',
    restoreData: false,
  },
  { after: 83, type: 'intent', operation: back, attempt: 1, undo: back.undo, facts: {} },
  {
    after: 85,
    type: 'receipt',
    operation: back.id,
    attempt: 1,
    receipt: receipt(back.id, 'orders is as it was', 83, 85),
  },
  {
    after: 86,
    type: 'phase-state',
    phase: 'orders',
    ordinal: 1,
    title: 'orders_v2 beside orders',
    state: 'rolled-back',
    reason: 'errors doubled',
  },
  { after: 86.5, type: 'rollback-finished', rollback: 1, phases: ['orders'], consistent: true },
  { after: 87, type: 'run-state', state: 'rolled-back', reason: 'errors doubled' },
];

/** The journal of that run up to so many seconds after its start, with the state that follows from it. */
export function recordedRun(until = Number.POSITIVE_INFINITY): { records: JournalRecord[]; state: TargetState } {
  const records = lines
    .filter((line) => line.after <= until)
    .map(({ after, ...entry }, index): JournalRecord => ({
      seq: index + 1,
      at: at(after),
      run: runId,
      epoch: 1,
      ...entry,
    }));
  return { records, state: records.reduce(applyRecord, emptyTargetState()) };
}
