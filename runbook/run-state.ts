import type { Check, CheckResult } from './checks.ts';
import type { FailureDetail } from './failure-detail.ts';
import type { Gate } from './gate-entry.ts';
import type { Stage, Undo } from './operations.ts';
import type { Recovery } from './recovery.ts';
import type { WayBack } from './rehearsal.ts';

/** The states of a run. What a state means and what leads out of it is drawn in docs/state-machine.md. */
export type RunState =
  | 'starting'
  | 'running'
  | 'paused'
  | 'awaiting-operator'
  | 'awaiting-approval'
  | 'rolling-back'
  | 'rollback-paused'
  | 'completed'
  | 'rolled-back'
  | 'aborted'
  | 'failed';

export type PhaseState =
  'pending' | 'running' | 'completed' | 'failed' | 'rolling-back' | 'rolled-back' | 'skipped' | 'aborted';

export const finalRunStates: readonly RunState[] = ['completed', 'rolled-back', 'aborted', 'failed'];
/** States in which nothing goes on until a person has said something. */
export const waitingRunStates: readonly RunState[] = [
  'paused',
  'awaiting-operator',
  'awaiting-approval',
  'rollback-paused',
];

export interface RollbackRequest {
  /** `previous`: the last phase goes back. `baseline`: all do. Otherwise the phase whose checkpoint is gone back to. */
  to: 'previous' | 'baseline' | { phase: string };
  /** Restores data from recovery points and loses what was written since. */
  restoreData: boolean;
  /** Runs undos that discard data; what they discard is archived first. */
  discardData: boolean;
}

/** What an operator can say to a run. `by` is who the client says it is: recorded, not authenticated. */
export type Command =
  | { command: 'pause'; by: string; reason?: string }
  | { command: 'resume'; by: string }
  | { command: 'retry'; by: string }
  | { command: 'skip'; by: string; reason: string; operation?: string }
  | { command: 'doneByHand'; by: string; reason: string; proof: Check[]; operation?: string }
  | { command: 'approve'; by: string; role: string; comment?: string; planDigest?: string }
  | { command: 'reject'; by: string; role: string; reason: string }
  | { command: 'rollback'; by: string; reason: string; request: RollbackRequest }
  | { command: 'abort'; by: string; reason: string };
export type CommandName = Command['command'];

/** Which commands a state accepts. One table: the update validators, `status` and the documentation all read it. */
export const acceptedCommands: Record<RunState, readonly CommandName[]> = {
  starting: ['abort'],
  running: ['pause', 'rollback', 'abort'],
  paused: ['resume', 'rollback', 'abort'],
  'awaiting-operator': ['retry', 'resume', 'skip', 'doneByHand', 'rollback', 'abort'],
  'awaiting-approval': ['approve', 'reject', 'pause', 'rollback', 'abort'],
  'rolling-back': ['pause'],
  'rollback-paused': ['resume', 'retry', 'skip', 'doneByHand', 'abort'],
  completed: [],
  'rolled-back': [],
  aborted: [],
  failed: [],
};

/** Why a command is refused in a state, or undefined when it is accepted. */
export function refusal(state: RunState, command: CommandName): string | undefined {
  if (acceptedCommands[state].includes(command)) return undefined;
  const accepted = acceptedCommands[state];
  return `${command} is not possible while the run is ${state}; possible: ${accepted.length > 0 ? accepted.join(', ') : 'nothing, it is over'}`;
}

/** Why a run stands still, and what may be said to it. */
export interface Waiting {
  for: 'operator' | 'approval' | 'resume';
  /** Since when, in the workflow's time (ISO 8601). */
  since: string;
  operation?: { id: string; summary: string; stage: Stage };
  /** The gate at which somebody said no. */
  gate?: Gate;
  error?: FailureDetail;
  approval?: { role: string; given: { by: string; at: string; comment?: string }[] };
  accepts: readonly CommandName[];
}

export interface PhaseStatus {
  id: string;
  ordinal: number;
  title: string;
  risk: string;
  state: PhaseState;
  workflowId?: string;
  stage?: Stage;
  /** Operations done, of how many. */
  done: number;
  total: number;
  startedAt?: string;
  finishedAt?: string;
  reason?: string;
  /** What is known of the way back from it. */
  wayBack?: WayBack;
}

export interface RollbackStatus {
  ordinal: number;
  workflowId: string;
  to: string;
  reason: string;
  state: 'planning' | 'running' | 'paused' | 'done' | 'inconsistent';
  done: number;
  total: number;
  startedAt: string;
  finishedAt?: string;
  restoreData: boolean;
}

/** One line of the story, as told in `history` and in the Temporal UI. */
export interface TimelineEntry {
  at: string;
  text: string;
}

/** The answer of the `status` query. */
export interface RunStatus {
  target: string;
  runId: string;
  plan: string;
  planDigest: string;
  state: RunState;
  reason?: string;
  startedAt: string;
  finishedAt?: string;
  phases: PhaseStatus[];
  rollbacks: RollbackStatus[];
  /** The operation under way, where there is one. */
  operation?: { id: string; summary: string; stage: Stage; workflowId: string; startedAt: string };
  waiting?: Waiting;
  /** The newest 60 entries. */
  timeline: TimelineEntry[];
  contacts: { role: string; name: string; contact: string }[];
  /** Data that must be restorable; absent while the plan is not known. */
  recovery?: Recovery;
  inconsistent: boolean;
}

/** What an update answers. */
export interface CommandAnswer {
  state: RunState;
  /** What happens now, in one sentence. */
  message: string;
}

/** The answer of a proof given with `doneByHand`. */
export interface ProofAnswer {
  proven: boolean;
  results: CheckResult[];
  /** How the operation would be taken back, where no attempt had written it down. */
  undo?: Undo;
}
