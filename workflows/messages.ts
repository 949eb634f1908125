import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import type { CompiledPhase, CompiledPlan } from '../runbook/compiled-plan.ts';
import type { RunRef } from '../runbook/activities.ts';
import type { BackupTask } from '../runbook/backup-task.ts';
import type { Rehearsal, RehearsalOptions } from '../runbook/rehearsal.ts';
import type { ChildReport } from '../runbook/child-report.ts';
import type { RollbackPlan } from '../runbook/rollback.ts';
import type { Command, CommandAnswer, RollbackRequest, RunStatus, TimelineEntry } from '../runbook/run-state.ts';

/** What `migration` is started with. */
export interface MigrationInput {
  target: string;
  runId: string;
  /** The host that keeps the target's journal: its worker's queue serves the control activities. */
  homeHost: string;
  operator: string;
  /** Absent when the run only takes back what earlier runs did, and when it goes on. */
  plan?: CompiledPlan;
  /** Goes on with the run of this id, whose workflow is gone. */
  goOn?: boolean;
  rollback?: { request: RollbackRequest; reason: string };
  /** Phases that are left out on the operator's word: optional ones only. */
  without: string[];
  /** False where the server does not know our search attributes; the memo serves then. */
  searchAttributes: boolean;
}

export interface PauseRequest {
  by: string;
  reason?: string;
}

export interface PhaseInput {
  run: RunRef;
  phase: CompiledPhase;
  searchAttributes: boolean;
  /** Came when the phase before had nothing left that could hold. */
  paused?: PauseRequest;
}

export interface RehearsalInput {
  target: string;
  operator: string;
  /** The run whose plan is rehearsed; without one, the plan itself. */
  run?: RunRef;
  plan?: CompiledPlan;
  /** All that have not completed, unless told. */
  phases?: string[];
  options: RehearsalOptions;
}

/** One for each phase that was asked for; of a clone that could not be built, one for each as well. */
export type RehearsalResult = Rehearsal[];

export interface BackupInput {
  target: string;
  operator: string;
  task: BackupTask;
  /** The plan that says what there is; without one, that of the newest run or task. */
  plan?: CompiledPlan;
}

export interface RollbackInput {
  run: RunRef;
  homeHost: string;
  rollback: RollbackPlan;
  reason: string;
  searchAttributes: boolean;
}

/** How a child ended. `failed` and `rollback` leave the effects in place: the parent decides. */
export type ChildResult =
  | { outcome: 'completed'; consistent: boolean; paused?: PauseRequest }
  | { outcome: 'rollback'; request: RollbackRequest; reason: string; by: string; detectedAt: string; decidedAt: string }
  | { outcome: 'aborted'; reason: string };

/** What the child at work knows at this moment: its parent hears of state changes at once, of single operations a little later. */
export const reportQuery = defineQuery<ChildReport>('report');

export const statusQuery = defineQuery<RunStatus>('status');

type Reply = CommandAnswer;
type Of<N extends Command['command']> = [Omit<Extract<Command, { command: N }>, 'command'>];

export const pauseUpdate = defineUpdate<Reply, Of<'pause'>>('pause');
export const resumeUpdate = defineUpdate<Reply, Of<'resume'>>('resume');
export const retryUpdate = defineUpdate<Reply, Of<'retry'>>('retry');
export const skipUpdate = defineUpdate<Reply, Of<'skip'>>('skip');
export const doneByHandUpdate = defineUpdate<Reply, Of<'doneByHand'>>('doneByHand');
export const approveUpdate = defineUpdate<Reply, Of<'approve'>>('approve');
export const rejectUpdate = defineUpdate<Reply, Of<'reject'>>('reject');
export const rollbackUpdate = defineUpdate<Reply, Of<'rollback'>>('rollback');
export const abortUpdate = defineUpdate<Reply, Of<'abort'>>('abort');

/** All updates by the name of their command. */
export const commandUpdates = {
  pause: pauseUpdate,
  resume: resumeUpdate,
  retry: retryUpdate,
  skip: skipUpdate,
  doneByHand: doneByHandUpdate,
  approve: approveUpdate,
  reject: rejectUpdate,
  rollback: rollbackUpdate,
  abort: abortUpdate,
} as const;

/** Parent to child: a command that the parent accepted, and child to parent: what became of it. */
export const commandSignal = defineSignal<[{ id: number; command: Command }]>('command');
export const answerSignal = defineSignal<[{ id: number; answer?: CommandAnswer; refused?: string }]>('answer');
export const reportSignal = defineSignal<[ChildReport]>('report');

/** How a rollback ended. `consistent` is false after an undo was skipped or the rollback was given up. */
export interface RollbackResult {
  consistent: boolean;
  gaveUp?: string;
  /** From the first undo to the last, in event time. */
  executionSeconds: number;
  /** From the last undo until the checks were healthy again. */
  verificationSeconds: number;
  timeline: TimelineEntry[];
}
