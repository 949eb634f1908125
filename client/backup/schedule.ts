import { ScheduleAlreadyRunning, ScheduleNotFoundError, ScheduleOverlapPolicy } from '@temporalio/client';
import { backupScheduleId, backupWorkflowId, hostTaskQueue } from '../../runbook/names.ts';
import type { BackupInput } from '../../workflows/messages.ts';
import type { Answer } from '../command-line/answer.ts';
import type { Context } from '../command-line/context.ts';
import { GuidedError } from '../command-line/failure.ts';
import { UsageError } from '../command-line/usage-error.ts';
import { formatDuration } from '../rendering/duration.ts';
import { operator } from '../runs/operator.ts';
import { locate } from '../settings/locate.ts';
import { readValidPlan } from '../settings/read-valid-plan.ts';
import { connected, type TemporalConnection } from '../temporal/connection.ts';
import { createTask } from './create.ts';
import { planOf, secondsOf, type BackupOptions } from './options.ts';

/** A worker that was away starts what it missed if that was no longer ago than this: once, not once for each time. */
const catchupWindow = '1h';

/** Has the server take new points, and test all that are retained, every so often; or no more. */
export async function scheduleBackups(
  typed: string | undefined,
  options: BackupOptions,
  context: Context,
): Promise<Answer> {
  if (options.remove) return removeSchedule(options, context);
  if (options.every === undefined) throw new UsageError('say how often: --every DURATION', 'Or --remove it.');
  const seconds = secondsOf('--every', options.every);
  const { compiled: plan } = await readValidPlan(options, context, planOf(typed));
  const { target, homeHost } = plan;
  const input: BackupInput = {
    target,
    operator: operator(context.env),
    plan,
    task: { ...createTask(options), testRetained: true },
  };
  const spec = { intervals: [{ every: seconds * 1000 }] };
  const policies = { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow } as const;
  const action = {
    type: 'startWorkflow' as const,
    workflowType: 'scheduledBackup',
    workflowId: `${backupWorkflowId(target)}/scheduled`,
    taskQueue: hostTaskQueue(homeHost),
    args: [input],
  };
  return connected(context.settings, async (temporal) => {
    const next = await place(temporal, target, { spec, policies, action });
    return {
      data: { target, schedule: backupScheduleId(target), everySeconds: seconds, next: next ?? null },
      lines: () => [
        `recovery points of ${target} are taken every ${formatDuration(seconds * 1000)}, and all that are retained are tested then`,
        ...(next === undefined ? [] : [`next: ${next}`]),
      ],
      next: [{ type: `switchback backup schedule --remove --target ${target}`, why: 'no more' }],
    };
  });
}

type Wanted = Pick<Parameters<TemporalConnection['client']['schedule']['create']>[0], 'spec' | 'policies'> & {
  action: Parameters<TemporalConnection['client']['schedule']['create']>[0]['action'];
};

/** Makes the schedule, or changes the one that there is. @returns when it acts next */
async function place(temporal: TemporalConnection, target: string, wanted: Wanted): Promise<string | undefined> {
  const { client, settings } = temporal;
  const scheduleId = backupScheduleId(target);
  const handle = client.schedule.getHandle(scheduleId);
  await temporal.within(settings.timeoutMs, async () => {
    try {
      await client.schedule.create({ scheduleId, ...wanted });
    } catch (error) {
      if (!(error instanceof ScheduleAlreadyRunning)) throw error;
      await handle.update((before) => ({ ...before, ...wanted }));
    }
  });
  const { info } = await temporal.within(settings.timeoutMs, () => handle.describe());
  return info.nextActionTimes[0]?.toISOString();
}

async function removeSchedule(options: BackupOptions, context: Context): Promise<Answer> {
  const { target } = await locate(options, context);
  return connected(context.settings, async (temporal) => {
    try {
      const handle = temporal.client.schedule.getHandle(backupScheduleId(target));
      await temporal.within(temporal.settings.timeoutMs, () => handle.delete());
    } catch (error) {
      if (!(error instanceof ScheduleNotFoundError)) throw error;
      throw new GuidedError('PreconditionFailed', `${target} has no schedule of backups`);
    }
    return {
      data: { target, removed: backupScheduleId(target) },
      lines: () => [`no more backups of ${target} on a schedule; what was taken stays`],
    };
  });
}
