import { open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Makes a file's or folder's content survive a power cut. */
export async function fsyncPath(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Renames and makes the new name survive a power cut. */
export async function renameDurably(from: string, to: string): Promise<void> {
  await rename(from, to);
  await fsyncPath(dirname(to));
}

/** Writes a whole file: a reader sees the old content or the new one, never a part. */
export async function writeDurably(path: string, content: string | Buffer, mode = 0o600): Promise<void> {
  const partial = `${path}.partial`;
  const handle = await open(partial, 'w', mode);
  try {
    await handle.writeFile(content);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await renameDurably(partial, path);
}
