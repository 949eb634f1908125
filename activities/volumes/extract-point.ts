import { SwitchbackError } from '../../runbook/errors.ts';
import { markFailed, type StoredPoint } from '../points/index.ts';
import { extractArchive } from './archive-volume.ts';
import type { HelperJob } from './run-volume-helper.ts';
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
    throw error;
  }
}
