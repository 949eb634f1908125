import { randomBytes } from 'node:crypto';
import { link, readdir, readFile, rename, truncate, unlink, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

import { SwitchbackError } from '../../runbook/errors.ts';

/** One process: pids are used again, so its start time belongs to it. Empty where the system does not tell. */
export interface ProcessId {
  pid: number;
  started: string;
}

export interface LockHolder extends ProcessId {
  /** What it does, for whoever waits. */
  doing: string;
  /** The `docker compose` that works for it, which outlives a killed holder. */
  child?: ProcessId;
  released?: true;
}

/** One taking of a lock. The newest one counts: `FILE.7` after `FILE.6`. */
export interface Generation {
  number: number;
  holder: LockHolder;
}

/**
 * The newest generation of a lock, or undefined where it was never taken. Each taking is a file of its own, made by a link, which only
 * one process can make: nobody ever takes away a file that may have become another's meanwhile.
 */
export async function newestGeneration(file: string): Promise<Generation | undefined> {
  for (;;) {
    const number = Math.max(0, ...(await generations(file)));
    if (number === 0) return undefined;
    try {
      const text = await readFile(`${file}.${number}`, 'utf8');
      return { number, holder: text === '' ? nobody : (JSON.parse(text) as LockHolder) };
    } catch (error) {
      // Tidied up by a newer holder.
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') continue;
      if (!(error instanceof SyntaxError)) throw error;
      throw new SwitchbackError('IntegrityFailed', `the lock file ${file}.${number} is damaged`, {
        hint: 'If no Switchback worker runs on this host, remove it.',
      });
    }
  }
}

const nobody: LockHolder = { pid: 0, started: '', doing: '', released: true };

/** Takes the generation after `previous`. @returns whether it is ours: of several that try, one gets it */
export async function takeGeneration(file: string, previous: number, own: LockHolder): Promise<boolean> {
  const number = previous + 1;
  const proof = temporary(file);
  try {
    await writeFile(proof, JSON.stringify(own), { mode: 0o600 });
    await link(proof, `${file}.${number}`);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return false;
  } finally {
    await unlinkIfThere(proof);
  }
  const all = await generations(file);
  // We looked long ago: others have come and gone since, and tidied up the very number that we took.
  if (Math.max(...all) > number) {
    await unlinkIfThere(`${file}.${number}`);
    return false;
  }
  // The newest one always stays, released or not: numbers must only grow.
  for (const old of all) if (old < number) await unlinkIfThere(`${file}.${old}`);
  return true;
}

/** Writes what the holder of a generation says of itself; it alone may. */
export async function writeHolder(file: string, number: number, holder: LockHolder): Promise<void> {
  const changed = temporary(file);
  try {
    await writeFile(changed, JSON.stringify(holder), { mode: 0o600 });
    await rename(changed, `${file}.${number}`);
  } finally {
    await unlinkIfThere(changed);
  }
}

/** Empties the file of a generation: that takes no room, and a holder that lives on must get rid of its lock on a full disk too. */
export async function releaseGeneration(file: string, number: number): Promise<void> {
  try {
    await truncate(`${file}.${number}`);
  } catch (error) {
    // Taken for dead, and tidied up by a newer holder.
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}

const temporary = (file: string) => `${file}.${process.pid}.${randomBytes(6).toString('hex')}`;

async function generations(file: string): Promise<number[]> {
  const prefix = `${basename(file)}.`;
  return (await readdir(dirname(join(file))))
    .filter((name) => name.startsWith(prefix) && /^\d+$/.test(name.slice(prefix.length)))
    .map((name) => Number(name.slice(prefix.length)));
}

async function unlinkIfThere(path: string): Promise<void> {
  try {
    await unlink(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}
