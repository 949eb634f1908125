import type { CompiledPlan } from '../compiled-plan.ts';
import type { ContentRef } from '../operations.ts';
import type { RollbackPlan } from '../rollback.ts';
import type { Sealed } from '../same-work.ts';
import type { RollbackRequest } from '../run-state.ts';
import type { TargetState } from '../target-state.ts';

/** A recovery point as its manifest describes it. `folder` is absolute. */
export interface PointFiles {
  folder: string;
  /** Those that lie in the folder. */
  parts: readonly { file: string; sha256: string }[];
  /** Where the data is instead. `files`: those in it, where it is of a store. */
  snapshot?: { repository: string; id: string; files: readonly string[] };
  /** Public keys that its parts are encrypted to. */
  encryptedTo?: readonly string[];
}

/** Everything that a script is made from. Paths are absolute on the home host. */
export interface BreakGlassInput {
  target: string;
  /** Name of the run under which the journal will know what the script did. */
  run: string;
  state: TargetState;
  plan: CompiledPlan;
  request: RollbackRequest;
  rollback: RollbackPlan;
  home: { root: string; keyFile: string };
  /** Digests of sealed files by their plan path. */
  sealed: Readonly<Record<string, string>>;
  /** The plans of earlier runs with the digests of their files: what an older plan did is taken back by what that plan says. */
  sealedOf?: (run: string) => Sealed | undefined;
  /** Digest in the content store of each SQL statement that stands in the plan itself. */
  statements: ReadonlyMap<string, string>;
  /** Lists of files by the digest of their manifest. */
  lists: ReadonlyMap<string, { files: readonly ContentRef[]; written: readonly ContentRef[] }>;
  /** By `RUN/POINT`. */
  points: ReadonlyMap<string, PointFiles>;
  shell: ShellParts;
}

export const shellPartNames = ['journal', 'files', 'stack', 'postgres', 'tags', 'checks', 'main'] as const;
/** What all scripts have in common: the files beside this one in `shell/`. */
export type ShellParts = Record<(typeof shellPartNames)[number], string>;

/** The run that a script's work is booked to: the same for every script of the same rollback. */
export const breakGlassRun = (ordinal: number) => `break-glass-${ordinal}`;
/** Workflow id of a lease that a script took. */
export const breakGlassHolder = 'break-glass';
