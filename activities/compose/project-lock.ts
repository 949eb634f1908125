import { SwitchbackError } from '../../runbook/errors.ts';
import { pause } from '../docker/index.ts';
import {
  newestGeneration,
  releaseGeneration,
  takeGeneration,
  writeHolder,
  type LockHolder,
  type ProcessId,
} from './lock-generation.ts';
import { startTimeOf } from './process-start.ts';

export interface LockOptions {
  doing: string;
  signal?: AbortSignal | undefined;
  /** How long to wait for the holder, in milliseconds; 60 s unless told. */
  waitMs?: number;
}

export interface ProjectLock {
  /** Notes a child process: a successor ends it before it acts. */
  note(childPid: number): void;
  release(): Promise<void>;
}

/**
 * Takes the lock of a Compose project: runs of Compose on one project race for names. Where the holder has died, what it left running
 * is ended first. @throws SwitchbackError `Busy` when a living holder keeps it too long.
 */
export async function lockProject(file: string, options: LockOptions): Promise<ProjectLock> {
  const own: LockHolder = { pid: process.pid, started: await startTimeOf(process.pid), doing: options.doing };
  const deadline = performance.now() + (options.waitMs ?? 60_000);
  for (;;) {
    options.signal?.throwIfAborted();
    const newest = await newestGeneration(file);
    const number = newest?.number ?? 0;
    if (await isFree(newest?.holder)) {
      if (await takeGeneration(file, number, own)) return lockOf(file, number + 1, own);
    } else if (newest && performance.now() > deadline) {
      throw busy(newest.holder);
    } else {
      await pause(50, options.signal);
    }
  }
}

function lockOf(file: string, number: number, own: LockHolder): ProjectLock {
  let noted = Promise.resolve();
  const note = async (pid: number) =>
    writeHolder(file, number, { ...own, child: { pid, started: await startTimeOf(pid) } });
  return {
    note: (childPid) => {
      // Where it cannot be written down, the mark in the child's environment still names it to a successor.
      noted = note(childPid).catch(() => undefined);
    },
    release: async () => {
      // A note written after the release would be a lock that nobody holds.
      await noted;
      await releaseGeneration(file, number);
    },
  };
}

async function isFree(holder: LockHolder | undefined): Promise<boolean> {
  if (!holder || holder.released) return true;
  if (await isRunning(holder)) return false;
  if (holder.child) await end(holder.child);
  return true;
}

async function isRunning(process: ProcessId): Promise<boolean> {
  const started = await startTimeOf(process.pid);
  return started !== 'gone' && (process.started === '' || started === '' || started === process.started);
}

/** Ends what a dead holder left running, by its process group. */
async function end(child: ProcessId): Promise<void> {
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    const deadline = performance.now() + 10_000;
    if (!(await isRunning(child))) return;
    try {
      process.kill(-child.pid, signal);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
    while ((await isRunning(child)) && performance.now() < deadline) await pause(50);
  }
  if (!(await isRunning(child))) return;
  throw new SwitchbackError('Busy', `docker compose (process ${child.pid}) of a dead worker does not end`, {
    hint: `End it by hand: \`kill -9 ${child.pid}\`.`,
  });
}

function busy(holder: LockHolder): SwitchbackError {
  return new SwitchbackError('Busy', `Compose is in use by process ${holder.pid}: ${holder.doing}`, {
    hint: 'Wait until it has ended; it is tried again.',
    facts: { pid: holder.pid },
  });
}
