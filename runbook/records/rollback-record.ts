import type { CompiledPlan, Objectives } from '../compiled-plan.ts';
import type { RollbackPlan } from '../rollback.ts';
import type { TimelineEntry } from '../run-state.ts';

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
  startedAt: string;
  finishedAt: string;
  /** Seconds, in event time; absent parts were not measured. */
  recovery: { detection?: number; decision?: number; execution: number; verification: number };
  objectives: Objectives;
  contacts: CompiledPlan['contacts'];
  timeline: TimelineEntry[];
}

/** Parts of a recovery in order, as the objectives name them. */
export const recoveryParts = ['detection', 'decision', 'execution', 'verification'] as const;

/** Seconds from the failure until the checks were healthy again, of what was measured. */
export const recoveryTotal = ({ recovery }: Pick<RollbackRecord, 'recovery'>): number =>
  recoveryParts.reduce((sum, part) => sum + (recovery[part] ?? 0), 0);

export const objectiveTotal = (objectives: Objectives): number =>
  recoveryParts.reduce((sum, part) => sum + objectives[part], 0);

export const phasesRolledBack = ({ rollback }: Pick<RollbackRecord, 'rollback'>): string =>
  rollback.phases.map(({ ordinal, id }) => `${ordinal} ${id}`).join(', ');

/** What became of the data, in one sentence. */
export function dataSentence({ rollback }: Pick<RollbackRecord, 'rollback'>): string {
  if (rollback.restored.length === 0) return 'left in place: nothing that was written is lost';
  return `${rollback.restored.join(', ')} restored from recovery points; what they held is kept beside them`;
}
