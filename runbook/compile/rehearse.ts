import type { Rehearse } from '../plan/index.ts';
import type { RehearsalOptions } from '../rehearsal.ts';

/** What a rehearsal is without any word about it. */
export const plainRehearsal: RehearsalOptions = {
  required: false,
  discardData: false,
  ignore: [],
  withinSeconds: 3600,
};

/** How a phase is rehearsed, or undefined when it is not. */
export function rehearsalOptions(asked: Rehearse): RehearsalOptions | undefined {
  if (asked === false) return undefined;
  if (asked === true) return plainRehearsal;
  const { within, ...rest } = asked;
  return { ...rest, withinSeconds: Math.ceil(within) };
}
