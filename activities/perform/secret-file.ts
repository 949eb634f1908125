import { constants } from 'node:fs';
import { open, readlink, realpath, type FileHandle } from 'node:fs/promises';
import { isAbsolute, join, relative, resolve } from 'node:path';
import { SwitchbackError } from '../../runbook/errors.ts';

/** More than any key or password has; a plan must not make a worker read a disk. */
const longestBytes = 256 * 1024;

/** Where secrets of this machine are put by custom. The stack's own folder is served as well. */
export const usualFolders = ['/run/secrets', '/etc/switchback', '.'];

export interface ServedFolders {
  /** Where relative paths start from, and what `.` among the folders means. */
  stack: string;
  /** The worker's own configuration, never the plan's. */
  folders?: readonly string[] | undefined;
}

/**
 * Reads a file for a plan, if it really lies in one of the folders that the worker serves: links are followed first, and the file that was
 * opened is looked at once more, so that a link which changes in between changes nothing.
 * @throws SwitchbackError `AccessDenied` for a file outside, whether it exists or not; `PreconditionFailed` for one that cannot be read
 */
export async function readServedFile(what: string, path: string, served: ServedFolders): Promise<string> {
  const named = resolve(served.stack, path);
  const folders = await realFolders(served);
  const real = await realpath(named).catch((error: unknown) => {
    if (!folders.some(({ named: folder, real: at }) => isInside(folder, named) || isInside(at, named)))
      throw outside(what, path, served);
    throw unreadable(what, path, error);
  });
  requireInside(real, folders, () => outside(what, path, served));
  let handle: FileHandle;
  try {
    // Without blocking: a pipe that nobody writes to would hold the worker for ever.
    handle = await open(real, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    throw unreadable(what, path, error);
  }
  try {
    requireInside(await placeOf(handle, real), folders, () => outside(what, path, served));
    const stat = await handle.stat();
    if (!stat.isFile()) throw unreadable(what, path, new Error('it is no regular file'));
    if (stat.size > longestBytes) throw unreadable(what, path, new Error(`it has ${stat.size} bytes`));
    return await handle.readFile('utf8');
  } finally {
    await handle.close();
  }
}

/** @throws SwitchbackError `AccessDenied` where `readServedFile` would, as far as that can be told without opening the file */
export async function requireServedFile(what: string, path: string, served: ServedFolders): Promise<void> {
  const named = resolve(served.stack, path);
  const real = await realpath(named).catch(() => named);
  const folders = await realFolders(served);
  requireInside(real, [...folders, ...(real === named ? folders.map((at) => ({ ...at, real: at.named })) : [])], () =>
    outside(what, path, served),
  );
}

interface Folder {
  named: string;
  real: string;
}

async function realFolders({ stack, folders = usualFolders }: ServedFolders): Promise<Folder[]> {
  return Promise.all(
    folders.map(async (folder) => {
      const named = resolve(stack, folder);
      return { named, real: await realpath(named).catch(() => named) };
    }),
  );
}

/** Where the open file lies now. Only Linux can tell by the descriptor; elsewhere its path is followed again and must be the same file. */
async function placeOf(handle: FileHandle, path: string): Promise<string> {
  try {
    return await readlink(join('/proc/self/fd', String(handle.fd)));
  } catch {
    const again = await open(await realpath(path), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      const [one, other] = await Promise.all([handle.stat(), again.stat()]);
      return one.dev === other.dev && one.ino === other.ino ? await realpath(path) : '/';
    } finally {
      await again.close();
    }
  }
}

function requireInside(real: string, folders: readonly Folder[], refuse: () => SwitchbackError): void {
  if (!folders.some((folder) => isInside(folder.real, real))) throw refuse();
}

function isInside(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return way !== '' && way !== '..' && !way.startsWith('../') && !isAbsolute(way);
}

const outside = (what: string, path: string, { stack, folders = usualFolders }: ServedFolders) =>
  new SwitchbackError(
    'AccessDenied',
    `${what} ${path} lies in no folder whose secrets this worker serves (links are followed)`,
    {
      hint: `Put it into one of ${folders.map((folder) => resolve(stack, folder)).join(', ') || '(none)'}, or add its folder to SWITCHBACK_SECRET_FOLDERS of the worker and start the worker again.`,
      facts: { file: path },
    },
  );

const unreadable = (what: string, path: string, cause: unknown) =>
  new SwitchbackError(
    'PreconditionFailed',
    `${what} ${path} cannot be read where the worker runs: ${reasonOf(cause)}`,
    { hint: 'Look whether it is there, and whether the user of the worker may read it.', facts: { file: path } },
    { cause },
  );

const reasonOf = (cause: unknown) =>
  (cause as NodeJS.ErrnoException).code ?? (cause instanceof Error ? cause.message : String(cause));
