import { chmod, mkdir, readFile, rm } from 'node:fs/promises';
import { join, posix } from 'node:path';
import { SwitchbackError } from '../../../../runbook/errors.ts';
import { runHelper, type HelperMount } from '../../../docker/index.ts';
import type { HelperJob } from '../../../volumes/index.ts';

export interface ServerTask {
  /** Part of the container's name, and the file that the answer goes to. */
  role: string;
  script: string;
  /** After the data directory and the major version. */
  args: string[];
  image: string;
  major: number;
  volume: string;
  /** The data directory in the volume. */
  path: string;
  /** `UID:GID` of the data: a server runs as nobody else. */
  owner: string;
  readOnly?: boolean;
  mounts?: HelperMount[];
}

export interface ServerAnswer {
  exitCode: number;
  /** What it answered, if it ended well. */
  answer: string;
  /** The end of what it said. */
  said: string;
}

/**
 * Runs a script in a container of the server's own image, on data in a volume of ours, without any network. One that an earlier
 * attempt left is removed first: what it did to the data is done again from the beginning.
 * @throws `ResourceExhausted` when the disk is full, `StepFailed` when it takes too long
 */
export async function inServerContainer(job: HelperJob, task: ServerTask): Promise<ServerAnswer> {
  const { role, script, image, major, volume, path, owner } = task;
  const answers = join(job.scratch, 'answers');
  // Whoever owns the data writes there; the folder above lets nobody else of this host in.
  await mkdir(answers, { recursive: true });
  await chmod(answers, 0o777);
  await rm(join(answers, role), { force: true });
  await removeServerContainer(job, role);
  const result = await runHelper(
    job.engine,
    {
      name: job.nameOf(role),
      image,
      argv: ['/bin/sh', '-c', script, role, posix.join('/data', path), String(major), ...task.args],
      labels: job.labels,
      // Messages in the language that is read here; no limits that a role may have.
      env: { LC_ALL: 'C', HOME: '/tmp', PGOPTIONS: '-c statement_timeout=0 -c lock_timeout=0' },
      mounts: [
        { type: 'volume', source: volume, target: '/data', readOnly: task.readOnly ?? false },
        { type: 'bind', source: answers, target: '/answer' },
        ...(task.mounts ?? []),
      ],
      user: owner,
      timeoutMs: job.timeoutMs,
    },
    { signal: job.signal },
  );
  const said = result.log.trim().slice(-1500);
  if (/No space left on device/.test(result.log)) {
    throw new SwitchbackError('ResourceExhausted', `${role}: the disk is full (${said})`, {
      hint: 'Free space on the disk of the Docker volumes, then retry; what was written so far is removed.',
    });
  }
  if (result.timedOut || result.oomKilled) {
    const how = result.timedOut ? `took longer than ${job.timeoutMs / 1000} s` : 'ran out of memory';
    throw new SwitchbackError('StepFailed', `${role} ${how}: ${said}`, {
      hint: 'Look at the load of the host, then retry.',
    });
  }
  const answer = result.exitCode === 0 ? await readFile(join(answers, role), 'utf8') : '';
  return { exitCode: result.exitCode, answer, said };
}

export const removeServerContainer = (job: HelperJob, role: string): Promise<void> =>
  job.engine.removeContainer(job.nameOf(role), job.labels, { signal: job.signal });
