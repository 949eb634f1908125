import { retainedPoints } from '../../activities/points/index.ts';
import { decideRetention, neededPoints } from '../../runbook/retention.ts';
import type { Answer } from '../command-line/answer.ts';
import type { Context } from '../command-line/context.ts';
import { UsageError } from '../command-line/usage-error.ts';
import { formatBytes, plural } from '../rendering/quantity.ts';
import { homeHostOf } from '../runs/home-host.ts';
import { locate } from '../settings/locate.ts';
import { retentionOf, type BackupOptions } from './options.ts';
import { pointsAtHome } from './points-at-home.ts';
import { runTask } from './run-task.ts';

/** Removes points that are older than what is to be kept, and that nothing needs. */
export async function pruneBackups(options: BackupOptions, context: Context): Promise<Answer> {
  const retention = retentionOf(options);
  if (!retention) {
    throw new UsageError(
      'say what is to be kept',
      '--keep-last N of each resource, --keep-within DURATION, or both; --dry-run shows what would go.',
    );
  }
  if (!options.dryRun) {
    const place = await locate(options, context);
    const homeHost = await homeHostOf(place, context, undefined);
    return runTask({ target: place.target, homeHost, task: { do: 'prune', retention } }, context);
  }
  const { target, local, home } = await pointsAtHome(options, context);
  const verdicts = decideRetention(await retainedPoints(home.points), retention, neededPoints(local.state), Date.now());
  const going = verdicts.filter(({ keep }) => !keep);
  const bytes = going.reduce((sum, { point }) => sum + point.bytes, 0);
  return {
    data: { target, verdicts: verdicts.map(({ point, keep, why }) => ({ ...point, keep, why })), bytes },
    lines: ({ style }) => [
      ...verdicts.map(({ point, keep, why }) =>
        keep ? style.dim(`kept     ${point.id}: ${why}`) : `removed  ${point.id}: ${why}`,
      ),
      `${plural(going.length, 'point')} would be removed, ${formatBytes(bytes)}; nothing was changed`,
    ],
  };
}
