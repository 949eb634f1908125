import { setTimeout as wait } from 'node:timers/promises';
import type { CompiledPlan } from '../../runbook/compiled-plan.ts';
import { SwitchbackError } from '../../runbook/errors.ts';
import { finalRunStates, type RunStatus } from '../../runbook/run-state.ts';
import type { Answer } from '../command-line/answer.ts';
import type { Context } from '../command-line/context.ts';
import { UsageError } from '../command-line/usage-error.ts';
import { connected, type TemporalConnection } from '../temporal/connection.ts';
import { nextSteps } from './next-steps.ts';
import { operator } from './operator.ts';
import { startMigration, type StartedRun, type StartRequest } from './start-migration.ts';
import { whyFailed } from './why-failed.ts';

/** @throws UsageError when a phase that is to be left out is unknown or not optional */
export function requireOptional(plan: CompiledPlan, without: readonly string[]): void {
  for (const id of without) {
    const phase = plan.phases.find((candidate) => candidate.id === id);
    const optional = plan.phases.filter((candidate) => candidate.optional).map((candidate) => candidate.id);
    const hint = `Phases that may be left out: ${optional.join(', ') || 'none'}.`;
    if (!phase) throw new UsageError(`the plan has no phase ${id}`, hint);
    if (!phase.optional) throw new UsageError(`phase ${id} is not optional`, hint);
  }
}

/** Sealing reads every file that the plan names: quick, unless the worker is busy. Whoever does not wait asks `status`. */
const openMs = 8_000;

/** Starts a run and waits a moment until it is open, so that a refusal by the worker is heard here. */
export async function startAndOpen(
  request: Omit<StartRequest, 'operator' | 'sameFlags'>,
  context: Context,
): Promise<Answer> {
  const { settings, sameFlags } = context;
  return connected(settings, async (temporal) => {
    const started = await startMigration(temporal, { ...request, operator: operator(context.env), sameFlags });
    const status = await opened(temporal, started);
    const state = status?.state ?? 'starting';
    return {
      data: { ...started, state },
      lines: ({ style }) => [
        `${style.bold(`run ${started.runId}`)} of ${started.target} is ${style.bold(state)}`,
        style.dim(started.ui),
      ],
      next: nextSteps(status ?? { state: 'running' }, sameFlags),
    };
  });
}

/**
 * The run's status once it is open; undefined when that takes longer than a moment.
 * @throws SwitchbackError with what kept it from being opened
 */
async function opened(
  temporal: TemporalConnection,
  { workflowId, executionId }: StartedRun,
): Promise<RunStatus | undefined> {
  const handle = temporal.client.workflow.getHandle(workflowId, executionId);
  const deadline = Date.now() + openMs;
  while (Date.now() < deadline) {
    const { status: execution } = await temporal.within(temporal.settings.timeoutMs, () => handle.describe());
    if (execution.name === 'FAILED')
      throw await failure(() => temporal.within(temporal.settings.timeoutMs, () => handle.result()));
    try {
      const status = await temporal.within(openMs, () => handle.query<RunStatus>('status'));
      if (status.state !== 'starting' || finalRunStates.includes(status.state)) return status;
    } catch (error) {
      // Its first task is still under way, or the worker is too busy to answer: the run is started all the same.
      if (!(error instanceof SwitchbackError) && !(error instanceof Error && error.name === 'QueryNotRegisteredError'))
        throw error;
    }
    await wait(150);
  }
  return undefined;
}

async function failure(result: () => Promise<unknown>): Promise<unknown> {
  try {
    await result();
  } catch (error) {
    return whyFailed(error, 'the run was not opened');
  }
  return new SwitchbackError('Conflict', 'the run has ended already', { hint: 'Type `switchback history`.' });
}
