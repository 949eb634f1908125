import type { GoingBack } from './going-back.ts';
import type { FailureDetail } from './journal.ts';
import type { Operation, Stage, Trigger } from './operations.ts';

export type TriggerDecision = Trigger['decide'];

/** Stages from which the plan may order the way back by itself: before them nothing has moved, and a person should look. */
const moved: readonly Stage[] = ['cutover', 'verify', 'bake'];

/** Where a fired trigger leads back to by itself; the others stop the run and ask a person. */
const destination: Partial<Record<TriggerDecision, 'previous' | 'baseline'>> = {
  ...{ quick: 'previous', full: 'baseline', emergency: 'baseline' },
};

/**
 * The way back that a failure means without asking anybody: a trigger of the plan decides it, or `onFailure: rollback`. Undefined: the run parks.
 * Data is left alone: what would be lost is a person's decision.
 */
export function wayBackOnFailure(
  onFailure: 'park' | 'rollback',
  { stage, summary }: Pick<Operation, 'stage' | 'summary'>,
  { message, decide }: FailureDetail,
  now: string,
): GoingBack | undefined {
  const to = decide === undefined ? undefined : destination[decide];
  const asked = to !== undefined || (decide === undefined && onFailure === 'rollback');
  if (!asked || !moved.includes(stage)) return undefined;
  return {
    request: { to: to ?? 'previous', restoreData: false, discardData: false },
    reason: `${summary}: ${message}`,
    by: to === undefined ? 'the plan (onFailure: rollback)' : `the plan (trigger: ${decide})`,
    ...{ detectedAt: now, decidedAt: now },
  };
}
