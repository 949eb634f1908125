import type { CheckResult } from '../checks.ts';
import type { GoingBack } from '../going-back.ts';
import type { JournalRecord } from '../journal.ts';
import { markdownRow } from './table.ts';
import { formatMoment } from './span.ts';

/** Something that a person decided, or that deviates from the plan. */
export interface Decision {
  key: string;
  at: string;
  run: string;
  /** The phase that was under way. */
  phase: string;
  decision: string;
  by: string;
  why: string;
}

/** Phases that people had just begun or were taking back are where they decide. */
const underWay = ['running', 'rolling-back'];

/** What people decided in a run, as its journal tells: commands, rollbacks, skipped operations, work done by hand. */
export function decisionsOf(records: readonly JournalRecord[], run: string): Decision[] {
  const decisions: Decision[] = [];
  let phase = '';
  /** When a way back was decided: each is written down at several places. */
  const backAt = new Set<string>();
  for (const record of records) {
    if (record.run !== run) continue;
    if (record.type === 'phase-state' && underWay.includes(record.state)) phase = record.phase;
    const head = { key: `${run}#${record.seq}`, at: record.at, run, phase };
    switch (record.type) {
      case 'decision':
        if (record.goingBack) backAt.add(record.goingBack.decidedAt);
        // The line of the work itself says which it was, and how it was proven.
        if (record.command === 'doneByHand') break;
        decisions.push({ ...head, decision: decisionSaid(record), by: record.by, why: reasonSaid(record) });
        break;
      // A rollback that is a run of its own, or that the plan decided: nobody has typed it in this run.
      case 'run-state':
      case 'rollback-planned': {
        const { goingBack } = record;
        if (goingBack === undefined || backAt.has(goingBack.decidedAt)) break;
        backAt.add(goingBack.decidedAt);
        decisions.push({ ...head, decision: rollbackSaid(goingBack), by: goingBack.by, why: goingBack.reason });
        break;
      }
      case 'gate':
        // A yes and a no stand as the commands that they were.
        if (record.state !== 'left-out') break;
        decisions.push({
          ...{ ...head, decision: `went on without the approval of ${record.role}` },
          ...{ by: record.by ?? '', why: record.reason ?? '' },
        });
        break;
      case 'skipped':
        decisions.push({ ...head, decision: `skipped ${record.operation.id}`, by: record.by, why: record.reason });
        break;
      case 'done-by-hand':
        decisions.push({
          ...head,
          decision: `done by hand: ${record.operation.id}`,
          by: record.by,
          why: proven(record),
        });
        break;
      case 'reconciled':
        decisions.push({ ...head, decision: 'made right by hand', by: record.by, why: proven(record) });
        break;
      default:
    }
  }
  return decisions;
}

type Said = Extract<JournalRecord, { type: 'decision' }>;

const word = ({ detail }: Pick<Said, 'detail'>, key: string) =>
  typeof detail?.[key] === 'string' ? detail[key] : undefined;

/** The command with the role in which it was given: `approve as tech-lead`. */
export function decisionSaid(said: Pick<Said, 'command' | 'detail'>): string {
  const role = word(said, 'role');
  return role === undefined ? said.command : `${said.command} as ${role}`;
}

/** The reason, or the comment that came with an approval. */
export const reasonSaid = (said: Pick<Said, 'reason' | 'detail'>): string => said.reason ?? word(said, 'comment') ?? '';

function rollbackSaid({ request: { to, restoreData, discardData } }: GoingBack): string {
  const where = typeof to === 'object' ? to.phase : to === 'previous' ? 'the previous checkpoint' : to;
  return `rollback to ${where}${restoreData ? ', data restored' : ''}${discardData ? ', data discarded' : ''}`;
}

function proven({ reason, proof }: { reason: string; proof: readonly CheckResult[] }): string {
  const found = proof.map(({ check, verdict }) => `${check}: ${verdict}`).join('; ');
  return found === '' ? reason : `${reason} (proof: ${found})`;
}

export const decisionHeaders = ['Date', 'Phase', 'Decision or deviation', 'By', 'Why', 'Run'] as const;

export const formatDecision = ({ at, phase, decision, by, why, run }: Decision): string =>
  markdownRow([formatMoment(at), phase, decision, by, why, run]);
