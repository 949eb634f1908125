import type { Waiting, RunStatus } from '../../../runbook/run-state.ts';
import { acceptedCommands } from '../../../runbook/run-state.ts';

/** A run as its query would answer; tests say what differs. */
export function runStatus(parts: Partial<RunStatus> = {}): RunStatus {
  return {
    target: 'shop',
    runId: '20260301-100000-abcd',
    plan: 'shop-v2',
    planDigest: 'd'.repeat(64),
    state: 'running',
    startedAt: '2026-03-01T10:00:00.000Z',
    phases: [
      {
        id: 'baseline',
        ordinal: 1,
        title: 'Prove what we start from',
        risk: 'low',
        state: 'completed',
        done: 6,
        total: 6,
        startedAt: '2026-03-01T10:00:01.000Z',
        finishedAt: '2026-03-01T10:00:13.300Z',
      },
      {
        id: 'orders',
        ordinal: 2,
        title: 'orders_v2 beside orders',
        risk: 'medium',
        state: 'running',
        stage: 'backup',
        done: 2,
        total: 11,
        startedAt: '2026-03-01T10:00:14.000Z',
      },
      {
        id: 'api-v2',
        ordinal: 3,
        title: 'API v2 takes the traffic',
        risk: 'high',
        state: 'pending',
        done: 0,
        total: 9,
      },
    ],
    rollbacks: [],
    timeline: [{ at: '2026-03-01T10:00:00.500Z', text: 'plan shop-v2 is sealed' }],
    contacts: [],
    inconsistent: false,
    ...parts,
  };
}

export const parked: Waiting = {
  for: 'operator',
  since: '2026-03-01T10:01:00.000Z',
  operation: { id: 'orders/apply/01-applySql', summary: 'apply schemas/002.sql to orders', stage: 'apply' },
  error: { name: 'StepFailed', message: 'relation "orders_v2" already exists', hint: 'Look at the database.' },
  accepts: acceptedCommands['awaiting-operator'],
};
