import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { SwitchbackError } from '../../runbook/errors.ts';
import { newestGeneration, releaseGeneration, takeGeneration, type LockHolder } from '../compose/lock-generation.ts';
import { startTimeOf } from '../compose/process-start.ts';
import { isMissing } from './is-missing.ts';

/** Where it is written down who uses the points of a target. */
interface Repository {
  /** The target's home. */
  root: string;
}

/** The lock is only held while a line is written or folders are renamed, so whoever waits longer waits for something else. */
const patienceMs = 10_000;

const lockFile = ({ root }: Repository) => join(root, 'points.lock');
const usersFolder = ({ root }: Repository) => join(root, 'points.users');

/**
 * Reads recovery points while nobody removes any: whoever reads is written down, by pid and start time, so that one who died holds
 * nobody up.
 */
export async function usePoints<T>(at: Repository, doing: string, work: () => Promise<T>): Promise<T> {
  const entry = join(usersFolder(at), `${process.pid}-${randomBytes(4).toString('hex')}`);
  await locked(at, doing, async () => {
    await mkdir(usersFolder(at), { recursive: true, mode: 0o700 });
    await writeFile(entry, JSON.stringify(await ownHolder(doing)), { mode: 0o600 });
  });
  try {
    return await work();
  } finally {
    await rm(entry, { force: true });
  }
}

/**
 * Changes which points there are, while nobody reads them. Keep the work short: readers wait for it.
 * @throws `Conflict` that names whoever reads them
 */
export async function alterPoints<T>(at: Repository, doing: string, work: () => Promise<T>): Promise<T> {
  return locked(at, doing, async () => {
    const [user] = await livingUsers(at);
    if (user) {
      throw new SwitchbackError('Conflict', `recovery points are in use by process ${user.pid}: ${user.doing}`, {
        hint: 'Wait until it has ended, then try again. Nothing was removed.',
        facts: { pid: user.pid, doing: user.doing },
      });
    }
    return work();
  });
}

/** Who reads points now; what dead processes have left is swept. */
export async function livingUsers(at: Repository): Promise<LockHolder[]> {
  const names = await readdir(usersFolder(at)).catch((error: unknown) => {
    if (isMissing(error)) return [];
    throw error;
  });
  const living: LockHolder[] = [];
  for (const name of names) {
    const path = join(usersFolder(at), name);
    const user = await readUser(path);
    if (user && (await isAlive(user))) living.push(user);
    else await rm(path, { force: true });
  }
  return living;
}

/** Undefined when it has ended meanwhile, or was cut short while it was written: then it reads nothing yet. */
async function readUser(path: string): Promise<LockHolder | undefined> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as LockHolder;
  } catch (error) {
    if (isMissing(error) || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

async function locked<T>(at: Repository, doing: string, work: () => Promise<T>): Promise<T> {
  const file = lockFile(at);
  const own = await ownHolder(doing);
  const deadline = performance.now() + patienceMs;
  for (;;) {
    const newest = await newestGeneration(file);
    const free = !newest || newest.holder.released || !(await isAlive(newest.holder));
    if (free && (await takeGeneration(file, newest?.number ?? 0, own))) {
      try {
        return await work();
      } finally {
        await releaseGeneration(file, (newest?.number ?? 0) + 1);
      }
    }
    if (!free && performance.now() > deadline) {
      const { pid, doing: theirs } = newest.holder;
      throw new SwitchbackError('Busy', `recovery points are locked by process ${pid}: ${theirs}`, {
        hint: 'It holds the lock for moments only: look whether that process hangs.',
        facts: { pid, doing: theirs },
      });
    }
    await wait(20);
  }
}

const ownHolder = async (doing: string): Promise<LockHolder> => ({
  pid: process.pid,
  started: await startTimeOf(process.pid),
  doing,
});

/** A pid is used again: only with its start time is it that process. */
async function isAlive(holder: LockHolder): Promise<boolean> {
  const started = await startTimeOf(holder.pid);
  return started !== 'gone' && (holder.started === '' || started === '' || started === holder.started);
}
