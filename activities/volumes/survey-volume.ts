import { lstat } from 'node:fs/promises';

import { SwitchbackError } from '../../runbook/errors.ts';
import { surveyScript } from './helper-scripts.ts';
import { answerOf, readAll, runVolumeHelper } from './run-volume-helper.ts';
import type { HelperJob } from './run-volume-helper.ts';

/** What is in a volume, and what its file system has left. */
export interface VolumeSurvey {
  files: number;
  folders: number;
  others: number;
  /** Sum of file lengths: what a reader sees. */
  bytes: number;
  /** What it takes on disk; holes of sparse files take nothing. */
  diskBytes: number;
  identity: string;
  freeBytes: number;
  /** -1 where the file system has no limit. */
  freeInodes: number;
}

/** Looks at a volume through a helper that mounts it read-only. Safe while it is in use; the figures are estimates then. */
export async function surveyVolume(job: HelperJob, volume: string): Promise<VolumeSurvey> {
  const line = await runVolumeHelper(job, {
    role: `survey-${volume}`,
    script: surveyScript,
    args: [],
    mounts: [{ type: 'volume', source: volume, target: '/source', readOnly: true }],
    capabilities: readAll,
    fresh: true,
  });
  const { inode, born, ...survey } = answerOf<Omit<VolumeSurvey, 'identity'> & { inode: string; born: string }>(
    line,
    `the survey of volume ${volume}`,
  );
  return { ...survey, identity: volumeIdentity(inode, born) };
}

/**
 * What makes a volume this one and not another of its name: inode and birth of its top folder. Docker gives volumes no id, and
 * their creation time changes with a chmod inside.
 */
export function volumeIdentity(inode: string, born: string): string {
  return `inode ${inode} born ${born}`;
}

/** The identity of a volume, or nothing where there is none of that name. */
export async function readIdentity(job: HelperJob, volume: string): Promise<string | undefined> {
  const found = await job.engine.inspectVolume(volume, { signal: job.signal });
  if (!found) return undefined;
  try {
    const { ino, birthtimeNs } = await lstat(found.Mountpoint, { bigint: true });
    return volumeIdentity(String(ino), String(birthtimeNs / 1_000_000_000n));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // Not root, or the engine's files are not this host's (Docker Desktop): a helper can see it.
    if (code === 'EACCES' || code === 'ENOENT') return (await surveyVolume(job, volume)).identity;
    throw error;
  }
}

/** The inode in an identity. */
export function inodeOf(identity: string): string {
  return /^inode (\d+) /.exec(identity)?.[1] ?? '';
}

/** Room for what is not content: a header for each entry, and a margin. */
export const archiveNeed = (survey: Pick<VolumeSurvey, 'files' | 'folders' | 'others' | 'diskBytes'>) =>
  Math.ceil((survey.diskBytes + (survey.files + survey.folders + survey.others) * 2048) * 1.02) + 16 * 1024 * 1024;

/**
 * Room for what comes out of an archive. Its length decides where that is more than it is said to take on disk: no more than that length
 * is ever extracted, so that an archive which says little and holds much finds room or is refused.
 */
export const restoreNeed = (archive: Parameters<typeof archiveNeed>[0] & { plainBytes: number }) =>
  Math.max(archiveNeed(archive), archive.plainBytes);

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
