import { mkdir, readFile, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { SwitchbackError } from '../../runbook/errors.ts';
import { isMissing } from './is-missing.ts';
import { decodeManifest, encodeManifest } from './manifest.ts';
import type { PointManifest } from './manifest.ts';
import { manifestName, partialFolder, pointFolder } from './point-folder.ts';
import type { PointRef } from './point-folder.ts';
import { fsyncPath, writeDurably } from './write-durably.ts';

/** A point that is being written. Put its parts into `folder`, then seal it. */
export interface OpenPoint {
  pointsRoot: string;
  /** Absolute; has another name once the point is sealed. */
  folder: string;
  manifest: PointManifest;
}

/** What is known about a point before the first byte is written. */
export type PointStart = Pick<PointManifest, 'point' | 'target' | 'run' | 'operation' | 'source' | 'quiesce'> &
  Partial<Pick<PointManifest, 'engine' | 'encrypted'>>;

/**
 * Begins a recovery point in `<points>/<run>/<point>.partial`. What a dead attempt left there is removed first: make sure
 * that nobody writes there any more.
 * @throws `Conflict` when the point was sealed already: a kept point is never written over.
 */
export async function openPoint(pointsRoot: string, start: PointStart): Promise<OpenPoint> {
  const sealed = pointFolder(pointsRoot, start);
  const folder = partialFolder(pointsRoot, start);
  if (await exists(sealed)) {
    throw new SwitchbackError('Conflict', `recovery point ${start.run}/${start.point} exists already`, {
      hint: 'A sealed recovery point is never written over; give the new one another name.',
    });
  }
  await rm(folder, { recursive: true, force: true });
  await makeFolders(pointsRoot, dirname(folder), folder);
  const manifest: PointManifest = {
    format: start.encrypted === undefined ? 1 : 2,
    ...start,
    state: 'writing',
    startedAt: new Date().toISOString(),
    parts: [],
    canary: {},
  };
  await writeDurably(join(folder, manifestName), encodeManifest(manifest));
  await fsyncPath(dirname(folder));
  return { pointsRoot, folder, manifest };
}

/** One at a time: asked for several at once, Node says ENOENT where the disk is full or read-only. */
async function makeFolders(...folders: string[]): Promise<void> {
  for (const folder of folders) {
    await mkdir(folder, { mode: 0o700 }).catch((error: unknown) => {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    });
  }
}

/**
 * The unsealed point that a killed attempt of the same operation left, for somebody who knows that its writer works on.
 * @throws `IntegrityFailed` when its manifest is damaged.
 */
export async function resumePoint(
  pointsRoot: string,
  ref: PointRef,
  operation: string,
): Promise<OpenPoint | undefined> {
  const folder = partialFolder(pointsRoot, ref);
  const path = join(folder, manifestName);
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    if (isMissing(error)) return undefined;
    throw error;
  });
  if (text === undefined) return undefined;
  const manifest = decodeManifest(text, path);
  return manifest.state === 'writing' && manifest.operation === operation
    ? { pointsRoot, folder, manifest }
    : undefined;
}

/** Removes a point that was not sealed, with all that was written of it. Sealed points are not touched. */
export async function abandonPoint(point: OpenPoint): Promise<void> {
  await rm(point.folder, { recursive: true, force: true });
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    (error: unknown) => {
      if (isMissing(error)) return false;
      throw error;
    },
  );
}
