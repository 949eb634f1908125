import type { CompiledPlan, Objectives } from '../compiled-plan.ts';
import type { RollbackPlan } from '../rollback.ts';
import type { TimelineEntry } from '../run-state.ts';
import { formatSeconds } from './span.ts';
import type { OperationOutcome } from './operation-outcome.ts';

/** Everything that is written down about a rollback. */
export interface RollbackRecord {
  target: string;
  run: string;
  plan: string;
  rollback: RollbackPlan;
  reason: string;
  by: string;
  /** False when an undo was skipped. */
  consistent: boolean;
  /** Why it was ended before all was taken back. */
  gaveUp?: string;
  /** What became of each operation, by its id. */
  outcomes: Record<string, OperationOutcome>;
  startedAt: string;
  finishedAt: string;
  /** Seconds, in event time; absent parts were not measured. */
  recovery: Recovery;
  objectives: Objectives;
  contacts: CompiledPlan['contacts'];
  timeline: TimelineEntry[];
  /** What was seen of the data by what was taken back and what took it back; absent in records of older workers. */
  data?: { nothingLost: boolean; lines: string[] };
}

/** Parts of a recovery in order, as the objectives name them. */
export const recoveryParts = ['detection', 'decision', 'execution', 'verification'] as const;

export type Recovery = Partial<Record<(typeof recoveryParts)[number], number>>;

/** Seconds from the failure until the checks were healthy again, of what was measured. */
export const recoveryTotal = ({ recovery }: Pick<RollbackRecord, 'recovery'>): number =>
  recoveryParts.reduce((sum, part) => sum + (recovery[part] ?? 0), 0);

export const unmeasured = ({ recovery }: Pick<RollbackRecord, 'recovery'>) =>
  recoveryParts.filter((part) => recovery[part] === undefined);

/** The total for people: the sum of some parts is only a lower bound. */
export function totalSaid({ recovery }: Pick<RollbackRecord, 'recovery'>): string {
  const missing = unmeasured({ recovery }).length;
  if (missing === recoveryParts.length) return 'not measured';
  return `${missing === 0 ? '' : 'at least '}${formatSeconds(recoveryTotal({ recovery }))}`;
}

export const objectiveTotal = (objectives: Objectives): number =>
  recoveryParts.reduce((sum, part) => sum + objectives[part], 0);

export const phasesRolledBack = ({ rollback }: Pick<RollbackRecord, 'rollback'>): string =>
  rollback.phases.map(({ ordinal, id }) => `${ordinal} ${id}`).join(', ');

/** What became of the data, in one sentence. That nothing is lost is said only where it was looked up. */
export function dataSentence({ rollback, gaveUp, data }: Pick<RollbackRecord, 'rollback' | 'gaveUp' | 'data'>): string {
  const { restored, together = [], discards = [] } = rollback;
  const unseen = [...new Set(together.flatMap((each) => each.unseen))];
  if (gaveUp !== undefined && restored.length + discards.length > 0)
    return 'partly taken back: the operations below say which part';
  const { nothingLost = false, lines = [] } = data ?? {};
  const seen = lines.length === 0 ? '' : ` (${lines.join('; ')})`;
  const told = [
    ...(restored.length > 0
      ? [`${restored.join(', ')} restored from recovery points; what they held is kept beside them`]
      : []),
    ...(unseen.length > 0 ? [`whether ${unseen.join(', ')} went back too was not looked at`] : []),
    ...(discards.length > 0 ? [`discarded, archived first: ${discards.join('; ')}`] : []),
  ];
  if (told.length > 0) return `${told.join('; ')}${seen}`;
  if (nothingLost) return `left in place: nothing that was written is lost${seen}`;
  return `left in place; whether all of it is there was ${lines.length === 0 ? 'not looked up' : `looked up as far as this says${seen}`}`;
}
