import type { CheckResult } from './checks.ts';
import type { GoingBack } from './way-back-asked.ts';
import type { GateEntry } from './gate-entry.ts';
import type { JsonObject } from './json.ts';
import type { PointSet } from './point-set.ts';
import type { Operation, Receipt, Undo } from './operations.ts';
import type { Rehearsal } from './rehearsal.ts';
import type { Command, PhaseState, RunState } from './run-state.ts';
import type { FailureDetail } from './failure-detail.ts';

export type { FailureDetail } from './failure-detail.ts';

/** Format of a journal line. A reader refuses a higher number; a lower one stays readable for ever. */
export const journalFormat = 1;

/** What every line carries: its place, its time on the home host (ISO 8601, for people), its run and the lease's epoch. */
export interface JournalHead {
  seq: number;
  at: string;
  run: string;
  epoch: number;
  /** Makes an append idempotent: a second line with the same key is not written. */
  key?: string;
}

/** Who holds a target: the workflow execution that may have effects on it. */
export interface LeaseHolder {
  workflowId: string;
  workflowRunId: string;
}

export interface IntentEntry {
  type: 'intent';
  operation: Operation;
  attempt: number;
  undo: Undo;
  facts: JsonObject;
}

export interface PhaseStateEntry {
  type: 'phase-state';
  phase: string;
  ordinal: number;
  title: string;
  state: PhaseState;
  reason?: string;
  /** The run that carried the phase out, where that is another one than the line's: a rollback takes back what earlier runs did. */
  of?: string;
}

/** What a journal line says. The journal decides what happened: state is only ever derived from it. */
export type JournalEntry =
  | { type: 'lease-taken'; holder: LeaseHolder }
  | { type: 'lease-released'; holder: LeaseHolder }
  | {
      type: 'run-sealed';
      plan: string;
      planDigest: string;
      manifest: string;
      phases: string[];
      operator: string;
      /** Phases that are left out on the operator's word. */
      without?: string[];
    }
  /**
   * Work on the target that is no run: a backup, a test, a restore, a prune. `run` of its lines is its id. It is under the lease as a run is; no
   * rollback takes it back.
   */
  | { type: 'task-sealed'; task: string; plan: string; manifest: string; operator: string }
  /** Recovery points that were taken together. */
  | { type: 'set-taken'; set: PointSet }
  /** `goingBack`: what is asked for by the plan, or from the journal alone. `without`: left out as well, since a run goes on. */
  | { type: 'run-state'; state: RunState; reason?: string; goingBack?: GoingBack; without?: string[] }
  | PhaseStateEntry
  /** Before an effect: what will be done, and how it would be taken back. */
  | IntentEntry
  /** A later attempt of an operation whose intent stands. */
  | { type: 'attempt'; operation: string; attempt: number; worker: string }
  | { type: 'receipt'; operation: string; attempt: number; receipt: Receipt }
  | { type: 'failure'; operation: string; attempt: number; error: FailureDetail }
  /** An attempt that was not the current one tried to act, and was stopped. */
  | { type: 'refused'; operation: string; attempt: number; reason: string }
  | { type: 'skipped'; operation: Operation; by: string; reason: string }
  /** `undo`: how it would be taken back, where no attempt had begun that wrote it down. */
  | { type: 'done-by-hand'; operation: Operation; by: string; reason: string; proof: CheckResult[]; undo?: Undo }
  /** A role is asked for its yes, or has answered. From runs on that know gates; older ones have only the decisions. */
  | GateEntry
  | {
      type: 'decision';
      command: Command['command'];
      by: string;
      reason?: string;
      detail?: JsonObject;
      goingBack?: GoingBack;
    }
  | {
      type: 'rollback-planned';
      rollback: number;
      to: string;
      operations: number;
      reason: string;
      restoreData: boolean;
      /** Those that it takes back. */
      phases?: string[];
      goingBack?: GoingBack;
    }
  /** `gaveUp`: why it was ended before all was taken back. */
  | { type: 'rollback-finished'; rollback: number; phases: string[]; consistent: boolean; gaveUp?: string }
  /** A person has made the target right where an undo was left out, and says so; `proof` is what was looked at. */
  | { type: 'reconciled'; by: string; reason: string; proof: CheckResult[] }
  /** The way back from a phase was tried on a clone, or could not be. */
  | { type: 'rehearsed'; rehearsal: Rehearsal }
  /** A resource is now this very thing: seen for the first time, or exchanged by a swap. */
  | { type: 'identity'; resource: string; identity: string };

export type JournalRecord = JournalHead & JournalEntry;
