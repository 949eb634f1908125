import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import {
  ApplicationFailure,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
} from '@temporalio/client';
import { isErrorName, SwitchbackError } from '../../runbook/errors.ts';
import { acceptedCommands, type Command, type CommandAnswer, type RunStatus } from '../../runbook/run-state.ts';
import { GuidedError } from '../command-line/failure.ts';
import type { TemporalConnection } from '../temporal/connection.ts';
import { askRun } from '../temporal/ask-run.ts';
import { findRun, type KnownRun } from '../temporal/find-run.ts';
import { requirePoller } from '../temporal/pollers.ts';
import { withFlags } from './next-steps.ts';

/**
 * Says something to a target's open run and waits for its answer.
 * @throws GuidedError `PreconditionFailed` when no run is open, `Conflict` when the run refuses, `Unreachable` when the answer does
 * not come before the deadline; it may still be obeyed then.
 */
export async function sendCommand(
  temporal: TemporalConnection,
  target: string,
  command: Command,
  sameFlags = '',
): Promise<CommandAnswer> {
  const run = await findRun(temporal, target);
  if (!run?.open) throw noOpenRun(target, sameFlags);
  await requirePoller(temporal, run.taskQueue);
  const { command: name, ...words } = command;
  const handle = temporal.client.workflow.getHandle(run.workflowId);
  for (let tries = 1; ; tries += 1) {
    try {
      return await temporal.within(temporal.settings.timeoutMs, () =>
        // The id makes a request that gRPC repeats by itself take effect once.
        handle.executeUpdate<CommandAnswer, [Omit<Command, 'command'>]>(name, {
          args: [words],
          updateId: randomUUID(),
        }),
      );
    } catch (error) {
      if (tries === arrivals || !refusedByState(error) || !(await accepts(temporal, run, name)))
        throw refusalOf(error, target, command, temporal.settings.timeoutMs, sameFlags);
      await wait(arrivalMs);
    }
  }
}

/** A run hears of its child's state a moment after the child shows it; so often, and so long apart, it is asked again. */
const arrivals = 10;
const arrivalMs = 100;

const refusedByState = (error: unknown) =>
  error instanceof WorkflowUpdateFailedError && /is not possible while the run is/.test(error.cause?.message ?? '');

/** Whether the state that is shown takes the command, whatever the run itself had heard when it refused. */
async function accepts(temporal: TemporalConnection, run: KnownRun, command: Command['command']): Promise<boolean> {
  const { state } = await askRun(temporal, run);
  return acceptedCommands[state].includes(command);
}

const status = (sameFlags: string, why: string) => [{ type: withFlags('switchback status', sameFlags), why }];

function noOpenRun(target: string, sameFlags: string): GuidedError {
  return new GuidedError('Conflict', `${target} has no open run`, {
    next: [
      ...status(sameFlags, 'how the last one ended'),
      { type: withFlags('switchback start', sameFlags), why: 'start one' },
    ],
  });
}

/** What the open run says of itself. @throws GuidedError as `sendCommand` */
export async function statusOf(temporal: TemporalConnection, target: string, sameFlags: string): Promise<RunStatus> {
  const run = await findRun(temporal, target);
  if (!run?.open) throw noOpenRun(target, sameFlags);
  await requirePoller(temporal, run.taskQueue);
  const handle = temporal.client.workflow.getHandle(run.workflowId);
  return temporal.within(temporal.settings.timeoutMs, () => handle.query<RunStatus>('status'));
}

/** What the run, or the way to it, said instead of an answer. */
export function refusalOf(
  error: unknown,
  target: string,
  { command }: Command,
  timeoutMs: number,
  sameFlags: string,
): unknown {
  if (error instanceof WorkflowUpdateFailedError) {
    const { cause } = error;
    const type = cause instanceof ApplicationFailure ? cause.type : undefined;
    const hint =
      cause instanceof ApplicationFailure ? (cause.details?.[0] as { hint?: string } | undefined)?.hint : undefined;
    return new GuidedError(
      isErrorName(type) ? type : 'Conflict',
      cause?.message ?? `the run of ${target} refused ${command}`,
      {
        ...(hint !== undefined && { hint }),
        next: status(sameFlags, 'what is possible now'),
      },
    );
  }
  if (
    error instanceof WorkflowUpdateRPCTimeoutOrCancelledError ||
    (error instanceof SwitchbackError && error.name === 'Unreachable')
  ) {
    return new GuidedError(
      'Unreachable',
      `the run of ${target} did not answer ${command} within ${Math.round(timeoutMs / 1000)} s`,
      {
        hint: 'It may still be obeyed as soon as a worker is there. Look before you repeat it.',
        next: status(sameFlags, 'whether it was obeyed'),
      },
      { cause: error },
    );
  }
  // The run ended between the look and the word.
  if (error instanceof WorkflowNotFoundError) {
    return new GuidedError('Conflict', `the run of ${target} has just ended: ${command} came too late`, {
      next: status(sameFlags, 'how it ended'),
    });
  }
  return error;
}
