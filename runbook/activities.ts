import type { BackupTask, PlannedBackup } from './backup-task.ts';
import type { Check, CheckResult, Verdict } from './checks.ts';
import type { CompiledPlan } from './compiled-plan.ts';
import type { GoingBack } from './going-back.ts';
import type { FailureDetail, JournalEntry, LeaseHolder } from './journal.ts';
import type { Operation, OperationKind, Receipt } from './operations.ts';
import type { PointSet } from './point-set.ts';
import type { Rehearsal, WayBack } from './rehearsal.ts';
import type { RollbackPlan } from './rollback.ts';
import type { ProofAnswer, RollbackRequest, RunState, TimelineEntry } from './run-state.ts';
import type { WayOn } from './way-on.ts';

/** The run that an activity works for, with the epoch of the lease it was started under. */
export interface RunRef {
  target: string;
  runId: string;
  epoch: number;
}

export interface PerformRequest {
  run: RunRef;
  operation: Operation;
}

export interface OpenRunRequest {
  target: string;
  runId: string;
  holder: LeaseHolder;
  operator: string;
  /** The plan to seal; absent when a rollback starts from the journal alone, and when a run goes on. */
  plan?: CompiledPlan;
  /** What a rollback alone is asked to do: one that has nothing to do is refused before a run is opened. */
  rollback?: RollbackRequest;
  /** Why, where a rollback alone is asked for. */
  reason?: string;
  /** Goes on with the run of this id, which is open and has lost its workflow. */
  goOn?: boolean;
  /** Phases that are left out on the operator's word. */
  without?: string[];
  /** This is no run but a task: what it does. Without a plan it follows that of the newest run or task. */
  task?: string;
}

export interface OpenedRun {
  epoch: number;
  /** The sealed plan, as the workflow must follow it: for a rollback alone, that of the newest run. */
  plan: CompiledPlan;
  /** Phases that an earlier run completed, or this one before it lost its workflow, and nobody took back: they are not run again. */
  completed: { phase: string; run: string }[];
  /** What an operator should know of phases that share their ids with those of other plans; absent where there is nothing. */
  notes?: string[];
  /** What is known of the ways back, by phase; absent in answers of older workers. */
  waysBack?: WayBack[];
  /** Operations of this very run that have receipts already: a run id is opened again after a reset. */
  resumed: boolean;
  /** Which way the run goes, by its journal; absent in answers of older workers. */
  wayOn?: WayOn;
}

/** Asked before each phase: a workflow that was reset has seen the lease being taken, but does not hold it. */
export interface AskWayOnRequest {
  run: RunRef;
  holder: LeaseHolder;
}

export interface RecordRequest {
  run: RunRef;
  /** Makes the append idempotent: unique per call site and call in a run. */
  key: string;
  entries: JournalEntry[];
}

export interface PlanRollbackRequest {
  run: RunRef;
  request: RollbackRequest;
  reason: string;
  /** What the request answers; absent in calls of older workflows and of rehearsals. */
  goingBack?: GoingBack;
}

export interface ProveByHandRequest {
  run: RunRef;
  operation: Operation;
  checks: Check[];
  by: string;
  reason: string;
  /** The workflow writes it down, once it knows that the operation is still parked. */
  onlyProve?: true;
}

/** What a rollback leaves behind for people: the incident record and the rollback log. */
export interface RollbackReportRequest {
  run: RunRef;
  rollback: RollbackPlan;
  reason: string;
  by: string;
  consistent: boolean;
  startedAt: string;
  finishedAt: string;
  /** Seconds, as measured in event time; absent parts were not measured. */
  recovery: { detection?: number; decision?: number; execution?: number; verification?: number };
  timeline: TimelineEntry[];
}

export interface BuildCloneRequest {
  target: string;
  /** The target that the clone is. */
  clone: string;
  /** The run whose sealed plan is rehearsed; absent for a rehearsal on its own, which brings its plan. */
  run?: RunRef;
  plan?: CompiledPlan;
  /** All that have not completed, unless told. */
  phases?: string[];
}

export type CloneAnswer =
  | {
      outcome: 'built';
      /** The derived plan, which works on the clone. */
      plan: CompiledPlan;
      /** Phases that have completed on the original, as entries for the clone's journal. */
      standing: JournalEntry[];
      /** In order: phases that are only gone through on the way, and those that are rehearsed. */
      phases: { id: string; rehearsed: boolean }[];
      notes: string[];
    }
  /** `at fault`: what the way back needs is not there. `refused`: it cannot be tried here. */
  | { outcome: 'refused' | 'at-fault'; error: FailureDetail; phases: { id: string; rehearsed: boolean }[] };

export interface CaptureRequest {
  run: RunRef;
  /** Of the moment, for `compareClone`. */
  name: string;
  /** An earlier moment that this one will be compared with. */
  like?: string;
  /** Wait until the clone has come to rest. */
  settle: boolean;
}

export interface CompareRequest {
  run: RunRef;
  before: string;
  after: string;
  /** The phase that was taken back in between; absent between two moments that should be the same. */
  tookBack?: { phase: string; run: string };
  /** Resources that are not compared. */
  ignore: string[];
}

export interface CloneComparison {
  compared: string[];
  differences: string[];
  notes: string[];
}

/** What a rehearsal needs beside the operations themselves: none of it changes the original. */
export interface RehearsalActivities {
  buildClone(request: BuildCloneRequest): Promise<CloneAnswer>;
  /** @returns resources that change by themselves */
  captureClone(request: CaptureRequest): Promise<{ restless: string[] }>;
  compareClone(request: CompareRequest): Promise<CloneComparison>;
  removeClone(request: { target: string }): Promise<{ removed: number }>;
  /** Writes what was found into the original's journal. */
  recordRehearsals(request: { target: string; key: string; rehearsals: Rehearsal[] }): Promise<void>;
}

/** What work on recovery points needs beside the operations themselves. */
export interface BackupActivities {
  /** Looks up what a task amounts to. @param from how many operations of the task there are already */
  planBackup(request: { run: RunRef; task: BackupTask; from: number }): Promise<PlannedBackup>;
  /** Writes down which points were taken together, and how far apart they are. */
  recordSet(request: { run: RunRef; points: string[] }): Promise<PointSet | null>;
}

/** Activities that every kind of operation has: named like the kind, so that the history reads as the runbook. */
export type OperationActivities = { [K in OperationKind]: (request: PerformRequest) => Promise<Receipt> };

/** Activities that keep the records straight; they touch nothing but the target's home. */
export interface ReconcileRequest {
  target: string;
  /** A workflow holds the target's open run: what looks left behind may be in use. */
  atWork: boolean;
  /** Whether work on recovery points is under way; where it is not, and the journal knows of some, that is closed. */
  taskAtWork?: boolean;
  /** Put right what nobody has to decide; otherwise only look. */
  tidy: boolean;
  /** `accept`: what an undo left out has been made right, as `proof` shows. `close`: end a run whose workflow is gone, as it stands. */
  decision?: ReconcileDecision;
}

export interface ReconcileDecision {
  decide: 'accept' | 'close';
  by: string;
  reason: string;
  proof: Check[];
  /** Makes it count once, however often it is asked for. */
  key: string;
}

/** What a target is, by its journal and by what was found in the world. */
export interface ReconcileReport {
  /** The newest run. */
  run: string;
  state: RunState;
  open: boolean;
  consistent: boolean;
  /** Effects whose undo was skipped and that nobody has made right. */
  leftOut: { run: string; operation: string; summary: string; undo: string }[];
  /** `yours`: only a person may remove it. `left`: would be put right, or could not be, for `problem`. */
  leftovers: {
    what: string;
    why: string;
    state: 'tidied' | 'left' | 'yours';
    command?: string;
    problem?: string;
  }[];
  /** What could not be asked, and why. */
  silent: string[];
}

/** Whether a target is what its journal says that it is. */
export interface VerificationReport {
  /** The newest run, and its state: one that is at work may be between two checkpoints. */
  run: string;
  state: RunState;
  /** The phase whose checkpoint the stack should be at, or `baseline`. */
  checkpoint: string;
  consistent: boolean;
  /** An active file that somebody has changed since. */
  drift?: string;
  /** Several samples; these are the last one's. */
  results: CheckResult[];
  verdict: Verdict;
}

export interface LookAheadRequest {
  target: string;
  request: RollbackRequest;
}

/** What would be in the way of a rollback, by the preparations of its operations. */
export interface LookAhead {
  to: string;
  /** Operations that were asked, and those that cannot be before others are done. */
  asked: string[];
  later: string[];
  obstacles: { operation: string; summary: string; message: string; hint?: string }[];
  /** What would not be as it was, and stands in the way of nothing; absent in answers of older workers. */
  notes?: string[];
}

export interface ControlActivities {
  /** Takes the lease, and seals the plan with every file it names. @throws Conflict, PlanInvalid, AccessDenied */
  openRun(request: OpenRunRequest): Promise<OpenedRun>;
  closeRun(request: { run: RunRef; key: string; entries: JournalEntry[] }): Promise<void>;
  record(request: RecordRequest): Promise<void>;
  /** Which way a run goes from here, by its journal. Takes the lease for an execution that does not hold it. @throws Conflict, LeaseLost */
  askWayOn(request: AskWayOnRequest): Promise<{ epoch: number; wayOn: WayOn }>;
  planRollback(request: PlanRollbackRequest): Promise<RollbackPlan>;
  proveByHand(request: ProveByHandRequest): Promise<ProofAnswer>;
  reportRollback(request: RollbackReportRequest): Promise<{ files: string[] }>;
  reconcile(request: ReconcileRequest): Promise<ReconcileReport>;
  /** Checks what stands, and changes nothing. @throws PreconditionFailed when the journal knows no run */
  verify(request: { target: string }): Promise<VerificationReport>;
  /** Asks what would be in the way of a rollback, and begins nothing. @throws PreconditionFailed, PointOfNoReturn */
  lookAhead(request: LookAheadRequest): Promise<LookAhead>;
}

/** The contract between workflows and the worker; workflows know activities only by it. */
export type Activities = OperationActivities & ControlActivities & RehearsalActivities & BackupActivities;
