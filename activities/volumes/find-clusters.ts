import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { FoundCluster } from '../../runbook/guard/served-data.ts';
import { execa } from '../processes/execa.ts';
import { findClustersScript } from './helper-scripts.ts';
import { readAll, runVolumeHelper, type HelperJob } from './run-volume-helper.ts';
import { plainFolder } from './survey-volume.ts';

/** Where data of a service lies: a volume by its name, or a folder of the Docker host. */
export interface DataPlace {
  type: 'volume' | 'bind';
  source: string;
}

/** How long a search may take: a folder of everything is not worth more. */
const withinMs = 30_000;

/** Finds the data folders of PostgreSQL servers, at any depth that images use. Changes nothing, and is safe while they run. */
export async function findClusters(job: HelperJob, place: DataPlace): Promise<FoundCluster[]> {
  const parts = ((await findHere(job, place)) ?? (await findInHelper(job, place))).split('\0');
  const found: FoundCluster[] = [];
  for (let at = 0; at + 1 < parts.length; at += 2)
    found.push({ folder: parts[at]!.replace(/^\/+/, ''), version: parts[at + 1]!.trim() });
  return found.sort((a, b) => a.folder.localeCompare(b.folder));
}

async function findHere(job: HelperJob, place: DataPlace): Promise<string | undefined> {
  // Only root sees all that a volume may hold, as a helper does.
  if (process.getuid?.() !== 0 || place.type === 'bind') return undefined;
  const folder = await plainFolder(job, place.source);
  if (folder === undefined) return undefined;
  const answer = join(job.scratch, `clusters-${place.source}`);
  const env = { PATH: process.env['PATH'] ?? '' };
  const options = { env, extendEnv: false, reject: false, timeout: withinMs, cancelSignal: job.signal };
  const ended = await execa('bash', ['-c', findClustersScript, 'clusters', folder, answer], options);
  job.signal.throwIfAborted();
  return ended.exitCode === 0 ? readFile(answer, 'utf8') : undefined;
}

function findInHelper(job: HelperJob, { type, source }: DataPlace): Promise<string> {
  const role = `clusters-${source.replaceAll(/[^\w.-]+/g, '-').slice(-60)}`;
  return runVolumeHelper(
    { ...job, timeoutMs: withinMs },
    {
      role,
      script: findClustersScript,
      args: ['/source', `/progress/${role}`],
      mounts: [{ type, source, target: '/source', readOnly: true }],
      capabilities: readAll,
      fresh: true,
    },
  );
}
