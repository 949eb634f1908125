import type { RunCourse } from './going-back.ts';
import type { LeaseHolder } from './journal.ts';
import type { OperationRecord } from './operation-record.ts';
import type { PointSet } from './point-set.ts';
import type { Rehearsal } from './rehearsal.ts';
import type { PhaseState, RunState } from './run-state.ts';

/**
 * One phase as one run carried it out. A target lives through many plans: an id and a place in a plan name nothing by themselves, but what a
 * run did is done once, and its place is its line in the journal.
 */
export interface PhaseApplication {
  id: string;
  /** The run that carried it out; its sealed plan says what the phase is. */
  run: string;
  /** Its place in that plan: for display, never for order. */
  ordinal: number;
  title: string;
  state: PhaseState;
  reason?: string;
  changedAt: string;
  /** Journal line with which it began: the order of all applications. */
  since: number;
  /** Journal line with which it was completed the last time. */
  completedAt?: number;
  /** Journal line with which it was last taken back. */
  takenBackAt?: number;
  /** Its state before a rollback that has taken nothing back so far. */
  stoodAs?: PhaseState;
}

/** What was in a resource when a recovery point was taken of it. */
export interface PointContents {
  /** `store:NAME` or `volume:NAME`. */
  resource: string;
  /** Operations, as `RUN/OPERATION`, whose work was in the data and stood. */
  operations: ReadonlySet<string>;
  /** Of a whole server: those whose work was in other stores, wherever these are. */
  beside?: ReadonlySet<string>;
}

export interface RunRecord extends RunCourse {
  id: string;
  plan: string;
  planDigest: string;
  manifest: string;
  state: RunState;
  reason?: string;
  startedAt: string;
  changedAt: string;
  operator: string;
}

/** Work outside of runs, e.g. a backup that somebody asked for. */
export interface TaskRecord {
  id: string;
  /** What it does: `create`, `restore`, … */
  task: string;
  manifest: string;
  state: RunState;
  reason?: string;
  startedAt: string;
  changedAt: string;
  operator: string;
}

/** A target as its journal tells it; it outlives every workflow. */
export interface TargetState {
  seq: number;
  epoch: number;
  holder?: LeaseHolder;
  runs: RunRecord[];
  /** Oldest first. */
  tasks: TaskRecord[];
  /** Recovery points that were taken together, by the run or task that took them. */
  sets: Map<string, PointSet>;
  /** By `RUN/PHASE`. */
  applications: Map<string, PhaseApplication>;
  /** By id, the application that changed last: for what speaks of one plan only. */
  phases: Map<string, PhaseApplication>;
  /** The run whose plan's baseline the stack is at while no phase stands; unknown until one was taken back. */
  baselineRun?: string;
  /** The rollback under way, and whether it has had effects. */
  goingBack?: { touched: boolean };
  /** What each recovery point holds, by `RUN/POINT`. */
  points: Map<string, PointContents>;
  /** What the last restore of each resource replaced. */
  replaced: Map<string, PointContents>;
  /** By `RUN/OPERATION`. */
  operations: Map<string, OperationRecord>;
  identities: Map<string, string>;
  /** The newest one of each phase. */
  rehearsals: Map<string, Rehearsal>;
  rollbacks: number;
  /** False while an undo is left out or a phase is half taken back: no new run until all is taken back, or a person has reconciled it. */
  consistent: boolean;
  keys: Set<string>;
}
