import { lstat, readFile, readlink } from 'node:fs/promises';
import { dirname, join, sep } from 'node:path';

import { SwitchbackError } from '../../runbook/errors.ts';

/** What stands at a path of the stack. */
export type StackEntry =
  | { is: 'absent' }
  | { is: 'directory' }
  | { is: 'file'; bytes: Buffer; mode: number; uid: number; gid: number }
  | { is: 'link'; bytes: Buffer; uid: number; gid: number };

/** Restored files pass through memory; what is larger belongs into a volume, with a backup. */
const largestFile = 256 * 1024 * 1024;

/**
 * Reads what stands at a path, without following a link at its end.
 * Throws `Unsupported` for devices, sockets, pipes and files over 256 MiB, `AccessDenied` where it may not be read.
 */
export async function readEntry(root: string, path: string): Promise<StackEntry> {
  const file = join(root, path);
  try {
    const found = await lstat(file);
    const { uid, gid } = found;
    if (found.isDirectory()) return { is: 'directory' };
    if (found.isSymbolicLink()) return { is: 'link', bytes: await readlink(file, { encoding: 'buffer' }), uid, gid };
    if (!found.isFile()) throw unsupported(path, 'is a device, socket or pipe');
    if (found.size > largestFile) throw unsupported(path, `has ${found.size} bytes, more than ${largestFile}`);
    return { is: 'file', bytes: await readFile(file), mode: found.mode & 0o7777, uid, gid };
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    // ENOTDIR: a file stands where a folder of the path would be.
    if (code === 'ENOENT' || code === 'ENOTDIR') return { is: 'absent' };
    throw denied(error, path);
  }
}

/**
 * Throws `AccessDenied` when a path leaves the stack's folder or goes through a symbolic link, which may lead anywhere.
 * A link at the path's end is fine: it is replaced, not followed.
 */
export async function requireInside(root: string, path: string): Promise<void> {
  const parts = path.split('/');
  if (
    path === '' ||
    path.startsWith('/') ||
    path.includes('\0') ||
    parts.some((part) => part === '' || part === '.' || part === '..')
  ) {
    throw new SwitchbackError('AccessDenied', `${JSON.stringify(path)} is not a path inside the stack`, {
      hint: 'Name files relative to the stack directory.',
      facts: { path },
    });
  }
  for (let folder = dirname(path); folder !== '.'; folder = dirname(folder)) {
    const found = await lstat(join(root, folder)).catch((error: unknown) => {
      if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
      throw denied(error, path);
    });
    if (!found?.isSymbolicLink()) continue;
    throw new SwitchbackError('AccessDenied', `${path} goes through the symbolic link ${folder}`, {
      hint: `Name the file where it really is, if that is inside the stack${sep === '/' ? '' : ' directory'}.`,
      facts: { path, link: folder },
    });
  }
}

/** A file-system error in the operator's words; others are handed back as they are. */
export function denied(error: unknown, path: string): unknown {
  const code = (error as NodeJS.ErrnoException).code ?? '';
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new SwitchbackError(
      'ResourceExhausted',
      `no room on disk for ${path}`,
      { hint: 'Free some space, then retry.', facts: { path } },
      { cause: error },
    );
  }
  if (!['EACCES', 'EPERM', 'EROFS'].includes(code)) return error;
  return new SwitchbackError(
    'AccessDenied',
    `${path} cannot be accessed by the worker: ${code}`,
    { hint: 'Run the worker as the owner of the stack directory, or as root.', facts: { path } },
    { cause: error },
  );
}

const unsupported = (path: string, why: string) =>
  new SwitchbackError('Unsupported', `${path} ${why}: it is not restored from git`, {
    hint: 'Move it away, add it to .gitignore, or name the files around it.',
    facts: { path },
  });
