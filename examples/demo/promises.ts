import type { RunStatus } from '../../runbook/run-state.ts';
import type { Outcome } from './scenario.ts';

/** Something that was promised, and what was found. */
export interface Judged {
  promise: string;
  kept: boolean;
  found: string;
}

/** What the demo promises. One that is not kept fails the demo. */
export function judge(outcome: Outcome): Judged[] {
  const { exitCodes, atGate, parked, end, account, incident, load, orders, table, compose } = outcome;
  const [rollback] = end.rollbacks;
  const stuck = parked.waiting;
  const dualRuns = account.phases
    .flatMap((phase) => phase.operations)
    .filter(({ kind, outcome: ended }) => kind === 'compareDualRun' && ended === 'done');
  const expectedCodes = {
    lint: 0,
    plan: 0,
    start: 0,
    untilApproval: 7,
    untilParked: 7,
    status: 7,
    resume: 0,
    untilEnd: 6,
  };
  return [
    {
      promise: 'no acknowledged order is lost',
      kept: orders.lost === 0 && orders.unchecked === 0 && orders.found === orders.acknowledged && orders.found > 0,
      found: `${orders.found} of ${orders.acknowledged} found, ${orders.lost} lost, ${orders.unchecked} not looked up`,
    },
    {
      promise: 'no order was given up on',
      kept: load.notAcknowledged === 0,
      found: `${load.notAcknowledged} of ${load.orders} not acknowledged in the end, ${load.failedAttempts} attempts repeated`,
    },
    {
      promise: 'old and new were compared before traffic moved',
      kept: dualRuns.length === 2 && states(atGate) === 'completed completed running',
      found: dualRuns.map(({ result }) => result ?? '').join('; ') || 'no comparison was made',
    },
    {
      promise: 'the failed phase went back by itself, and only that one',
      kept:
        end.state === 'rolled-back' &&
        states(end) === 'completed completed rolled-back' &&
        rollback?.to === 'orders-expanded',
      found: `${end.state}: ${states(end)}, back to ${rollback?.to ?? 'nothing'}`,
    },
    {
      promise: 'a rollback that fails half-way parks, and says why',
      kept:
        parked.state === 'rollback-paused' &&
        stuck?.error?.name === 'Conflict' &&
        stuck.error.message.includes(`${outcome.target}-worker`) &&
        (parked.rollbacks[0]?.done ?? 0) > 0,
      found: `${parked.state} after ${parked.rollbacks[0]?.done ?? 0} of ${parked.rollbacks[0]?.total ?? 0}: ${stuck?.error?.message ?? 'no reason'}`,
    },
    {
      promise: 'resume finishes the same rollback',
      kept:
        end.rollbacks.length === 1 &&
        rollback?.state === 'done' &&
        !end.inconsistent &&
        rollback.done === rollback.total,
      found: `${end.rollbacks.length} rollback, ${rollback?.state ?? 'none'}, ${rollback?.done ?? 0} of ${rollback?.total ?? 0}`,
    },
    {
      promise: 'the protected table is the one that it was',
      kept: table.before === table.after && table.before !== '',
      found: `oid and file ${table.before} before, ${table.after} after`,
    },
    {
      promise: 'the active Compose file is that of phase 2 again',
      kept: compose.active === compose.expected,
      found: compose.active === compose.expected ? 'byte for byte' : 'it differs',
    },
    {
      promise: 'the rollback left an incident record',
      kept: incident.consistent && incident.rollback.to === 'orders-expanded',
      found: `decided by ${incident.by}; ${incident.timeline.length} lines of timeline`,
    },
    {
      promise: 'exit codes say how each command ended',
      kept: JSON.stringify(exitCodes) === JSON.stringify(expectedCodes),
      found: Object.entries(exitCodes)
        .map(([command, code]) => `${command} ${code}`)
        .join(', '),
    },
  ];
}

const states = ({ phases }: RunStatus): string => phases.map(({ state }) => state).join(' ');
