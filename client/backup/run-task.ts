import { setTimeout as wait } from 'node:timers/promises';
import { WorkflowExecutionAlreadyStartedError, WorkflowFailedError, type ApplicationFailure } from '@temporalio/client';
import type { BackupResult, BackupTask } from '../../runbook/backup-task.ts';
import type { CompiledPlan } from '../../runbook/compiled-plan.ts';
import { errorTable, isErrorName, SwitchbackError } from '../../runbook/errors.ts';
import type { FailureDetail } from '../../runbook/journal.ts';
import { backupWorkflowId, hostTaskQueue } from '../../runbook/names.ts';
import type { BackupInput } from '../../workflows/messages.ts';
import { exitCodes, type Answer, type NextStep } from '../command-line/answer.ts';
import type { Context } from '../command-line/context.ts';
import { GuidedError } from '../command-line/failure.ts';
import { operator } from '../runs/operator.ts';
import { whyFailed } from '../runs/why-failed.ts';
import { workflowPage } from '../settings/settings.ts';
import { connected, type TemporalConnection } from '../temporal/connection.ts';
import { requirePoller } from '../temporal/pollers.ts';
import { LiveTask } from './live-task.ts';
import { taskPage } from './task-page.ts';

export interface TaskRequest {
  target: string;
  homeHost: string;
  task: BackupTask;
  plan?: CompiledPlan;
  next?: readonly NextStep[];
}

/** How often is asked how far it is, in milliseconds. */
const askEvery = 500;

/**
 * Starts work on a target's recovery points and waits for its end. It goes on when nobody waits any more.
 * @throws GuidedError `Conflict` when such work, or a run, is under way
 */
export async function runTask(request: TaskRequest, context: Context): Promise<Answer> {
  const { target, homeHost, task, plan } = request;
  const { settings } = context;
  return connected(settings, async (temporal) => {
    const taskQueue = hostTaskQueue(homeHost);
    await requirePoller(temporal, taskQueue);
    const workflowId = backupWorkflowId(target);
    const ui = workflowPage(settings, workflowId);
    const input: BackupInput = { target, operator: operator(context.env), task, ...(plan ? { plan } : {}) };
    const handle = await temporal
      .within(settings.timeoutMs, () =>
        temporal.client.workflow.start('backup', {
          workflowId,
          taskQueue,
          args: [input],
          workflowIdReusePolicy: 'ALLOW_DUPLICATE',
          workflowIdConflictPolicy: 'FAIL',
          staticSummary: `${task.do} recovery points of ${target}`,
        }),
      )
      .catch((error: unknown) => {
        if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
        throw new GuidedError('Conflict', `the recovery points of ${target} are being worked on already`, {
          hint: `Wait for its end, or cancel it: ${ui}`,
        });
      });
    context.note(ui);
    const describe = () => temporal.within(settings.timeoutMs, () => handle.describe());
    await follow(temporal, workflowId, describe, context).catch((error: unknown) => {
      throw outOfSight(error, target);
    });
    try {
      const result = (await temporal.within(settings.timeoutMs, () => handle.result())) as BackupResult;
      return answerOf(request, ui, result);
    } catch (error) {
      const ended = resultOf(error);
      if (ended) return answerOf(request, ui, ended.result, ended.failure);
      throw whyFailed(error, `${task.do} could not begin`);
    }
  });
}

/** The server was lost, and not what it was asked to do. */
function outOfSight(error: unknown, target: string): unknown {
  if (!(error instanceof SwitchbackError) || error.name !== 'Unreachable') return error;
  return new GuidedError('Unreachable', `${error.message}; what was begun is not lost, and goes on when it answers`, {
    next: [
      { type: 'switchback doctor', why: 'find out what is the matter with it: a full disk stops it, too' },
      { type: `switchback backup list --target ${target}`, why: 'see what there is by now' },
    ],
  });
}

async function follow(
  temporal: TemporalConnection,
  workflowId: string,
  describe: () => Promise<{ status: { name: string } }>,
  context: Context,
): Promise<void> {
  const live = new LiveTask(temporal, workflowId, context);
  try {
    for (;;) {
      context.signal.throwIfAborted();
      const { status } = await describe();
      if (status.name !== 'RUNNING') return;
      await live.show();
      await wait(askEvery, undefined, { signal: context.signal });
    }
  } finally {
    live.end();
  }
}

/** What work that failed has done before, and after. */
function resultOf(error: unknown): { result: BackupResult; failure: FailureDetail } | undefined {
  if (!(error instanceof WorkflowFailedError)) return undefined;
  const cause = error.cause as (Error & Partial<Pick<ApplicationFailure, 'type' | 'details'>>) | undefined;
  const detail = cause?.details?.[0] as { result?: BackupResult; hint?: string } | undefined;
  if (!cause || !detail?.result) return undefined;
  const { message, type } = cause;
  const hint = detail.hint === undefined ? {} : { hint: detail.hint };
  return { result: detail.result, failure: { name: isErrorName(type) ? type : 'Error', message, ...hint } };
}

function answerOf(
  { target, task, next }: TaskRequest,
  ui: string,
  result: BackupResult,
  failure?: FailureDetail,
): Answer {
  const name = failure?.name;
  return {
    data: {
      target,
      do: task.do,
      ...result,
      ui,
      ...(failure && { error: failure }),
    },
    lines: (page) => taskPage(result, failure, page),
    ...(next && !failure && { next }),
    exitCode:
      failure === undefined
        ? exitCodes.ok
        : name !== undefined && name !== 'Error'
          ? errorTable[name].exitCode
          : exitCodes.needsPerson,
  };
}
