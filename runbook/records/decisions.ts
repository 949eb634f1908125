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

/** What people decided in a run, as its journal tells: commands, skipped operations, work done by hand. */
export function decisionsOf(records: readonly JournalRecord[], run: string): Decision[] {
  const decisions: Decision[] = [];
  let phase = '';
  for (const record of records) {
    if (record.run !== run) continue;
    if (record.type === 'phase-state' && underWay.includes(record.state)) phase = record.phase;
    const head = { key: `${run}#${record.seq}`, at: record.at, run, phase };
    switch (record.type) {
      case 'decision':
        decisions.push({ ...head, decision: record.command, by: record.by, why: record.reason ?? '' });
        break;
      case 'skipped':
        decisions.push({ ...head, decision: `skipped ${record.operation.id}`, by: record.by, why: record.reason });
        break;
      case 'done-by-hand': {
        const proof = record.proof.map(({ check, verdict }) => `${check}: ${verdict}`).join('; ');
        const why = proof === '' ? record.reason : `${record.reason} (proof: ${proof})`;
        decisions.push({ ...head, decision: `done by hand: ${record.operation.id}`, by: record.by, why });
        break;
      }
      default:
    }
  }
  return decisions;
}

export const decisionHeaders = ['Date', 'Phase', 'Decision or deviation', 'By', 'Why', 'Run'] as const;

export const formatDecision = ({ at, phase, decision, by, why, run }: Decision): string =>
  markdownRow([formatMoment(at), phase, decision, by, why, run]);
