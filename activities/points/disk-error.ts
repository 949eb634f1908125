import type { StatsFs } from 'node:fs';
import { readdir, stat, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { SwitchbackError } from '../../runbook/errors.ts';

const mib = (bytes: number) => `${Math.ceil(bytes / 1048576)} MiB`;

/**
 * What a disk did to the writing of a point, in the operator's words: no room (need and have), no inodes, read-only. Other errors are
 * handed back as they are. Call it before what was written is removed: until then that counts as free.
 */
export async function diskError(error: unknown, what: string, folder: string, needBytes?: number): Promise<unknown> {
  const { code = '', name } = error as NodeJS.ErrnoException;
  if (['EROFS', 'EACCES', 'EPERM'].includes(code)) {
    return new SwitchbackError(
      'AccessDenied',
      `${what}: ${folder} cannot be written (${code})`,
      { hint: 'Mount it for writing, or make it the worker’s own; then retry.', facts: { folder, code } },
      { cause: error },
    );
  }
  if (!['ENOSPC', 'EDQUOT'].includes(code) && name !== 'ResourceExhausted') return error;
  const disk = await statfsAbove(folder);
  const [haveBytes, haveInodes] = [disk.bavail * disk.bsize + (await bytesIn(folder)), disk.ffree];
  // File systems without a fixed number of inodes say 0 of 0.
  if (disk.files > 0 && haveInodes === 0) {
    return new SwitchbackError(
      'ResourceExhausted',
      `${what} ran out of inodes: none of ${disk.files} is free on the disk of ${folder}`,
      { hint: 'Remove files there, or move the home folder to another disk with SWITCHBACK_HOME.', facts: { folder } },
      { cause: error },
    );
  }
  const need = needBytes === undefined ? '' : ` it needs ${mib(needBytes)};`;
  return new SwitchbackError(
    'ResourceExhausted',
    `${what} ran out of room:${need} ${mib(haveBytes)} are free on the disk of ${folder}`,
    {
      hint: 'Free space, or move the home folder to a larger disk with SWITCHBACK_HOME; then retry.',
      facts: { folder, haveBytes, ...(needBytes === undefined ? {} : { needBytes }) },
    },
    { cause: error },
  );
}

async function statfsAbove(folder: string): Promise<StatsFs> {
  return statfs(folder).catch((error: unknown) => {
    if (dirname(folder) === folder) throw error;
    return statfsAbove(dirname(folder));
  });
}

async function bytesIn(folder: string): Promise<number> {
  const names = await readdir(folder, { recursive: true }).catch(() => []);
  const sizes = await Promise.all(
    names.map((name) =>
      stat(join(folder, name)).then(
        ({ size }) => size,
        () => 0,
      ),
    ),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}
