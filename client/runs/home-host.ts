import type { Context } from '../command-line/context.ts';
import { GuidedError } from '../command-line/failure.ts';
import type { Place } from '../settings/locate.ts';
import { readLocalTarget, sealedPlan } from './local-target.ts';

/**
 * Where the journal is: the host that the plan names, that of the sealed plan, or that of the last run's queue.
 * @throws GuidedError `PreconditionFailed` when nothing is known of the target here
 */
export async function homeHostOf(
  { target, homeHost }: Place,
  context: Pick<Context, 'settings'>,
  taskQueue: string | undefined,
): Promise<string> {
  if (homeHost !== undefined) return homeHost;
  const local = await readLocalTarget(target, context.settings);
  if (local && local.state.runs.length + local.state.tasks.length > 0)
    return (await sealedPlan(local, context.settings)).homeHost;
  const host = taskQueue === undefined ? undefined : /^switchback-host-(.+)$/.exec(taskQueue)?.[1];
  if (host !== undefined) return host;
  throw new GuidedError('PreconditionFailed', `nothing is known of ${target} here`, {
    next: [{ type: 'switchback list', why: 'targets that are known' }],
  });
}
