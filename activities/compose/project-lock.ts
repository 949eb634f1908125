import { randomBytes } from 'node:crypto';
import { link, readFile, rename, unlink, writeFile } from 'node:fs/promises';

import { SwitchbackError } from '../../runbook/errors.ts';
import { pause } from '../docker/index.ts';
import { startTimeOf } from './process-start.ts';

interface Holder {
  pid: number;
  /** With the pid it names one process: pids are used again. Empty where the system does not tell. */
  started: string;
  /** What it does, for whoever waits. */
  doing: string;
  /** The `docker compose` that works for it, which outlives a killed holder. */
  child?: { pid: number; started: string };
}

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
 * Takes the lock of a Compose project: runs of Compose on one project race for names. A lock whose holder has died is stolen, and
 * what the holder left running is ended first. @throws SwitchbackError `Busy` when a living holder keeps it too long.
 */
export async function lockProject(file: string, options: LockOptions): Promise<ProjectLock> {
  const own: Holder = { pid: process.pid, started: await startTimeOf(process.pid), doing: options.doing };
  const proof = `${file}.${process.pid}.${randomBytes(6).toString('hex')}`;
  await writeFile(proof, JSON.stringify(own), { mode: 0o600 });
  const deadline = performance.now() + (options.waitMs ?? 60_000);
  try {
    for (;;) {
      options.signal?.throwIfAborted();
      try {
        // A link is made by one, and fails for all others.
        await link(proof, file);
        break;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      }
      const holder = await holderOf(file);
      if (holder && !(await isRunning(holder))) await steal(file, holder);
      else if (holder && performance.now() > deadline) throw busy(holder);
      else await pause(50, options.signal);
    }
  } finally {
    await unlink(proof);
  }
  let noted = Promise.resolve();
  return {
    note: (childPid) => {
      // Where it cannot be written down, the mark in the child's environment still names it to a successor.
      noted = writeNote(file, { ...own, child: { pid: childPid, started: '' } }).catch(() => undefined);
    },
    release: async () => {
      // A note written after the release would be a lock that nobody holds.
      await noted;
      await unlink(file);
    },
  };
}

async function writeNote(file: string, holder: Holder & { child: { pid: number; started: string } }): Promise<void> {
  const child = { ...holder.child, started: await startTimeOf(holder.child.pid) };
  const changed = `${file}.${process.pid}.note`;
  await writeFile(changed, JSON.stringify({ ...holder, child }), { mode: 0o600 });
  await rename(changed, file);
}

async function holderOf(file: string): Promise<Holder | undefined> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as Holder;
  } catch (error) {
    // Released meanwhile.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    if (error instanceof SyntaxError) {
      throw new SwitchbackError('IntegrityFailed', `the lock file ${file} is damaged`, {
        hint: 'If no Switchback worker runs on this host, remove it.',
      });
    }
    throw error;
  }
}

async function isRunning(process: { pid: number; started: string }): Promise<boolean> {
  const started = await startTimeOf(process.pid);
  return started !== 'gone' && (process.started === '' || started === '' || started === process.started);
}

async function steal(file: string, dead: Holder): Promise<void> {
  if (dead.child) await end(dead.child);
  const aside = `${file}.dead.${randomBytes(6).toString('hex')}`;
  try {
    await rename(file, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  const taken = await holderOf(aside);
  // Another thief was quicker, and this is its fresh lock: give it back.
  if (taken && (taken.pid !== dead.pid || taken.started !== dead.started)) {
    await link(aside, file).catch((error: unknown) => {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    });
  }
  await unlink(aside);
}

/** Ends what a dead holder left running, by its process group. */
async function end(child: { pid: number; started: string }): Promise<void> {
  for (const [signal, waitMs] of [
    ['SIGTERM', 10_000],
    ['SIGKILL', 10_000],
  ] as const) {
    const deadline = performance.now() + waitMs;
    if (!(await isRunning(child))) return;
    try {
      process.kill(-child.pid, signal);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
    while ((await isRunning(child)) && performance.now() < deadline) await pause(50);
  }
  if (await isRunning(child)) {
    throw new SwitchbackError('Busy', `docker compose (process ${child.pid}) of a dead worker does not end`, {
      hint: `End it by hand: \`kill -9 ${child.pid}\`.`,
    });
  }
}

function busy(holder: Holder): SwitchbackError {
  return new SwitchbackError('Busy', `Compose is in use by process ${holder.pid}: ${holder.doing}`, {
    hint: 'Wait until it has ended; it is tried again.',
    facts: { pid: holder.pid },
  });
}
