import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { SwitchbackError } from '../../runbook/errors.ts';
import { diskError } from './disk-error.ts';
import { hashFile } from './hash-file.ts';
import { isMissing } from './is-missing.ts';
import { decodeManifest, encodeManifest, isGood, mayBecome } from './manifest.ts';
import type { PointManifest, PointProof } from './manifest.ts';
import { manifestName, partPath } from './point-folder.ts';
import { dataFolder, type StoredPoint } from './read-point.ts';
import { writeDurably } from './write-durably.ts';

/**
 * Reads every byte of a sealed point again and compares it with the manifest. The point becomes `verified`, or stays better.
 * A damaged point becomes `failed`, for good.
 * @throws `IntegrityFailed` that names the part that is missing or differs.
 */
export async function verifyPoint(
  point: StoredPoint,
  options: { signal?: AbortSignal; onBytes?: (bytes: number) => void } = {},
): Promise<StoredPoint> {
  await requireWholeParts(point);
  for (const part of point.manifest.parts) {
    const { sha256 } = await hashFile(partPath(dataFolder(point), part.file), options);
    if (sha256 !== part.sha256) throw await failed(point, `has other content in ${part.file} than was written`);
  }
  return markVerified(point);
}

/** Records that every byte of the point was read and found to be what was written. */
export async function markVerified(point: StoredPoint): Promise<StoredPoint> {
  return update(point, 'verified', { verifiedAt: new Date().toISOString() });
}

/**
 * Looks whether all parts of a sealed point are there, as long as they were written: what can be known without reading them.
 * @throws `IntegrityFailed` that names the part that is missing or shorter; the point becomes `failed`, for good.
 */
export async function requireWholeParts(point: StoredPoint): Promise<void> {
  const { manifest } = point;
  const folder = dataFolder(point);
  if (!isGood(manifest.state)) throw damaged(point, `is ${manifest.state}, not sealed`);
  for (const { file, bytes } of manifest.parts) {
    const size = await stat(partPath(folder, file)).then(
      (found) => found.size,
      (error: unknown) => {
        if (isMissing(error)) return undefined;
        throw error;
      },
    );
    const why = size === undefined ? `has lost ${file}` : `has ${size} bytes in ${file}, not ${bytes}`;
    if (size !== bytes) throw await failed(point, why);
  }
}

/** Records that a restore of the point was made and compared: the point becomes `restore-tested`. */
export async function markProven(point: StoredPoint, proof: PointProof): Promise<StoredPoint> {
  return update(point, 'restore-tested', { proof });
}

/** Records that a point is no good, and why. It can never be restored from again. */
export async function markFailed(point: StoredPoint, why: string): Promise<StoredPoint> {
  return update(point, 'failed', { failure: { at: new Date().toISOString(), why } });
}

async function update(
  point: StoredPoint,
  state: PointManifest['state'],
  change: Partial<PointManifest>,
): Promise<StoredPoint> {
  // Somebody else may have proven it while its bytes were read: what stands there now is added to.
  const path = join(point.folder, manifestName);
  const now = decodeManifest(await readFile(path, 'utf8'), path);
  if (now.seal !== point.manifest.seal) throw damaged(point, 'has become another one meanwhile');
  const from = now.state;
  // The first reason stays: whoever finds the next one has come too late to add to it.
  if (from === 'failed' && state === 'failed') return { ...point, manifest: now };
  if (from === 'failed') throw damaged(point, 'has failed');
  const manifest = { ...now, ...change, state: mayBecome(from, state) ? state : from };
  await writeDurably(path, encodeManifest(manifest)).catch(async (error: unknown) => {
    throw await diskError(error, `recovery point ${manifest.run}/${manifest.point}`, point.folder);
  });
  return { ...point, manifest };
}

/** What is wrong is told even where nobody can write it down, since the disk is full or read-only. */
async function failed(point: StoredPoint, why: string): Promise<SwitchbackError> {
  const unmarked = await markFailed(point, why).then(
    () => '',
    (error: unknown) => `, and cannot be marked: ${error instanceof Error ? error.message : 'no reason given'}`,
  );
  return damaged(point, `${why}${unmarked}`);
}

function damaged(point: StoredPoint, why: string): SwitchbackError {
  return new SwitchbackError('IntegrityFailed', `recovery point ${point.manifest.run}/${point.manifest.point} ${why}`, {
    hint: 'Do not restore from it; take a new backup, or use an older recovery point.',
  });
}
