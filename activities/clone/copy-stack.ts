import { constants } from 'node:fs';
import { chmod, copyFile, lchown, lstat, mkdir, readdir, readlink, symlink, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { SwitchbackError } from '../../runbook/errors.ts';

/** Larger than this is no configuration: a stack's folder that holds so much has data in it that a clone cannot simply copy. */
const mostBytes = 512 * 1024 * 1024;
const mostEntries = 50_000;

/** Never part of what runs, and often large. */
const leftOut = new Set(['.git', 'node_modules', '.switchback']);

export interface CopyOptions {
  /** Absolute paths that are left out, e.g. the data folder of a database that is restored instead. */
  without: ReadonlySet<string>;
  signal: AbortSignal;
}

/**
 * Copies a stack's folder with owners, modes and times, links as they are. Sockets, pipes and devices are left out.
 * @throws SwitchbackError `ResourceExhausted` when it is too large to be copied
 */
export async function copyStack(from: string, to: string, options: CopyOptions): Promise<{ bytes: number }> {
  const sum = { bytes: 0, entries: 0 };
  await mkdir(to, { recursive: true, mode: 0o700 });
  await copyFolder(from, to, sum, options);
  return { bytes: sum.bytes };
}

type Sum = { bytes: number; entries: number };

async function copyFolder(from: string, to: string, sum: Sum, options: CopyOptions): Promise<void> {
  options.signal.throwIfAborted();
  for (const entry of await readdir(from, { withFileTypes: true })) {
    const source = join(from, entry.name);
    if (leftOut.has(entry.name) || options.without.has(source)) continue;
    const target = join(to, entry.name);
    const found = await lstat(source);
    count(sum, found.isFile() ? found.size : 0, from);
    if (entry.isSymbolicLink()) await symlink(await readlink(source), target);
    else if (entry.isDirectory()) {
      await mkdir(target);
      await copyFolder(source, target, sum, options);
    } else if (entry.isFile()) await copyFile(source, target, constants.COPYFILE_FICLONE);
    else continue;
    await keepOwner(target, found);
    if (entry.isSymbolicLink()) continue;
    await chmod(target, found.mode);
    await utimes(target, found.atime, found.mtime);
  }
}

async function keepOwner(path: string, { uid, gid }: { uid: number; gid: number }): Promise<void> {
  try {
    await lchown(path, uid, gid);
  } catch (error) {
    // Only root gives files away; a worker that is not copies what it owns.
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') throw error;
  }
}

function count(sum: Sum, bytes: number, folder: string): void {
  sum.bytes += bytes;
  sum.entries += 1;
  if (sum.bytes <= mostBytes && sum.entries <= mostEntries) return;
  throw new SwitchbackError(
    'ResourceExhausted',
    `the stack's directory holds more than a clone copies (${mostBytes / 1048576} MiB or ${mostEntries} files), seen in ${folder}`,
    { hint: 'Keep data in volumes, or outside of the stack.' },
  );
}
