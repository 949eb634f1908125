import type { RollbackPlan } from '../rollback.ts';
import type { Sealed } from '../same-work.ts';
import type { RollbackRequest } from '../run-state.ts';
import type { TargetState } from '../target-state.ts';
import type { ByHandInput } from './by-hand-input.ts';

export type { PointFiles } from './by-hand-input.ts';

/** Everything that a script is made from. Paths are absolute on the home host. */
export interface BreakGlassInput extends ByHandInput {
  /** Name of the run under which the journal will know what the script did. */
  run: string;
  state: TargetState;
  request: RollbackRequest;
  rollback: RollbackPlan;
  /** The plans of earlier runs with the digests of their files: what an older plan did is taken back by what that plan says. */
  sealedOf?: (run: string) => Sealed | undefined;
  shell: ShellParts;
}

export const shellPartNames = ['journal', 'files', 'stack', 'postgres', 'tags', 'checks', 'main'] as const;
/** What all scripts have in common: the files beside this one in `shell/`. */
export type ShellParts = Record<(typeof shellPartNames)[number], string>;

/** The run that a script's work is booked to: the same for every script of the same rollback. */
export const breakGlassRun = (ordinal: number) => `break-glass-${ordinal}`;
/** Workflow id of a lease that a script took. */
export const breakGlassHolder = 'break-glass';
