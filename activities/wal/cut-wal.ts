import { chmod, copyFile, link, mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { TargetHome } from '../effect.ts';
import { isMissing, type PointManifest } from '../points/index.ts';
import { followed } from './read-wal.ts';
import { walFile, walFolder } from './wal-folder.ts';

const complete = /^([0-9A-F]{24}|[0-9A-F]{8}\.history)$/;
const suffix = '.partial';

/**
 * Makes a log stand still for a recovery while its receiver goes on: whole segments by another name (they are never written again), the
 * one that is being written by a copy, under the name that the server asks for. A server of another user reads it there; the folders above let nobody in.
 * @param into is emptied first; on the same disk, or else all of it is copied
 */
export async function cutWal(home: Pick<TargetHome, 'root'>, manifest: PointManifest, into: string): Promise<void> {
  const { segmentBytes } = followed(manifest).wal;
  const from = join(walFolder(home, manifest), walFile.segments);
  await rm(into, { recursive: true, force: true });
  await mkdir(into, { recursive: true });
  await chmod(into, 0o755);
  const names = await readdir(from);
  for (const name of names.filter((each) => complete.test(each))) await take(join(from, name), join(into, name));
  for (const name of names.filter((each) => each.endsWith(suffix))) {
    const whole = name.slice(0, -suffix.length);
    const target = join(into, whole);
    try {
      await copyFile(join(from, name), target);
      // It is made to its full length before anything is written to it.
      if ((await stat(target)).size < segmentBytes) await rm(target);
      else await chmod(target, 0o644);
    } catch (error) {
      // It was completed in this moment.
      if (!isMissing(error)) throw error;
      await take(join(from, whole), target);
    }
  }
}

async function take(from: string, to: string): Promise<void> {
  await link(from, to).catch(async (error: unknown) => {
    if ((error as NodeJS.ErrnoException).code !== 'EXDEV') throw error;
    await copyFile(from, to);
  });
  await chmod(to, 0o644);
}
