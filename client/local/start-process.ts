import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, statSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { SwitchbackError } from '../../runbook/errors.ts';
import type { StartedProcess } from '../settings/up-record.ts';
import { isRunning, startOf } from './process-identity.ts';

export interface ProcessToStart {
  name: string;
  file: string;
  args: string[];
  env: NodeJS.ProcessEnv;
  cwd?: string;
  log: string;
}

/** A process with the place in its log at which it began. */
export type Launched = StartedProcess & { logStart: number };

/**
 * Starts a process that outlives this one, in a group of its own so that Ctrl-C does not reach it, writing straight to its log.
 * @throws SwitchbackError `PreconditionFailed` when it cannot be started
 */
export async function startProcess({ name, file, args, env, cwd, log }: ProcessToStart): Promise<Launched> {
  mkdirSync(dirname(log), { recursive: true, mode: 0o700 });
  const descriptor = openSync(log, 'a', 0o600);
  const logStart = statSync(log).size;
  try {
    const child = spawn(file, args, {
      env,
      detached: true,
      stdio: ['ignore', descriptor, descriptor],
      ...(cwd !== undefined && { cwd }),
    });
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve);
      child.once('error', (error) =>
        reject(
          new SwitchbackError(
            'PreconditionFailed',
            `${name} could not be started: ${error.message}`,
            {},
            { cause: error },
          ),
        ),
      );
    });
    child.unref();
    const pid = child.pid!;
    return { pid, started: (await startOf(pid)) ?? 'ended', log, logStart };
  } finally {
    closeSync(descriptor);
  }
}

/** What a log holds from a place on, at most its last 64 KiB. */
export async function readLog(log: string, from: number): Promise<string> {
  const handle = await open(log, 'r');
  try {
    const { size } = await handle.stat();
    const start = Math.max(from, size - 64 * 1024);
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(Math.max(0, size - start)), 0, size - start, start);
    return buffer.toString('utf8', 0, bytesRead);
  } finally {
    await handle.close();
  }
}

/**
 * Waits until a process says that it is ready.
 * @throws SwitchbackError `NotReady` with the end of its log when it ends before, or takes too long
 */
export async function untilReady(
  name: string,
  launched: Launched,
  ready: () => Promise<boolean>,
  { withinMs, signal }: { withinMs: number; signal: AbortSignal },
): Promise<void> {
  const deadline = Date.now() + withinMs;
  while (!(await ready())) {
    signal.throwIfAborted();
    const ended = !(await isRunning(launched));
    if (ended || Date.now() > deadline) {
      const said = (await readLog(launched.log, launched.logStart)).trim().split('\n').slice(-8).join('\n    ');
      throw new SwitchbackError(
        'NotReady',
        `${name} ${ended ? 'ended before it was ready' : `was not ready within ${withinMs / 1000} s`}; it said:\n    ${said || '(nothing)'}`,
        {
          hint: `Its log is ${launched.log}.`,
        },
      );
    }
    await wait(100);
  }
}

/** Ends a process: asks it, waits, then insists. @returns once it is gone */
export async function stopProcess(written: StartedProcess | undefined, graceMs: number): Promise<boolean> {
  if (written === undefined || !(await isRunning(written))) return false;
  process.kill(written.pid, 'SIGTERM');
  const deadline = Date.now() + graceMs;
  while (await isRunning(written)) {
    if (Date.now() > deadline) {
      process.kill(written.pid, 'SIGKILL');
      // The kernel takes it away as soon as it can; nothing here can speed that up.
      break;
    }
    await wait(50);
  }
  return true;
}
