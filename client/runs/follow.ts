import { setTimeout as wait } from 'node:timers/promises';
import { SwitchbackError } from '../../runbook/errors.ts';
import { finalRunStates } from '../../runbook/run-state.ts';
import type { Answer } from '../command-line/answer.ts';
import type { Context } from '../command-line/context.ts';
import { Interrupted } from '../command-line/usage-error.ts';
import { hang } from '../rendering/table.ts';
import { connect, type TemporalConnection } from '../temporal/connection.ts';
import { liveActivities, type LiveActivity } from '../temporal/live-progress.ts';
import { FollowLog } from './follow-log.ts';
import { FollowScreen } from './follow-screen.ts';
import { nextSteps } from './next-steps.ts';
import { outcomeOf } from './outcome.ts';
import { statusOver, type StatusReport } from './read-status.ts';
import type { Look, Follower } from './follower.ts';

export type { Look, Follower } from './follower.ts';

/** One look costs three short requests; people do not read faster than this. */
const lookMs = 1_000;

/**
 * So many looks in a row may find only the journal before its word on a run that waits is taken: a worker that was replaced, or
 * is busy, answers again in a moment, and knows more.
 */
const patience = 4;

export interface FollowRequest {
  target: string;
  /** Go on waiting while the run waits for a person. */
  untilDone: boolean;
}

/**
 * Follows a target's run until it ends or needs somebody.
 * @throws Interrupted on Ctrl-C; SwitchbackError `PreconditionFailed` when there is no run
 */
export async function follow({ target, untilDone }: FollowRequest, context: Context): Promise<Answer> {
  const { settings, signal, sameFlags } = context;
  const follower: Follower = context.json
    ? jsonLines(context)
    : context.interactive
      ? new FollowScreen(context)
      : new FollowLog(context);
  let temporal: TemporalConnection | undefined;
  let seen = false;
  let unanswered = 0;
  try {
    for (;;) {
      if (signal.aborted) throw new Interrupted(`no longer watching ${target}; the run goes on`);
      try {
        temporal ??= await connect(settings);
        const look = await lookAt(temporal, target);
        seen = true;
        follower.show(look);
        unanswered = look.report.source === 'run' ? 0 : unanswered + 1;
        const exitCode = outcomeOf(look.report, untilDone);
        const certain = unanswered === 0 || unanswered > patience || finalRunStates.includes(look.report.status.state);
        if (certain && exitCode !== undefined) return ended(look.report, exitCode, sameFlags);
      } catch (error) {
        // Whoever has seen the run keeps waiting for it; a server that was never there is said at once.
        if (!seen || !(error instanceof SwitchbackError) || error.name !== 'Unreachable') throw error;
        follower.lost(error.message);
        await temporal?.close();
        temporal = undefined;
      }
      await wait(lookMs, undefined, { signal }).catch(() => undefined); // The loop begins with the question whether it was aborted.
    }
  } finally {
    await temporal?.close();
  }
}

async function lookAt(temporal: TemporalConnection, target: string): Promise<Look> {
  const report = await statusOver(temporal, target);
  if (!report)
    throw new SwitchbackError('PreconditionFailed', `${target} has no run to watch`, {
      hint: 'Start one with `switchback start`.',
    });
  const workflowId =
    report.source === 'run' && !report.status.waiting ? report.status.operation?.workflowId : undefined;
  return { report, activities: workflowId === undefined ? [] : await activitiesOf(temporal, workflowId) };
}

async function activitiesOf(temporal: TemporalConnection, workflowId: string): Promise<LiveActivity[]> {
  try {
    return await liveActivities(temporal, workflowId);
  } catch (error) {
    if (error instanceof SwitchbackError) throw error;
    // The child has ended between the two looks; the next one shows what became of it.
    return [];
  }
}

const ended = ({ status }: StatusReport, exitCode: number, sameFlags: string): Answer => ({
  data: {
    target: status.target,
    runId: status.runId,
    state: status.state,
    exitCode,
    ...(status.reason !== undefined && { reason: status.reason }),
  },
  lines: ({ style }) => [
    '',
    `${style.bold(status.target)} is ${style.bold(status.state)}${status.reason === undefined ? '' : `: ${hang(status.reason, 2)}`}`,
  ],
  next: nextSteps(status, sameFlags),
  exitCode,
});

/** With `--json`, one document a line for each look that differs; the last one is the outcome. */
function jsonLines(context: Context): Follower {
  let last = '';
  return {
    show({ report, activities }) {
      const text = JSON.stringify({
        state: report.status.state,
        source: report.source,
        operation: report.status.operation,
        waiting: report.status.waiting,
        activities,
        phases: report.status.phases,
      });
      if (text !== last) context.print(text);
      last = text;
    },
    lost: (message) => context.note(`switchback: ${message}; still trying`),
  };
}
