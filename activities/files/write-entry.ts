import { chown, lchown, lstat, mkdir, open, rename, rmdir, symlink, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

import { SwitchbackError } from '../../runbook/errors.ts';
import { denied, readEntry } from './stack-entry.ts';

/** What is to stand at a path. */
export type NewEntry =
  { is: 'absent' } | { is: 'file'; bytes: Buffer; mode?: number | undefined } | { is: 'link'; bytes: Buffer };

/** Beside the file and hidden, so that the rename stays within one file system and no glob of a service picks it up. */
const partialOf = (file: string) => join(dirname(file), `.${basename(file)}.switchback-partial`);

/** Removes what an attempt that was killed half-way left beside a path. */
export async function sweepPartial(root: string, path: string): Promise<void> {
  await unlinkIfThere(partialOf(join(root, path)));
}

/**
 * Replaces what stands at a path in one rename: a reader sees the old content or the new one. The owner stays; a new file gets
 * that of its folder. Folders are made as needed, and removed when their last file goes, as git does.
 * Throws `AccessDenied`, `Conflict` (a folder with other files stands there) or `ResourceExhausted`.
 */
export async function writeEntry(root: string, path: string, entry: NewEntry): Promise<void> {
  const file = join(root, path);
  try {
    if (entry.is === 'absent') await remove(root, file);
    else await replace(root, path, entry);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? '';
    if (['EISDIR', 'ENOTEMPTY', 'EEXIST', 'ENOTDIR'].includes(code)) {
      throw new SwitchbackError(
        'Conflict',
        `${path} cannot be written: a folder stands where a file must be, or a file where a folder must be`,
        { hint: 'Files that git ignores are never removed; move them away, then retry.', facts: { path } },
        { cause: error },
      );
    }
    throw denied(error, path);
  }
}

async function replace(root: string, path: string, entry: Exclude<NewEntry, { is: 'absent' }>): Promise<void> {
  const file = join(root, path);
  const partial = partialOf(file);
  await makeFolder(dirname(file));
  await unlinkIfThere(partial);
  const before = await readEntry(root, path);
  // An emptied folder may be left where the file goes.
  if (before.is === 'directory') await rmdir(file);
  const owner = 'uid' in before ? before : await lstat(dirname(file));
  if (entry.is === 'link') {
    await symlink(entry.bytes, partial);
    if (!isOwn(owner)) await lchown(partial, owner.uid, owner.gid);
  } else {
    // Closed to others until it has its owner and mode: it may be an env file.
    const handle = await open(partial, 'wx', 0o600);
    try {
      await handle.writeFile(entry.bytes);
      if (!isOwn(owner)) await handle.chown(owner.uid, owner.gid);
      await handle.chmod(entry.mode ?? (before.is === 'file' ? before.mode : 0o644));
      await handle.sync();
    } finally {
      await handle.close();
    }
  }
  await rename(partial, file);
  await syncFolder(dirname(file));
}

async function remove(root: string, file: string): Promise<void> {
  await unlinkIfThere(file);
  for (let folder = dirname(file); folder !== root && folder.startsWith(root); folder = dirname(folder)) {
    try {
      await rmdir(folder);
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code ?? '';
      if (code === 'ENOENT') continue;
      if (code !== 'ENOTEMPTY' && code !== 'EEXIST' && code !== 'EBUSY') throw error;
      await syncFolder(folder);
      return;
    }
  }
  await syncFolder(root);
}

/** Makes missing folders, each with the owner of the one above. */
async function makeFolder(folder: string): Promise<void> {
  const first = await mkdir(folder, { recursive: true });
  if (first === undefined) return;
  const owner = await lstat(dirname(first));
  if (isOwn(owner)) return;
  for (let made = folder; made.length >= first.length; made = dirname(made)) await chown(made, owner.uid, owner.gid);
}

const isOwn = (owner: { uid: number; gid: number }) =>
  owner.uid === process.geteuid?.() && owner.gid === process.getegid?.();

async function unlinkIfThere(file: string): Promise<void> {
  try {
    await unlink(file);
  } catch (error) {
    if (!['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  }
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
