import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { execa } from '../processes/execa.ts';
import type { DataPlace } from './find-clusters.ts';
import { listEntriesScript } from './helper-scripts.ts';
import { readAll, runVolumeHelper, type HelperJob } from './run-volume-helper.ts';
import { plainFolder } from './survey-volume.ts';

/** How many entries are worth comparing: a list of more takes longer than a cutover may. */
export const mostEntries = 300_000;
const withinMs = 120_000;

/**
 * Lists what is in a volume or folder without reading it: of each entry kind, mode, owner, size and the time of its last change, which no
 * program can set back. Safe while it is in use. @returns the list as text; undefined where there is too much
 */
export async function listEntries(job: HelperJob, place: DataPlace): Promise<string | undefined> {
  const text = (await listHere(job, place)) ?? (await listInHelper(job, place));
  return text === 'too many' ? undefined : text;
}

async function listHere(job: HelperJob, place: DataPlace): Promise<string | undefined> {
  // Only root sees all that a volume may hold, as a helper does. A folder may be another host's.
  if (process.getuid?.() !== 0 || place.type === 'bind') return undefined;
  const folder = await plainFolder(job, place.source);
  if (folder === undefined) return undefined;
  const answer = join(job.scratch, `entries-${place.source}`);
  const argv = ['-c', listEntriesScript, 'entries', folder, answer, String(mostEntries)];
  const options = { reject: false, timeout: withinMs, cancelSignal: job.signal } as const;
  const ended = await execa('bash', argv, {
    env: { PATH: process.env['PATH'] ?? '' },
    extendEnv: false,
    ...options,
  });
  job.signal.throwIfAborted();
  return ended.exitCode === 0 ? readFile(answer, 'utf8') : undefined;
}

function listInHelper(job: HelperJob, { type, source }: DataPlace): Promise<string> {
  const role = `entries-${source.replaceAll(/[^\w.-]+/g, '-').slice(-60)}`;
  return runVolumeHelper(
    { ...job, timeoutMs: withinMs },
    {
      role,
      script: listEntriesScript,
      args: ['/source', `/progress/${role}`, String(mostEntries)],
      mounts: [{ type, source, target: '/source', readOnly: true }],
      capabilities: readAll,
      fresh: true,
    },
  );
}

/** Takes a list apart. Of a folder only that it is there, its mode and owner count: its entries stand for themselves. */
export function entriesOf(text: string): Map<string, string> {
  const entries = new Map<string, string>();
  for (const record of text.split('\0')) {
    const [, what, path] = /^(\S+ \S+ \S+ \S+ \S+) (.+)$/s.exec(record) ?? [];
    if (what !== undefined && path !== undefined) entries.set(path, what);
  }
  return entries;
}
