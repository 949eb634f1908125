import { readdir, readFile, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { SwitchbackError } from '../../runbook/errors.ts';
import { decodeManifest, type PointPlace } from './manifest.ts';
import { expiredFolder, expiredSuffix, manifestName, pointFolder, type PointRef } from './point-folder.ts';
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

/** Where the data of points is that were renamed away, those whose manifests can be read: it has to go before they do. */
export async function expiredPlaces(pointsRoot: string): Promise<PointPlace[]> {
  const places: PointPlace[] = [];
  for (const run of await readdir(pointsRoot)) {
    for (const name of await readdir(join(pointsRoot, run)).catch(() => [])) {
      if (!name.endsWith(expiredSuffix)) continue;
      const path = join(pointsRoot, run, name, manifestName);
      const text = await readFile(path, 'utf8').catch(() => undefined);
      const at = text === undefined ? undefined : placeIn(text, path);
      if (at !== undefined) places.push(at);
    }
  }
  return places;
}

function placeIn(text: string, path: string): PointPlace | undefined {
  try {
    return decodeManifest(text, path).at;
  } catch (error) {
    // Of a damaged one nobody can say what its data was: `reconcile` finds it by its tags.
    if (error instanceof SwitchbackError) return undefined;
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
