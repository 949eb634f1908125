import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { SwitchbackError } from '../../runbook/errors.ts';
import { isMissing } from './is-missing.ts';
import { decodeManifest, isGood } from './manifest.ts';
import type { PointManifest } from './manifest.ts';
import { expiredSuffix, manifestName, pointFolder } from './point-folder.ts';
import type { PointRef } from './point-folder.ts';

/** A point as it lies on disk. */
export interface StoredPoint {
  /** Absolute. */
  folder: string;
  manifest: PointManifest;
  /** Where its parts lie, absolute, for a point whose data was fetched from elsewhere. */
  fetched?: string;
}

/** Where the parts of a point lie on this host. @throws `PreconditionFailed` when they lie elsewhere */
export function dataFolder({ folder, manifest, fetched }: StoredPoint): string {
  if (fetched !== undefined) return fetched;
  if (manifest.at === undefined) return folder;
  throw new SwitchbackError(
    'PreconditionFailed',
    `the data of recovery point ${manifest.run}/${manifest.point} is in ${manifest.at.repository.at}, not on this host`,
    { hint: 'It is fetched by what restores or tests it.' },
  );
}

/**
 * Reads a sealed point's manifest, and checks it against its own checksum, its seal and its place; the parts are not read.
 * Returns nothing when there is no such point, or only one that was never sealed.
 * @throws `IntegrityFailed` when the manifest is damaged, edited, or belongs to another point.
 */
export async function readPoint(pointsRoot: string, ref: PointRef): Promise<StoredPoint | undefined> {
  const folder = pointFolder(pointsRoot, ref);
  const path = join(folder, manifestName);
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    if (isMissing(error)) return undefined;
    throw error;
  });
  if (text === undefined) return undefined;
  const manifest = decodeManifest(text, path);
  if (manifest.run !== ref.run || manifest.point !== ref.point) {
    throw new SwitchbackError('IntegrityFailed', `manifest ${path} is of point ${manifest.run}/${manifest.point}`, {
      hint: 'Somebody moved recovery points about; put them back under their own names.',
    });
  }
  return { folder, manifest };
}

/**
 * Finds the point that an operation means: `RUN/POINT` exactly, or `POINT` of the given run, or else the newest one of that
 * name that any earlier run sealed.
 * @throws `PreconditionFailed` when there is none that was sealed, `IntegrityFailed` when its manifest is damaged.
 */
export async function findPoint(pointsRoot: string, name: string, run: string): Promise<StoredPoint> {
  const slash = name.indexOf('/');
  const ref = slash < 0 ? { run, point: name } : { run: name.slice(0, slash), point: name.slice(slash + 1) };
  const own = await readPoint(pointsRoot, ref);
  if (own !== undefined && isGood(own.manifest.state)) return own;
  if (slash < 0 && own === undefined) {
    const others = (await listPoints(pointsRoot)).filter(
      (entry) => entry.ref.point === name && entry.point !== undefined,
    );
    const good = others.flatMap((entry) => (entry.point && isGood(entry.point.manifest.state) ? [entry.point] : []));
    const newest = good.sort((a, b) => (a.manifest.startedAt < b.manifest.startedAt ? 1 : -1))[0];
    if (newest !== undefined) return newest;
  }
  throw new SwitchbackError(
    'PreconditionFailed',
    `there is no sealed recovery point ${slash < 0 && !own ? name : `${ref.run}/${ref.point}`}`,
    {
      hint: own?.manifest.failure ? `It failed: ${own.manifest.failure.why}.` : 'Take a backup first.',
    },
  );
}

/** One entry of a listing: a point, or what is wrong with the one that should be there. */
export interface PointEntry {
  ref: PointRef;
  point?: StoredPoint;
  /** `interrupted`: never sealed. `expired`: being removed. Otherwise what is wrong with its manifest. */
  problem?: string;
}

/** All points of a target, also the ones that are no good, in the order of their names. */
export async function listPoints(pointsRoot: string): Promise<PointEntry[]> {
  const entries: PointEntry[] = [];
  for (const run of await foldersIn(pointsRoot)) {
    for (const name of await foldersIn(join(pointsRoot, run))) {
      if (name.endsWith('.partial')) {
        entries.push({ ref: { run, point: name.slice(0, -'.partial'.length) }, problem: 'interrupted' });
        continue;
      }
      if (name.endsWith(expiredSuffix)) {
        entries.push({ ref: { run, point: name.slice(0, -expiredSuffix.length) }, problem: 'expired' });
        continue;
      }
      const ref = { run, point: name };
      try {
        const point = await readPoint(pointsRoot, ref);
        entries.push(point === undefined ? { ref, problem: 'has no manifest' } : { ref, point });
      } catch (error) {
        if (!(error instanceof SwitchbackError)) throw error;
        entries.push({ ref, problem: error.message });
      }
    }
  }
  return entries;
}

async function foldersIn(path: string): Promise<string[]> {
  const entries = await readdir(path, { withFileTypes: true }).catch((error: unknown) => {
    if (isMissing(error)) return [];
    throw error;
  });
  return entries
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort();
}
