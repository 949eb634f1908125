import { open, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { SwitchbackError } from '../../runbook/errors.ts';
import type { JsonObject } from '../../runbook/json.ts';
import { hashFile } from './hash-file.ts';
import { encodeManifest, sealOf } from './manifest.ts';
import type { PointManifest, PointPart, PointPlace } from './manifest.ts';
import type { OpenPoint } from './open-point.ts';
import { manifestName, partPath, pointFolder } from './point-folder.ts';
import { fsyncPath, renameDurably, writeDurably } from './write-durably.ts';

export interface SealOptions {
  /** Parts that were hashed while they were written. Every other file of the folder is read and hashed now. */
  parts?: PointPart[];
  /** The data was brought there; what lies beside the manifest is removed. `parts` says what it consists of. */
  at?: PointPlace;
  canary?: JsonObject;
  engine?: { name: string; version: string };
  signal?: AbortSignal;
  onBytes?: (bytes: number) => void;
}

/**
 * Ends a recovery point: hashes what was not hashed, forces all of it to disk, writes the manifest and gives the folder its
 * final name in one rename. A crash leaves a point that is not sealed, or one that is, whole.
 * @throws `IntegrityFailed` when a part is missing, or is not as long as it was said to be, or when there is no part.
 */
export async function sealPoint(point: OpenPoint, options: SealOptions = {}): Promise<PointManifest> {
  const parts = options.at === undefined ? await partsOf(point, options) : (options.parts ?? []);
  if (options.at !== undefined) await removeAllBut(point.folder, manifestName);
  const manifest: PointManifest = {
    ...point.manifest,
    ...(options.engine === undefined ? {} : { engine: options.engine }),
    ...(options.at === undefined ? {} : { at: options.at }),
    state: 'sealed',
    sealedAt: new Date().toISOString(),
    parts,
    canary: options.canary ?? {},
  };
  manifest.seal = sealOf(manifest);
  await writeDurably(join(point.folder, manifestName), encodeManifest(manifest));
  options.signal?.throwIfAborted();
  await renameDurably(point.folder, pointFolder(point.pointsRoot, manifest));
  return manifest;
}

/**
 * What lies beside the manifest, hashed where that was not done while it was written, and forced to disk.
 * @throws `IntegrityFailed` when a part is missing, or is not as long as it was said to be, or when there is no part, or one is plain in a
 * point that says that it is encrypted.
 */
export async function partsOf(point: OpenPoint, options: SealOptions = {}): Promise<PointPart[]> {
  const known = new Map((options.parts ?? []).map((part) => [part.file, part]));
  const files = (await filesBelow(point.folder)).filter((file) => file !== manifestName);
  for (const file of known.keys()) if (!files.includes(file)) throw broken(point, `has no part ${file}`);
  if (files.length === 0) throw broken(point, 'has no part at all');
  const parts: PointPart[] = [];
  for (const file of files.sort()) {
    const path = partPath(point.folder, file);
    const part = known.get(file) ?? { file, ...(await hashFile(path, options)) };
    const { size } = await stat(path);
    if (size !== part.bytes) throw broken(point, `has ${size} bytes in ${file} where ${part.bytes} were written`);
    if (point.manifest.encrypted && !(await isEncrypted(path))) throw broken(point, `has ${file} in plain`);
    await fsyncPath(path);
    parts.push(part);
  }
  return parts;
}

/** How every file of age begins (https://age-encryption.org/v1). */
const ageMagic = 'age-encryption.org/v1\n';

async function isEncrypted(path: string): Promise<boolean> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(ageMagic.length), 0, ageMagic.length, 0);
    return buffer.toString('latin1', 0, bytesRead) === ageMagic;
  } finally {
    await file.close();
  }
}

async function removeAllBut(folder: string, name: string): Promise<void> {
  for (const entry of await readdir(folder))
    if (entry !== name) await rm(join(folder, entry), { recursive: true, force: true });
}

/** All files below a folder, relative to it. @throws `IntegrityFailed` for anything that is neither file nor folder. */
async function filesBelow(folder: string, prefix = ''): Promise<string[]> {
  const files: string[] = [];
  for (const entry of await readdir(join(folder, prefix), { withFileTypes: true })) {
    const name = `${prefix}${entry.name}`;
    if (entry.isDirectory()) files.push(...(await filesBelow(folder, `${name}/`)));
    else if (entry.isFile()) files.push(name);
    else throw new SwitchbackError('IntegrityFailed', `${join(folder, name)} is neither a file nor a folder`);
  }
  if (prefix !== '') await fsyncPath(join(folder, prefix));
  return files;
}

function broken(point: OpenPoint, why: string): SwitchbackError {
  return new SwitchbackError('IntegrityFailed', `recovery point ${point.manifest.run}/${point.manifest.point} ${why}`, {
    hint: 'Nothing was sealed; take the backup again.',
  });
}
