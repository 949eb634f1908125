import type { BackupTask } from '../../runbook/backup-task.ts';
import type { Answer } from '../command-line/answer.ts';
import type { Context } from '../command-line/context.ts';
import { UsageError } from '../command-line/usage-error.ts';
import { readValidPlan } from '../settings/read-valid-plan.ts';
import { planOf, quiesceOf, retentionOf, type BackupOptions } from './options.ts';
import { runTask } from './run-task.ts';

/** What `create`, and a schedule each time, does. */
export function createTask(options: BackupOptions): Extract<BackupTask, { do: 'create' }> {
  const quiesce = quiesceOf(options);
  const retention = retentionOf(options);
  if (options.pointInTime && !options.physical)
    throw new UsageError('--point-in-time needs --physical', 'A dump cannot be brought to a later moment.');
  return {
    do: 'create',
    ...(options.volume ? { volumes: options.volume } : {}),
    ...(options.store ? { stores: options.store } : {}),
    ...(options.physical ? { physical: true as const } : {}),
    ...(options.pointInTime ? { pointInTime: true as const } : {}),
    ...(quiesce ? { quiesce } : {}),
    test: options.test ?? true,
    ...(retention ? { retention } : {}),
  };
}

/** Takes recovery points of all that the plan's stack names, or of what is named. */
export async function createBackup(
  typed: string | undefined,
  options: BackupOptions,
  context: Context,
): Promise<Answer> {
  const { compiled } = await readValidPlan(options, context, planOf(typed));
  const { target, homeHost } = compiled;
  return runTask(
    {
      target,
      homeHost,
      plan: compiled,
      task: createTask(options),
      next: [{ type: `switchback backup list --target ${target}`, why: 'what there is to go back to' }],
    },
    context,
  );
}
