import { readdir, rm } from 'node:fs/promises';
import { join, relative } from 'node:path';

import type { TargetHome } from '../effect.ts';
import type { Leftover } from './leftover.ts';

/** Scratch folders and half-written files in a target's home. */
export async function leftFiles({ root, scratch }: TargetHome): Promise<Leftover[]> {
  // What a prune renamed away is as good as removed.
  const partial = (await entries(root, true)).filter(
    // In a log, it is what a receiver is writing at this moment; see `leftWals`.
    (path) => /\.(partial|expired)$/.test(path) && !path.startsWith('wal/'),
  );
  // A folder goes with all that is in it.
  const topmost = partial.filter((path) => !partial.some((other) => path.startsWith(`${other}/`)));
  const scratches = (await entries(scratch, false)).map((name) => relative(root, join(scratch, name)));
  return [
    ...topmost
      .filter((path) => !path.startsWith('scratch/'))
      .map((path) => file(root, path, path.endsWith('.expired') ? 'was being removed' : 'was never finished')),
    ...scratches.map((path) => file(root, path, 'scratch of an operation that has ended')),
  ];
}

function file(root: string, path: string, why: string): Leftover {
  const full = join(root, path);
  return {
    what: `file ${path}`,
    why,
    command: `rm -r ${full}`,
    tidy: () => rm(full, { recursive: true, force: true }),
  };
}

async function entries(folder: string, recursive: boolean): Promise<string[]> {
  try {
    return await readdir(folder, { recursive });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
