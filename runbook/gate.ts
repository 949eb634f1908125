import type { Gate, GateRecord } from './gate-entry.ts';
import type { JournalRecord } from './journal.ts';

/** How a gate is called where an operation has an id: in commands, and in what a run waits for. */
export const gateId = ({ phase, stage, role }: Pick<Gate, 'phase' | 'stage' | 'role'>): string =>
  `${phase}/${stage}/approval-${role}`;

/**
 * Folds a line about a gate into what is known of gates, in place. The one that was spoken of last stands last.
 * @param planDigest of the sealed plan that the run follows
 */
function applyGate(
  gates: Map<string, GateRecord>,
  record: Extract<JournalRecord, { type: 'gate' }>,
  planDigest: string,
): void {
  const { run, at, phase, stage, role, quorum } = record;
  const key = `${run}/${gateId(record)}`;
  const known = gates.get(key) ?? {
    ...{ run, phase, stage, role, quorum, state: record.state, askedAt: at, planDigest, answers: [] },
  };
  known.state = record.state;
  if (record.state === 'asked') known.askedAt = at;
  else {
    known.answers.push({
      ...{ said: record.state, by: record.by ?? 'unknown', at },
      ...(record.reason === undefined ? {} : { reason: record.reason }),
      ...(record.planDigest === undefined ? {} : { planDigest: record.planDigest }),
    });
  }
  gates.delete(key);
  gates.set(key, known);
}

/** All gates that journal lines tell of, the one that was spoken of last at the end. */
export function gatesOf(records: readonly JournalRecord[]): GateRecord[] {
  const gates = new Map<string, GateRecord>();
  const digests = new Map<string, string>();
  for (const record of records) {
    if (record.type === 'run-sealed') digests.set(record.run, record.planDigest);
    else if (record.type === 'gate') applyGate(gates, record, digests.get(record.run) ?? '');
  }
  return [...gates.values()];
}
