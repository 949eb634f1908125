import { realpathSync } from 'node:fs';
import { isAbsolute, join, normalize, relative } from 'node:path';
import type { ComposeModel, ComposeMount } from '../compose/index.ts';

export interface Moved {
  /** Directory of the original, and of its copy. */
  directory: string;
  copy: string;
  refuse: (reason: string) => void;
}

const isInside = (folder: string, path: string) => {
  const way = relative(folder, path);
  return !way.startsWith('..') && !isAbsolute(way);
};

/** Where a path of the original is in its copy; a path that leads elsewhere, also through a link, is refused. */
export function inCopy(path: string, { directory, copy }: Pick<Moved, 'directory' | 'copy'>): string | undefined {
  const plain = normalize(path);
  const moved = isInside(copy, plain)
    ? plain
    : isInside(directory, plain)
      ? join(copy, relative(directory, plain))
      : undefined;
  if (moved === undefined) return undefined;
  try {
    return isInside(realpathSync(copy), realpathSync(moved)) ? moved : undefined;
  } catch (error) {
    // Not there: Compose says so itself, or makes a folder inside the copy.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return moved;
    throw error;
  }
}

/** The mounts of a service, with bind mounts led to the copies of what they mount. */
export function isolateMounts(service: string, mounts: readonly ComposeMount[], moved: Moved): ComposeMount[] {
  return mounts.map((mount) => {
    if (mount.type === 'volume' || mount.type === 'tmpfs') return mount;
    const source = mount.type === 'bind' && mount.source !== undefined ? mount.source : undefined;
    const inside = source === undefined ? undefined : inCopy(source, moved);
    if (inside === undefined) {
      moved.refuse(`service ${service} mounts ${source ?? mount.type} from outside of the stack's directory`);
      return mount;
    }
    return { ...mount, source: inside };
  });
}

type File = ComposeModel['configs'][string];

/** A config or secret, read from the copy. */
export function isolateFiles(what: string, file: File, moved: Moved): File {
  if (file.external) moved.refuse(`${what} belongs to somebody else (external)`);
  if (file.file === undefined) return file;
  const inside = inCopy(file.file, moved);
  if (inside === undefined) moved.refuse(`${what} is read from outside of the stack's directory: ${file.file}`);
  const { name: _name, ...rest } = file;
  return { ...rest, file: inside ?? file.file };
}
