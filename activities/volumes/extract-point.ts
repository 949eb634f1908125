import { SwitchbackError } from '../../runbook/errors.ts';
import { markFailed, type StoredPoint } from '../points/index.ts';
import { extractArchive } from './archive-volume.ts';
import type { HelperJob } from './run-volume-helper.ts';
import { restoreNeed, surveyVolume } from './survey-volume.ts';
import { archiveOf } from './volume-point.ts';

/**
 * Extracts a point's archive into a volume of our own, and compares. A point whose archive is not what was backed up is marked for good:
 * nobody restores from it again. A full disk or a dead daemon says nothing about the point.
 */
export async function extractPoint(job: HelperJob, point: StoredPoint, volume: string): Promise<number> {
  try {
    return await extractArchive(job, archiveOf(point), volume);
  } catch (error) {
    const against = error instanceof SwitchbackError && ['ValidationMismatch', 'IntegrityFailed'].includes(error.name);
    if (against) await markFailed(point, error.message);
    if (error instanceof SwitchbackError && error.name === 'ResourceExhausted')
      throw await outOfRoom(job, point, volume, error);
    throw error;
  }
}

/** Says need and have. What was extracted so far counts as free: it is removed. */
async function outOfRoom(job: HelperJob, point: StoredPoint, volume: string, cause: Error): Promise<SwitchbackError> {
  const archive = archiveOf(point);
  const found = await surveyVolume(job, volume);
  const [needBytes, haveBytes] = [restoreNeed(archive), found.freeBytes + found.diskBytes];
  const needInodes = archive.files + archive.folders + archive.others;
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
