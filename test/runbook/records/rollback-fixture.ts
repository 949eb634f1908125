import type { Operation } from '../../../runbook/operations.ts';
import type { RollbackRecord } from '../../../runbook/records/index.ts';

/** A full rollback of two phases, as the workflow reports it. */
export function rollbackRecord(): RollbackRecord {
  const back = { id: 'rollback-1/01-applyCheckpoint', phase: 'api', summary: 'bring the stack back to v1-baseline' };
  return {
    target: 'shop',
    run: 'run-1',
    plan: 'shop-v2',
    rollback: {
      ordinal: 1,
      to: 'baseline',
      scope: 'full',
      phases: [
        { id: 'api', ordinal: 3, title: 'API v2' },
        { id: 'orders', ordinal: 2, title: 'Orders expanded' },
      ],
      operations: [back as unknown as Operation],
      kept: [{ operation: 'orders/apply/01-applySql', summary: 'expand orders', why: 'added columns do v1 no harm' }],
      restored: [],
    },
    reason: 'p95 over 5 s',
    by: 'ada',
    consistent: true,
    outcomes: { [back.id]: { how: 'done' } },
    startedAt: '2026-02-09T10:00:00.000Z',
    finishedAt: '2026-02-09T10:01:30.000Z',
    recovery: { decision: 30, execution: 400, verification: 20 },
    objectives: { detection: 60, decision: 120, execution: 300, verification: 180 },
    contacts: [{ role: 'DBA', name: 'Bo', contact: '+49 1' }],
    timeline: [{ at: '2026-02-09T10:00:00.000Z', text: 'verification failed | p95 6.1 s' }],
  };
}
