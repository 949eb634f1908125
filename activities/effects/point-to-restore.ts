import { SwitchbackError } from '../../runbook/errors.ts';
import type { EffectContext } from '../effect.ts';
import { findPoint } from '../points/index.ts';
import {
  ensureOwnVolume,
  needOf,
  ownLabels,
  removeOwnVolume,
  requireRoom,
  roomOfVolume,
  sizeOf,
} from '../volumes/index.ts';
import type { HelperJob, VolumeRoom } from '../volumes/index.ts';
import { helperOwner } from './helper-owner.ts';
import { requireKnownPoint, requireOpenable } from './known-point.ts';

type Context = EffectContext<'restoreVolume'>;

/** Finds the point and the room that it needs. Returns its id with the run. */
export async function pointToRestore(job: HelperJob, context: Context, live: VolumeRoom | undefined): Promise<string> {
  const { input } = context.operation;
  const volume = input.into ?? input.volume;
  const point = await findPoint(context.home.points, input.point, context.runId);
  const { manifest } = point;
  const size = sizeOf(point);
  await requireKnownPoint(context, manifest);
  requireOpenable(context, manifest);
  // The new content lies beside the old one until the old one is discarded: both must fit.
  const { freeBytes, freeInodes } = live ?? (await roomOfNewVolume(job, context));
  requireRoom(
    `the restore of volume ${volume}`,
    needOf(point),
    freeBytes,
    'Free space on the disk of the Docker volumes.',
  );
  const entries = size.files + size.folders + size.others;
  if (freeInodes >= 0 && freeInodes < entries) {
    throw new SwitchbackError(
      'ResourceExhausted',
      `the restore of ${volume} needs ${entries} inodes; ${freeInodes} are free`,
      {
        hint: 'Remove files on the disk of the Docker volumes.',
        facts: { needInodes: entries, haveInodes: freeInodes },
      },
    );
  }
  return `${manifest.run}/${manifest.point}`;
}

/** Where no volume is there to look at yet, an empty one tells how much room its file system has. */
async function roomOfNewVolume(job: HelperJob, context: Context): Promise<VolumeRoom> {
  const probe = job.nameOf('room');
  const labels = ownLabels(helperOwner(context), 'scratch');
  await ensureOwnVolume(job.engine, probe, labels, { signal: context.signal });
  try {
    return await roomOfVolume(job, probe);
  } finally {
    await removeOwnVolume(job.engine, probe, labels);
  }
}
