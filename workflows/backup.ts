import { ApplicationFailure, uuid4, workflowInfo } from '@temporalio/workflow';
import type { RunRef } from '../runbook/activities.ts';
import {
  aboutOf,
  describeTask,
  type BackupOutcome,
  type BackupResult,
  type BackupTask,
} from '../runbook/backup-task.ts';
import type { FailureDetail, JournalEntry } from '../runbook/journal.ts';
import { taskId } from '../runbook/names.ts';
import type { Operation } from '../runbook/operations.ts';
import { closeRun, control, performOperation } from './calls.ts';
import { backupDetails } from './details.ts';
import { describeFailure, isLeaseLost } from './failure.ts';
import { shielded } from './interpreter.ts';
import type { BackupInput } from './messages.ts';
import { Session } from './session.ts';

/** A worker that is away is waited for so often, each time for ten minutes at most: a day. Something that kills it every time ends then. */
const awayAtMost = 144;

/** Work on recovery points under way. */
interface Work {
  input: BackupInput;
  run: RunRef;
  session: Session;
  result: BackupResult;
}

/**
 * Works on a target's recovery points outside of any run, under its lease: takes, tests, restores or prunes them. It waits for no person:
 * what fails is told, the rest is done all the same. It outlives its worker: without one it waits.
 */
export async function backup(input: BackupInput): Promise<BackupResult> {
  const { workflowId, runId: workflowRunId } = workflowInfo();
  const task = taskId(input.task.do, new Date().toISOString(), uuid4().slice(0, 4));
  const run: RunRef = { target: input.target, runId: task, epoch: 0 };
  const result: BackupResult = { task, outcomes: [], notes: [] };
  const session = new Session(
    'phase',
    run,
    () => ({}),
    (current) => backupDetails(input, result, current),
  );
  return shielded(session, async () => {
    const { epoch } = await control(`take the lease of ${input.target}`).openRun({
      target: input.target,
      runId: task,
      holder: { workflowId, workflowRunId },
      operator: input.operator,
      task: input.task.do,
      ...(input.plan ? { plan: input.plan } : {}),
    });
    run.epoch = epoch;
    const work: Work = { input, run, session, result };
    const failure = await tryAll(work);
    await end(work, failure);
    session.tell(describeTask(result));
    await session.close();
    if (failure) throw failed(failure, result);
    return result;
  });
}

/** @returns the first thing that went wrong */
async function tryAll(work: Work): Promise<FailureDetail | undefined> {
  const { input, result, session } = work;
  try {
    await perform(work, input.task);
    if (input.task.do === 'create') await followUp(work, input.task);
  } catch (error) {
    return describeFailure(error);
  }
  if (session.stop) return { name: 'Error', message: `it was called off: ${session.stop.reason}` };
  return result.outcomes.find(({ error }) => error !== undefined)?.error;
}

/** What comes after new points were taken: their set is written down; older ones are tested; what nothing needs is removed. */
async function followUp(work: Work, task: Extract<BackupTask, { do: 'create' }>): Promise<void> {
  const { result, session, run } = work;
  const taken = result.outcomes.flatMap(({ kind, facts }) =>
    (kind === 'backupVolume' || kind === 'backupStore') && typeof facts?.['point'] === 'string' ? [facts['point']] : [],
  );
  const set =
    taken.length === 0 ? null : await control('note how far apart they are').recordSet({ run, points: taken });
  if (set) result.set = set;
  if (task.testRetained && !session.stop) {
    const known = new Set(taken);
    await perform(
      work,
      { do: 'test', points: 'all' },
      ({ kind, input }) => kind !== 'proveBackup' || !known.has(input.point),
    );
  }
  // After a failure everything stays: the older points are what is left.
  const whole = result.outcomes.every(({ error, skipped }) => !error && !skipped);
  if (task.retention && whole && !session.stop) await perform(work, { do: 'prune', retention: task.retention });
}

async function perform(
  work: Work,
  task: BackupTask,
  wanted: (operation: Operation) => boolean = () => true,
): Promise<void> {
  const { run, result } = work;
  const planned = await control(`look up what there is to ${task.do}`).planBackup({
    run,
    task,
    from: result.outcomes.length,
  });
  result.notes.push(...planned.notes);
  for (const operation of planned.operations.filter(wanted)) result.outcomes.push(await settle(work, operation));
}

async function settle({ run, session, result }: Work, operation: Operation): Promise<BackupOutcome> {
  const began = Date.now();
  const { id, kind, summary, stage } = operation;
  const outcome = (rest: Partial<BackupOutcome>): BackupOutcome => ({
    operation: id,
    kind,
    about: aboutOf(operation),
    summary,
    seconds: (Date.now() - began) / 1000,
    ...rest,
  });
  const untaken = kind === 'proveBackup' && result.outcomes.some((one) => one.error && isBackupOf(one, operation));
  if (session.stop || untaken) return outcome({ skipped: true });
  for (let away = 0; ; away += 1) {
    session.operation = { id, summary, stage, workflowId: '', startedAt: new Date().toISOString() };
    session.report();
    try {
      const receipt = await session.interruptible(() => performOperation(run, operation));
      session.note(`${summary}: ${receipt.summary}`);
      return outcome({ summary: receipt.summary, facts: receipt.facts });
    } catch (error) {
      if (isLeaseLost(error)) throw error;
      const failure = describeFailure(error);
      session.note(`${summary}: ${failure.message}`);
      // A worker that is away comes back: what it had begun is gone on with.
      if (isWorkerAway(failure) && away < awayAtMost && !stopRequested(session)) continue;
      return outcome({ error: failure });
    } finally {
      session.operation = undefined;
    }
  }
}

/** Backups name the point as it is called in the task. */
const isBackupOf = ({ kind, about }: BackupOutcome, { input }: Operation): boolean =>
  (kind === 'backupVolume' || kind === 'backupStore') && 'point' in input && input.point === about.replace(':', '-');

/** By the server's word, not by that of a store that did not answer. */
const isWorkerAway = ({ name, message }: FailureDetail) => name === 'Unreachable' && message.includes('worker');

/** A getter in disguise: the field changes in signal handlers, which type narrowing does not know. */
const stopRequested = (session: Session): boolean => session.stop !== undefined;

/** Gives the lease back; whoever has taken it meanwhile keeps it. */
async function end({ run, session }: Work, failure: FailureDetail | undefined): Promise<void> {
  const state = session.stop ? 'aborted' : failure ? 'failed' : 'completed';
  const reason = session.stop?.reason ?? failure?.message;
  const entry: JournalEntry = {
    type: 'run-state',
    state,
    ...(reason === undefined ? {} : { reason: reason.slice(0, 500) }),
  };
  try {
    await closeRun({ run: { ...run }, key: 'closed', entries: [entry] });
  } catch (error) {
    if (!isLeaseLost(error)) throw error;
  }
}

/** Failed in the Temporal UI as well, with all that was found out. */
function failed({ name, message, hint }: FailureDetail, result: BackupResult): ApplicationFailure {
  return ApplicationFailure.create({
    type: name,
    message,
    nonRetryable: true,
    details: [{ ...(hint === undefined ? {} : { hint }), result }],
  });
}
