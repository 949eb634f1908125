import { createHash, randomBytes } from 'node:crypto';

import { SwitchbackError } from '../../runbook/errors.ts';
import type { DockerEngine, HelperMount } from '../docker/index.ts';
import { readAll, runVolumeHelper, type HelperJob } from '../volumes/run-volume-helper.ts';
import { ensureResticImage } from './restic-image.ts';
import { prelude } from './restic-scripts.ts';
import { withSecretFiles, type Reach } from './secret-files.ts';

export interface ResticTask {
  /** Part of the container's name. */
  role: string;
  /** For `bash -c`, after the prelude: `$0` is the file in /progress that the answer goes to. */
  script: string;
  args: string[];
  mounts?: HelperMount[];
  capabilities?: string[];
  /** The name under which it holds locks; one of its own unless told. */
  hostname?: string;
}

/**
 * Runs restic in a helper container that has nothing but the repository, its secrets and the given mounts. One for a folder has no
 * network; one for S3 has that of the host. @throws `StepFailed` with the exit code
 */
export async function runResticOnce(job: HelperJob, reach: Reach, task: ResticTask): Promise<string> {
  const { at } = reach.repository;
  const s3 = at.startsWith('s3:');
  const image = await ensureResticImage(job.engine, { signal: job.signal });
  const hostname = task.hostname ?? `${await holderPrefix(job.engine)}${randomBytes(4).toString('hex')}`;
  return withSecretFiles(job, reach, (secrets) =>
    runVolumeHelper(
      { ...job, helper: { image, packing: 'none', hash: 'sha256' } },
      {
        role: task.role,
        script: `${prelude}${task.script}`,
        args: task.args,
        mounts: [
          ...(task.mounts ?? []),
          ...(s3 ? [] : [{ type: 'bind' as const, source: at, target: '/repository' }]),
          { type: 'bind', source: secrets, target: '/secrets', readOnly: true },
        ],
        capabilities: task.capabilities ?? readAll,
        env: { RESTIC_REPOSITORY: s3 ? at : '/repository', SERVER: s3 ? serverOf(at) : '' },
        ...(s3 && { networkMode: 'host' }),
        hostname,
        // What an earlier attempt's helper saw and wrote may be untrue by now; what it uploaded is not uploaded again.
        fresh: true,
      },
    ),
  );
}

/** Names of holders of locks on this engine begin so: another engine's helpers are nobody whom we could look for. */
export async function holderPrefix(engine: DockerEngine): Promise<string> {
  const { ID } = await engine.info();
  return `switchback-${createHash('sha256').update(ID).digest('hex').slice(0, 12)}-`;
}

/** `HOST PORT` of `s3:URL`: restic itself asks a server that is not there for a quarter of an hour. */
function serverOf(at: string): string {
  const address = at.slice('s3:'.length);
  const { hostname, port, protocol } = new URL(/^https?:/.test(address) ? address : `https://${address}`);
  return `${hostname} ${port || (protocol === 'http:' ? '80' : '443')}`;
}

export function exitCodeOf(error: unknown): number | undefined {
  if (!(error instanceof SwitchbackError) || error.name !== 'StepFailed') return undefined;
  const { exitCode } = error.facts;
  return typeof exitCode === 'number' ? exitCode : undefined;
}
