import { SwitchbackError } from '../../runbook/errors.ts';
import { markFailed, type StoredPoint } from '../points/index.ts';
import { reachOf, restoreSnapshot, type ReachContext } from '../restic/index.ts';
import { extractArchive } from './archive-volume.ts';
import type { HelperJob } from './run-volume-helper.ts';
import { surveyVolume } from './survey-volume.ts';
import { archiveOf, needOf, sizeOf, snapshotOf } from './volume-point.ts';

/**
 * Brings what a point holds into a volume of our own, emptied first, and compares. Returns how long it took until all was on disk, in
 * milliseconds. A point that is not what was backed up is marked for good: nobody restores from it again. A full disk or a dead daemon
 * says nothing about the point.
 */
export async function extractPoint(
  job: HelperJob,
  point: StoredPoint,
  volume: string,
  context: ReachContext,
): Promise<number> {
  try {
    return await extract(job, point, volume, context);
  } catch (error) {
    const against = error instanceof SwitchbackError && ['ValidationMismatch', 'IntegrityFailed'].includes(error.name);
    if (against) await markFailed(point, error.message);
    if (error instanceof SwitchbackError && error.name === 'ResourceExhausted')
      throw await outOfRoom(job, point, volume, error);
    throw error;
  }
}

async function extract(job: HelperJob, point: StoredPoint, volume: string, context: ReachContext): Promise<number> {
  const { at } = point.manifest;
  if (at === undefined) return extractArchive(job, archiveOf(point), volume);
  const { snapshot, metadata, changedWhileRead } = snapshotOf(point, at);
  const tree = { name: 'volume', type: 'volume', source: volume } as const;
  const restored = await restoreSnapshot(job, reachOf(at, context), snapshot, tree);
  // Of what changed while it was read, nobody knows what it was: then restic's own comparison of contents has to do.
  if (changedWhileRead || restored.metadata === metadata) return restored.tookMs;
  throw new SwitchbackError(
    'ValidationMismatch',
    `what was restored from snapshot ${snapshot.slice(0, 12)} has other owners, modes, times, links or attributes than what was backed up`,
    {
      hint: 'Do not use this recovery point; take a new backup.',
      facts: { expected: metadata, found: restored.metadata },
    },
  );
}

/** Says need and have. What was extracted so far counts as free: it is removed. */
async function outOfRoom(job: HelperJob, point: StoredPoint, volume: string, cause: Error): Promise<SwitchbackError> {
  const size = sizeOf(point);
  const found = await surveyVolume(job, volume);
  const [needBytes, haveBytes] = [needOf(point), found.freeBytes + found.diskBytes];
  const needInodes = size.files + size.folders + size.others;
  const haveInodes = found.freeInodes + found.files + found.folders + found.others;
  const inodes = found.freeInodes >= 0 && needInodes > haveInodes;
  const figures = inodes
    ? `inodes: it needs ${needInodes}; ${haveInodes} are free`
    : `room: it needs ${Math.ceil(needBytes / 1048576)} MiB; ${Math.floor(haveBytes / 1048576)} MiB are free`;
  return new SwitchbackError(
    'ResourceExhausted',
    `the extraction of recovery point ${point.manifest.point} ran out of ${figures}`,
    {
      hint: 'Free space on the disk of the Docker volumes, then retry.',
      facts: { needBytes, haveBytes, needInodes, haveInodes },
    },
    { cause },
  );
}
