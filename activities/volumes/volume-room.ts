import { lstat, statfs } from 'node:fs/promises';

import { SwitchbackError } from '../../runbook/errors.ts';
import type { HelperJob } from './run-volume-helper.ts';
import { plainFolder, surveyVolume, volumeIdentity, type VolumeSurvey } from './survey-volume.ts';

/** What the file system of a volume has left, and which volume it is: a glance, where a survey looks at every file. */
export type VolumeRoom = Pick<VolumeSurvey, 'identity' | 'freeBytes' | 'freeInodes'> & {
  /** What the whole file system holds: of what lies in the volume, where files share no blocks, no more. Absent where nobody can say. */
  atMost?: Pick<VolumeSurvey, Entries | 'diskBytes'>;
};
type Entries = 'files' | 'folders' | 'others';

/** @throws `PreconditionFailed` when there is no volume of that name. */
export async function roomOfVolume(job: HelperJob, volume: string): Promise<VolumeRoom> {
  const folder = await plainFolder(job, volume);
  if (folder === undefined) return surveyVolume(job, volume);
  try {
    const [identity, disk] = await Promise.all([identityOf(folder), statfs(folder)]);
    const room = { identity, freeBytes: disk.bavail * disk.bsize };
    // File systems without a fixed number of inodes say 0 of 0.
    if (disk.files === 0) return { ...room, freeInodes: -1 };
    const diskBytes = (disk.blocks - disk.bfree) * disk.bsize;
    const atMost = { files: disk.files - disk.ffree, folders: 0, others: 0, diskBytes };
    return { ...room, freeInodes: disk.ffree, atMost };
  } catch (error) {
    if (isElsewhere(error)) return surveyVolume(job, volume);
    throw error;
  }
}

/** The identity of a volume, or nothing where there is none of that name. */
export async function readIdentity(job: HelperJob, volume: string): Promise<string | undefined> {
  const found = await job.engine.inspectVolume(volume, { signal: job.signal });
  if (!found) return undefined;
  try {
    return await identityOf(found.Mountpoint);
  } catch (error) {
    if (isElsewhere(error)) return (await surveyVolume(job, volume)).identity;
    throw error;
  }
}

async function identityOf(folder: string): Promise<string> {
  const { ino, birthtimeNs } = await lstat(folder, { bigint: true });
  return volumeIdentity(String(ino), String(birthtimeNs / 1_000_000_000n));
}

/** Not root, or the engine's files are not this host's (Docker Desktop): a helper can see them. */
const isElsewhere = (error: unknown) => ['EACCES', 'ENOENT'].includes((error as NodeJS.ErrnoException).code ?? '');

/** The inode in an identity. */
export function inodeOf(identity: string): string {
  return /^inode (\d+) /.exec(identity)?.[1] ?? '';
}

/** Room for what is not content: a header for each entry, and a margin. */
export const archiveNeed = (survey: Pick<VolumeSurvey, Entries | 'diskBytes'>) =>
  Math.ceil((survey.diskBytes + (survey.files + survey.folders + survey.others) * 2048) * 1.02) + 16 * 1024 * 1024;

/**
 * Room for what comes out of an archive. Its length decides where that is more than it is said to take on disk: no more than that length
 * is ever extracted, so that an archive which says little and holds much finds room or is refused.
 */
export const restoreNeed = (archive: Parameters<typeof archiveNeed>[0] & { plainBytes: number }) =>
  Math.max(archiveNeed(archive), archive.plainBytes);

/** What a disk has left for whoever is not root. */
export async function freeBytes(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}

/** @throws `ResourceExhausted` that says need and have. */
export function requireRoom(
  what: string,
  needBytes: number,
  haveBytes: number,
  hint = 'Free space, or move the home folder to a larger disk with SWITCHBACK_HOME.',
): void {
  if (needBytes <= haveBytes) return;
  const mib = (bytes: number) => `${Math.ceil(bytes / 1048576)} MiB`;
  throw new SwitchbackError('ResourceExhausted', `${what} needs ${mib(needBytes)}; ${mib(haveBytes)} are free`, {
    hint,
    facts: { needBytes, haveBytes },
  });
}
