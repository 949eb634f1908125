import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { SwitchbackError } from '../../runbook/errors.ts';
import { labels } from '../../runbook/names.ts';
import { runHelper } from '../docker/index.ts';
import type { DockerEngine, HelperMount, Labels } from '../docker/index.ts';
import type { Encryption } from '../encryption/index.ts';
import type { HelperImage } from './helper-image.ts';

/** For whom helper containers work, and how they report. */
export interface HelperJob {
  engine: DockerEngine;
  helper: HelperImage;
  /** Name of a helper by its role: the same on every attempt, so that a retry adopts what an earlier one started. */
  nameOf(role: string): string;
  labels: Labels;
  /** Of the recovery points that are written and read; none where it is absent. */
  encryption?: Encryption | undefined;
  /** A folder on the Docker host where the helper leaves how far it is. It must exist. */
  scratch: string;
  /** How long one helper may run, in milliseconds. */
  timeoutMs: number;
  signal: AbortSignal;
  /** Called about once a second with the bytes that went through so far. */
  onBytes?: ((bytes: number) => void) | undefined;
}

export interface HelperTask {
  /** Part of the container's name, e.g. `archive`. */
  role: string;
  script: string;
  args: string[];
  mounts: HelperMount[];
  capabilities: string[];
  env?: Record<string, string>;
  /** `none` unless told. */
  networkMode?: string;
  /** Under which it holds locks of a repository; see `labels.holder`. */
  hostname?: string;
  /** Not to be adopted: what an earlier attempt saw may be untrue by now. */
  fresh?: boolean;
}

/** Capabilities of a helper that reads whatever a volume holds, and leaves its answer in a folder of the worker's. */
export const readAll = ['DAC_OVERRIDE'];
/** Capabilities of a helper that makes files of any owner, mode and kind. */
export const writeAll = ['CHOWN', 'DAC_OVERRIDE', 'FOWNER', 'FSETID', 'MKNOD', 'SETFCAP'];

/**
 * Runs a script in a container without network, with nothing but the given mounts, and returns its answer.
 * @throws `ResourceExhausted` when the disk was full, `StepFailed` with the end of its log when it failed otherwise.
 */
export async function runVolumeHelper(job: HelperJob, task: HelperTask): Promise<string> {
  const progress = join(job.scratch, 'bytes');
  if (task.fresh) await job.engine.removeContainer(job.nameOf(task.role), job.labels, { signal: job.signal });
  const result = await runHelper(
    job.engine,
    {
      name: job.nameOf(task.role),
      image: job.helper.image,
      argv: ['bash', '-c', task.script, task.role, ...task.args],
      labels: task.hostname === undefined ? job.labels : { ...job.labels, [labels.holder]: task.hostname },
      ...(task.env && { env: task.env }),
      ...(task.networkMode !== undefined && { networkMode: task.networkMode }),
      ...(task.hostname !== undefined && { hostname: task.hostname }),
      mounts: [...task.mounts, { type: 'bind', source: job.scratch, target: '/progress' }],
      capabilities: task.capabilities,
      timeoutMs: job.timeoutMs,
    },
    {
      signal: job.signal,
      onTick: () => {
        if (job.onBytes) void reportBytes(progress, job.onBytes);
      },
    },
  );
  if (result.exitCode === 0) return readFile(join(job.scratch, task.role), 'utf8');
  const log = result.log.trim().split('\n').slice(-5).join('; ');
  if (/No space left on device|Disk quota exceeded/i.test(result.log)) {
    throw new SwitchbackError('ResourceExhausted', `${task.role}: the disk is full (${log})`, {
      hint: 'Free space on the Docker host, then retry; what was written so far is removed.',
    });
  }
  if (/Read-only file system/.test(result.log)) {
    throw new SwitchbackError('AccessDenied', `${task.role}: the disk cannot be written (${log})`, {
      hint: 'It was mounted read-only, by somebody or by the kernel after an error: look at `dmesg`, then retry.',
    });
  }
  const how = result.timedOut ? `took longer than ${job.timeoutMs / 1000} s` : `exited ${result.exitCode}`;
  throw new SwitchbackError('StepFailed', `${task.role} ${how}: ${log}`, {
    hint: result.oomKilled ? 'It ran out of memory.' : 'Look at the volume and the disk, then retry.',
    facts: { exitCode: result.exitCode, timedOut: result.timedOut, log },
  });
}

async function reportBytes(file: string, onBytes: (bytes: number) => void): Promise<void> {
  // Not there yet, or half written: progress is a courtesy, the next tick has another figure.
  const text = await readFile(file, 'utf8').catch(() => '');
  if (/^\d+$/.test(text)) onBytes(Number(text));
}

/** Takes an answer of JSON apart. @throws `EffectUnknown` when it is not whole. */
export function answerOf<T>(answer: string, what: string): T {
  try {
    return JSON.parse(answer) as T;
  } catch (error) {
    throw new SwitchbackError(
      'EffectUnknown',
      `${what} ended well, but its answer cannot be read: ${JSON.stringify(answer.slice(0, 200))}`,
      { hint: 'Look at the disk of the home folder, then retry.' },
      { cause: error },
    );
  }
}
