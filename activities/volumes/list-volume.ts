import { listScript } from './helper-scripts.ts';
import { readAll, runVolumeHelper, type HelperJob } from './run-volume-helper.ts';

/** Everything in a volume by its path: kind, mode, owner, length and, of files, SHA-256. The volume is mounted read-only. */
export async function listVolume(job: HelperJob, volume: string): Promise<Record<string, string>> {
  const answer = await runVolumeHelper(job, {
    role: 'list',
    script: listScript,
    args: [],
    mounts: [{ type: 'volume', source: volume, target: '/source', readOnly: true }],
    capabilities: readAll,
    fresh: true,
  });
  const entries: Record<string, string> = {};
  // Of each file there are two records: what it is, and its hash. Names may hold anything but NUL.
  for (const record of answer.split('\0')) {
    const [, what, path] = /^(\S+(?: \S+){3}|sha256 [0-9a-f]{64}) \.?\/?(.*)$/s.exec(record) ?? [];
    if (what === undefined || path === undefined || path === '') continue;
    entries[path] = entries[path] === undefined ? what : `${entries[path]} ${what}`;
  }
  return entries;
}
