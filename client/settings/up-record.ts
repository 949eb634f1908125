import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** A process that `up` started. The start time tells it from a later one with the same pid. */
export interface StartedProcess {
  pid: number;
  started: string;
  log: string;
}

/** What `switchback up` writes down for the other verbs: `$SWITCHBACK_HOME/up.json`. */
export interface UpRecord {
  format: 1;
  address: string;
  namespace: string;
  ui: string;
  /** Absent where `up` uses a server that somebody else runs. */
  server?: StartedProcess;
  worker?: StartedProcess;
  /** The `up` that looks after both. */
  supervisor?: StartedProcess;
  /** Directories whose stacks the worker serves. */
  stacks: string[];
  /** The host that the worker works for. */
  host?: string;
  /** Since when everything has been ready (ISO 8601); absent while it is being brought up, or down. */
  readyAt?: string;
}

export const upRecordFile = (home: string) => join(home, 'up.json');

/** What `up` wrote down, or undefined: a missing or unreadable file only means that the defaults hold. */
export async function readUpRecord(home: string): Promise<UpRecord | undefined> {
  try {
    const record = JSON.parse(await readFile(upRecordFile(home), 'utf8')) as UpRecord;
    return record.format === 1 && typeof record.address === 'string' ? record : undefined;
  } catch {
    // Written by rename, so a half one cannot be; one that a person broke is replaced by the next `up`.
    return undefined;
  }
}

export async function writeUpRecord(home: string, record: UpRecord): Promise<void> {
  await mkdir(home, { recursive: true, mode: 0o700 });
  const partial = `${upRecordFile(home)}.${process.pid}.partial`;
  await writeFile(partial, `${JSON.stringify(record, null, 2)}\n`, { mode: 0o600 });
  await rename(partial, upRecordFile(home));
}

export const removeUpRecord = (home: string) => rm(upRecordFile(home), { force: true });
