import type { Rehearse } from '../plan/index.ts';
import type { RehearsalOptions } from '../rehearsal.ts';

/** What a rehearsal is without any word about it. */
export const plainRehearsal: RehearsalOptions = {
  required: false,
  discardData: false,
  ignore: [],
  withinSeconds: 3600,
};

/** How a phase is rehearsed, and whether each run does so; undefined where the plan says nothing. */
export function rehearsalOptions(asked: Rehearse): { options: RehearsalOptions; inRun: boolean } | undefined {
  if (asked === false) return undefined;
  if (asked === true) return { options: plainRehearsal, inRun: true };
  const { within, when, ...rest } = asked;
  return { options: { ...rest, withinSeconds: Math.ceil(within) }, inRun: when === 'run' };
}
