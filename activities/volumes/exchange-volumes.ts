import { dirname } from 'node:path';

import { SwitchbackError } from '../../runbook/errors.ts';
import { exchangeScript } from './helper-scripts.ts';
import { readAll, runVolumeHelper } from './run-volume-helper.ts';
import type { HelperJob } from './run-volume-helper.ts';
import { inodeOf } from './volume-room.ts';

const role = 'exchange';

/** Whether a volume's content is a plain folder of the engine's own, which one rename can exchange. */
export async function requireExchangeable(job: Pick<HelperJob, 'engine' | 'signal'>, volume: string): Promise<string> {
  const found = await job.engine.inspectVolume(volume, { signal: job.signal });
  const plain = found?.Driver === 'local' && Object.keys(found.Options ?? {}).length === 0;
  if (plain && found.Mountpoint.endsWith(`/${volume}/_data`)) return dirname(dirname(found.Mountpoint));
  throw new SwitchbackError(
    'Unsupported',
    `volume ${volume} has driver ${found?.Driver ?? 'none'} with options: it cannot be swapped`,
    {
      hint: 'Restore into another volume with `into`, and let the Compose file name that one.',
      facts: { volume },
    },
  );
}

/** Ends what an earlier attempt has left exchanging: from then on, what lies under which name stays so. */
export const endExchange = (job: HelperJob): Promise<unknown> =>
  job.engine.removeContainer(job.nameOf(role), job.labels, { signal: job.signal });

/**
 * Exchanges the contents of two volumes in one rename: a crash leaves either the old or the new content under each name. Does
 * nothing when `volume` holds `newIdentity` already. All users of both must have been stopped: a running container keeps the
 * folder that it was started with.
 * @throws `StepFailed` when either volume is not what it was said to be.
 */
export async function exchangeVolumes(
  job: HelperJob,
  volume: string,
  other: string,
  newIdentity: string,
  oldIdentity: string | undefined,
): Promise<void> {
  const parent = await requireExchangeable(job, volume);
  if (parent !== (await requireExchangeable(job, other))) {
    throw new SwitchbackError('Unsupported', `volumes ${volume} and ${other} are not in one folder`);
  }
  // The parent of both: a rename from one mount to another is refused by the kernel, even on one file system.
  await runVolumeHelper(job, {
    role,
    script: exchangeScript,
    args: [volume, other, inodeOf(newIdentity), oldIdentity === undefined ? '' : inodeOf(oldIdentity)],
    mounts: [{ type: 'bind', source: parent, target: '/volumes' }],
    capabilities: readAll,
    fresh: true,
  });
}
