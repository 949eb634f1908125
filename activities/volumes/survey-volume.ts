import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { execa } from '../processes/execa.ts';
import { surveyScript } from './helper-scripts.ts';
import { answerOf, readAll, runVolumeHelper } from './run-volume-helper.ts';
import type { HelperJob } from './run-volume-helper.ts';

/** What is in a volume, and what its file system has left. */
export type VolumeSurvey = {
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
};

/**
 * Looks at a volume: where the worker may read all of it, straight from its folder, else through a helper that mounts it read-only. Safe
 * while it is in use; the figures are estimates then.
 */
export async function surveyVolume(job: HelperJob, volume: string): Promise<VolumeSurvey> {
  const line = (await surveyHere(job, volume)) ?? (await surveyInHelper(job, volume));
  const { inode, born, ...survey } = answerOf<Omit<VolumeSurvey, 'identity'> & { inode: string; born: string }>(
    line,
    `the survey of volume ${volume}`,
  );
  return { ...survey, identity: volumeIdentity(inode, born) };
}

/** What a container costs before it does anything, 0.4 s, is half of what most surveys take. */
async function surveyHere(job: HelperJob, volume: string): Promise<string | undefined> {
  const folder = await plainFolder(job, volume);
  // Only root sees all that a volume may hold, as a helper does.
  if (folder === undefined || process.getuid?.() !== 0) return undefined;
  const answer = join(job.scratch, `survey-${volume}`);
  const { signal, timeoutMs: timeout } = job;
  const argv = ['-c', surveyScript, 'survey', folder, answer];
  // The worker's own variables may be secrets, and a child's environment can be read.
  const env = { PATH: process.env['PATH'] ?? '', TMPDIR: process.env['TMPDIR'] ?? '/tmp' };
  const ended = await execa('bash', argv, { env, extendEnv: false, reject: false, timeout, cancelSignal: signal });
  signal.throwIfAborted();
  // Not this host's folder, or tools that cannot do it: a helper can.
  return ended.exitCode === 0 ? readFile(answer, 'utf8') : undefined;
}

/** Where a volume's content lies, unless it has to be mounted first. */
export async function plainFolder(job: HelperJob, volume: string): Promise<string | undefined> {
  const found = await job.engine.inspectVolume(volume, { signal: job.signal });
  const plain = found?.Driver === 'local' && Object.keys(found.Options ?? {}).length === 0;
  return plain ? found.Mountpoint : undefined;
}

async function surveyInHelper(job: HelperJob, volume: string): Promise<string> {
  const role = `survey-${volume}`;
  return runVolumeHelper(job, {
    role,
    script: surveyScript,
    args: ['/source', `/progress/${role}`],
    mounts: [{ type: 'volume', source: volume, target: '/source', readOnly: true }],
    capabilities: readAll,
    fresh: true,
  });
}

/**
 * What makes a volume this one and not another of its name: inode and birth of its top folder. Docker gives volumes no id, and
 * their creation time changes with a chmod inside.
 */
export function volumeIdentity(inode: string, born: string): string {
  return `inode ${inode} born ${born}`;
}
