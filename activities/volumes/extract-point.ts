import { SwitchbackError } from '../../runbook/errors.ts';
import { markFailed, requireWholeParts, verifyPoint, type PointPlace, type StoredPoint } from '../points/index.ts';
import { reachOf, restoreSnapshot, type ReachContext } from '../restic/index.ts';
import { extractArchive, type ReadBack } from './extract-archive.ts';
import type { HelperJob } from './run-volume-helper.ts';
import { surveyVolume } from './survey-volume.ts';
import { archiveOf, needOf, sizeOf, snapshotOf } from './volume-point.ts';

/**
 * Brings what a point holds into a volume of our own, emptied first, and compares. Returns how long it took until all was on disk, in
 * milliseconds. A point that is not what was backed up is marked for good: nobody restores from it again. A full disk or a dead daemon
 * says nothing about the point.
 * Nobody needs to have read the archive before: what comes out of it has a hash of its own. Only where that went wrong is it read once
 * more, to tell a damaged archive from a forged one, and either from a helper that failed.
 * @param readBack `content`: all of it is read back. `cheaper`: or else a listing, where that says as much in less time
 */
export async function extractPoint(
  job: HelperJob,
  point: StoredPoint,
  volume: string,
  context: ReachContext,
  readBack: 'content' | 'cheaper',
): Promise<number> {
  const { at } = point.manifest;
  if (at === undefined) await requireWholeParts(point);
  try {
    return at === undefined
      ? await extractArchive(job, archiveOf(point), volume, readBack === 'content' ? readBack : cheaperReadBack(point))
      : await extractSnapshot(job, point, at, volume, context);
  } catch (error) {
    if (!(error instanceof SwitchbackError)) throw error;
    if (error.name === 'ResourceExhausted') throw await outOfRoom(job, point, volume, error);
    const against = ['ValidationMismatch', 'IntegrityFailed'].includes(error.name);
    // A key that opens nothing may be the right one, of a damaged point.
    if (at === undefined && (against || ['StepFailed', 'AccessDenied'].includes(error.name)))
      await verifyPoint(point, { signal: job.signal });
    if (against) await markFailed(point, error.message);
    throw error;
  }
}

async function extractSnapshot(
  job: HelperJob,
  point: StoredPoint,
  at: PointPlace,
  volume: string,
  context: ReachContext,
): Promise<number> {
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

/** Bytes on disk for each entry from which on reading all of it back costs more than listing what is there. */
const listingPays = 32 * 1024;

/** The cheaper way to read back what was restored: tar takes as long to list a small file as to read it. */
function cheaperReadBack(point: StoredPoint): ReadBack {
  const { diskBytes, files, folders, others } = archiveOf(point);
  return diskBytes > (files + folders + others) * listingPays ? 'listing' : 'content';
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
