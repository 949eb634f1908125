import { readdir, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expiredFolder, expiredSuffix, pointFolder, type PointRef } from './point-folder.ts';
import { isMissing } from './is-missing.ts';
import { renameDurably } from './write-durably.ts';

/** Renames a point away: from now on it is none. @returns whether it was there */
export async function expirePoint(pointsRoot: string, ref: PointRef): Promise<boolean> {
  try {
    // What an earlier removal of the same name has left would be in the way.
    await rm(expiredFolder(pointsRoot, ref), { recursive: true, force: true });
    await renameDurably(pointFolder(pointsRoot, ref), expiredFolder(pointsRoot, ref));
    return true;
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}

/** Deletes what was renamed away, whoever did it, and folders of runs that hold nothing any more. */
export async function removeExpired(pointsRoot: string, signal?: AbortSignal): Promise<void> {
  for (const run of await readdir(pointsRoot)) {
    const folder = join(pointsRoot, run);
    const names = await readdir(folder).catch(() => []);
    const expired = names.filter((name) => name.endsWith(expiredSuffix));
    for (const name of expired) {
      signal?.throwIfAborted();
      await rm(join(folder, name), { recursive: true, force: true });
    }
    if (expired.length > 0 && expired.length === names.length) await removeIfEmpty(folder);
  }
}

async function removeIfEmpty(folder: string): Promise<void> {
  try {
    await rmdir(folder);
  } catch (error) {
    // A backup of the same run has begun meanwhile.
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ENOTEMPTY' && code !== 'EEXIST' && code !== 'ENOENT') throw error;
  }
}

export const refOf = (id: string): PointRef => {
  const slash = id.indexOf('/');
  return { run: id.slice(0, slash), point: id.slice(slash + 1) };
};
