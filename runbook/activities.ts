import type { Check } from './checks.ts';
import type { CompiledPlan } from './compiled-plan.ts';
import type { JournalEntry, LeaseHolder } from './journal.ts';
import type { Operation, OperationKind, Receipt } from './operations.ts';
import type { RollbackPlan } from './rollback.ts';
import type { ProofAnswer, RollbackRequest, TimelineEntry } from './run-state.ts';

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
  /** The plan to seal; absent when a rollback starts from the journal alone. */
  plan?: CompiledPlan;
}

export interface OpenedRun {
  epoch: number;
  /** The sealed plan, as the workflow must follow it: for a rollback alone, that of the newest run. */
  plan: CompiledPlan;
  /** Phases that an earlier run completed and nobody took back: they are not run again. */
  completed: { phase: string; run: string }[];
  /** Operations of this very run that have receipts already: a run id is opened again after a reset. */
  resumed: boolean;
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
}

export interface ProveByHandRequest {
  run: RunRef;
  operation: Operation;
  checks: Check[];
  by: string;
  reason: string;
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
  recovery: { detection?: number; decision?: number; execution: number; verification: number };
  timeline: TimelineEntry[];
}

/** Activities that every kind of operation has: named like the kind, so that the history reads as the runbook. */
export type OperationActivities = { [K in OperationKind]: (request: PerformRequest) => Promise<Receipt> };

/** Activities that keep the records straight; they touch nothing but the target's home. */
export interface ControlActivities {
  /** Takes the lease, and seals the plan with every file it names. @throws Conflict, PlanInvalid, AccessDenied */
  openRun(request: OpenRunRequest): Promise<OpenedRun>;
  closeRun(request: { run: RunRef; key: string; entries: JournalEntry[] }): Promise<void>;
  record(request: RecordRequest): Promise<void>;
  planRollback(request: PlanRollbackRequest): Promise<RollbackPlan>;
  proveByHand(request: ProveByHandRequest): Promise<ProofAnswer>;
  reportRollback(request: RollbackReportRequest): Promise<{ files: string[] }>;
}

/** The contract between workflows and the worker; workflows know activities only by it. */
export type Activities = OperationActivities & ControlActivities;
