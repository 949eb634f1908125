import { existsSync } from 'node:fs';
import { lstat, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { isRunning, startOf } from '../../client/local/process-identity.ts';
import type { StartedProcess } from '../../client/settings/up-record.ts';
import type { Place } from './place.ts';

/** What a demo writes down, so that a later one can clear away what a killed one left. */
export interface DemoRecord {
  /** The demo itself. */
  runner: StartedProcess;
  /** Set by `--keep`: the runner has ended, and everything is up on purpose. */
  kept?: true;
  load?: StartedProcess;
}

export async function readRecord(place: Place): Promise<DemoRecord | undefined> {
  if (!existsSync(place.record)) return undefined;
  return JSON.parse(await readFile(place.record, 'utf8')) as DemoRecord;
}

export async function amendRecord(place: Place, change: Partial<DemoRecord>): Promise<void> {
  const record = { ...(await readRecord(place)), ...change };
  // By rename: a demo that is killed here leaves the old record or the new one.
  await writeFile(`${place.record}.partial`, JSON.stringify(record), { mode: 0o600 });
  await rename(`${place.record}.partial`, place.record);
}

/** @throws Error when another demo of this checkout runs, or the folder is somebody else's. */
export async function refuseOther(place: Place): Promise<void> {
  if (!existsSync(place.scratch)) return;
  const found = await lstat(place.scratch);
  // The name can be guessed and the folder above is everybody's.
  if (!found.isDirectory() || (process.getuid !== undefined && found.uid !== process.getuid())) {
    throw new Error(`${place.scratch} is not ours: remove it, or set TMPDIR to another folder`);
  }
  const other = (await readRecord(place))?.runner;
  if (other && other.pid !== process.pid && (await isRunning(other))) {
    throw new Error(`a demo of this checkout is running already (pid ${other.pid}); end it first`);
  }
}

/** Takes the scratch folder, which must not be there any more. */
export async function claim(place: Place): Promise<void> {
  await mkdir(place.scratch, { mode: 0o700 });
  const runner = { pid: process.pid, started: (await startOf(process.pid)) ?? 'unknown', log: '' };
  await amendRecord(place, { runner });
}
