import { setTimeout as wait } from 'node:timers/promises';
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import { plainRehearsal } from '../../runbook/compile/rehearse.ts';
import type { CompiledPlan } from '../../runbook/compiled-plan.ts';
import { hostTaskQueue, rehearsalWorkflowId } from '../../runbook/names.ts';
import { errorTable } from '../../runbook/errors.ts';
import type { RehearsalInput, RehearsalResult } from '../../workflows/messages.ts';
import { exitCodes, type Answer } from '../command-line/answer.ts';
import type { Context } from '../command-line/context.ts';
import { GuidedError } from '../command-line/failure.ts';
import { UsageError } from '../command-line/usage-error.ts';
import { rehearsalPage } from '../rendering/rehearsal-page.ts';
import { workflowPage } from '../settings/settings.ts';
import { connected } from '../temporal/connection.ts';
import { requirePoller } from '../temporal/pollers.ts';
import { operator } from './operator.ts';
import { whyFailed } from './why-failed.ts';

export interface RehearsalRequest {
  plan: CompiledPlan;
  phase?: string;
  discardData?: boolean;
}

/** How often is asked whether it is over, in milliseconds. */
const askEvery = 500;

/**
 * Starts a rehearsal and waits for what it finds. It goes on when nobody waits any more.
 * @throws UsageError for a phase that the plan does not have; SwitchbackError `Conflict` when one is under way
 */
export async function runRehearsal({ plan, phase, discardData }: RehearsalRequest, context: Context): Promise<Answer> {
  const { settings } = context;
  const planned = plan.phases.find((candidate) => candidate.id === phase);
  if (phase !== undefined && !planned) {
    throw new UsageError(`the plan has no phase ${phase}`, `It has: ${plan.phases.map(({ id }) => id).join(', ')}.`);
  }
  const { target } = plan;
  // What a phase says about its rehearsals holds for this one as well.
  const said = (planned ? [planned] : plan.phases).flatMap(({ rehearsal }) => rehearsal ?? []);
  const input: RehearsalInput = {
    target,
    operator: operator(context.env),
    plan,
    ...(phase === undefined ? {} : { phases: [phase] }),
    options: {
      ...(said[0] ?? plainRehearsal),
      ignore: [...new Set(said.flatMap(({ ignore }) => ignore))],
      ...(discardData ? { discardData } : {}),
    },
  };
  return connected(settings, async (temporal) => {
    const taskQueue = hostTaskQueue(plan.homeHost);
    await requirePoller(temporal, taskQueue);
    const workflowId = rehearsalWorkflowId(target);
    const ui = workflowPage(settings, workflowId);
    const handle = await temporal
      .within(settings.timeoutMs, () =>
        temporal.client.workflow.start('rehearsal', {
          workflowId,
          taskQueue,
          args: [input],
          workflowIdReusePolicy: 'ALLOW_DUPLICATE',
          workflowIdConflictPolicy: 'FAIL',
          staticSummary: `rehearse the way back of ${target}`,
        }),
      )
      .catch((error: unknown) => {
        if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
        throw new GuidedError('Conflict', `a rehearsal of ${target} is under way`, { hint: `Look at it: ${ui}` });
      });
    context.note(`rehearsing on a clone of ${target}; the stack is not touched: ${ui}`);
    for (;;) {
      context.signal.throwIfAborted();
      const { status } = await temporal.within(settings.timeoutMs, () => handle.describe());
      if (status.name !== 'RUNNING') break;
      await wait(askEvery, undefined, { signal: context.signal });
    }
    try {
      const found = (await temporal.within(settings.timeoutMs, () => handle.result())) as RehearsalResult;
      return answerOf(target, found, ui);
    } catch (error) {
      throw whyFailed(error, 'the rehearsal could not begin');
    }
  });
}

function answerOf(target: string, found: RehearsalResult, ui: string): Answer {
  const outcomes = new Set(found.map(({ outcome }) => outcome));
  return {
    data: { target, rehearsals: found, ui },
    lines: (page) => rehearsalPage(found, page),
    exitCode: outcomes.has('failed')
      ? errorTable.CheckFailed.exitCode
      : outcomes.has('not-rehearsed')
        ? errorTable.PreconditionFailed.exitCode
        : exitCodes.ok,
  };
}
