import { SwitchbackError } from '../../runbook/errors.ts';
import { archiveScript, compareScript, extractScript } from './helper-scripts.ts';
import { forgeryIn } from './inspect-archive.ts';
import { answerOf, readAll, runVolumeHelper, writeAll } from './run-volume-helper.ts';
import type { HelperJob } from './run-volume-helper.ts';
import { treeWay } from './stream-scripts.ts';

/** An archive of a volume, as it was written. */
export interface Archive {
  file: string;
  packing: 'zstd' | 'none';
  bytes: number;
  sha256: string;
  /** Length and SHA-256 of the unpacked stream: the fingerprint of content and metadata. */
  plainBytes: number;
  plainSha256: string;
  /** How the tree was read; see `readTree`. */
  treeWay: number;
  /** When its reading began, by the Docker host's clock. */
  began: string;
  /** Files changed while they were read: the archive holds a moment that never was. */
  changedWhileRead: boolean;
}

/** Archives a volume, mounted read-only, into a folder of the Docker host, and fingerprints it on the way. */
export async function archiveVolume(job: HelperJob, volume: string, folder: string): Promise<Archive> {
  const { packing } = job.helper;
  const file = packing === 'zstd' ? 'volume.tar.zst' : 'volume.tar';
  const line = await runVolumeHelper(job, {
    role: 'archive',
    script: archiveScript,
    args: [file, packing, String(treeWay)],
    mounts: [
      { type: 'volume', source: volume, target: '/source', readOnly: true },
      { type: 'bind', source: folder, target: '/point' },
    ],
    capabilities: [...readAll, 'CHOWN'],
  });
  const answer = answerOf<Omit<Archive, 'file' | 'packing' | 'treeWay' | 'changedWhileRead'> & { tar: number }>(
    line,
    `the archive of volume ${volume}`,
  );
  const { tar, ...rest } = answer;
  return { ...rest, file, packing, treeWay, changedWhileRead: tar !== 0 };
}

/** What is needed to take a volume's archive apart. */
export type ArchiveToExtract = Pick<Archive, 'file' | 'packing' | 'plainBytes' | 'plainSha256' | 'treeWay'> & {
  /** The folder that it is in, on the Docker host. */
  folder: string;
};

/**
 * Extracts an archive into a volume of our own, emptied first, reads back what came out and compares the fingerprints. The helper has
 * nothing but that volume to write to. Returns how long the extraction alone took, in milliseconds.
 * The stream that is extracted must be the one that was backed up, and the tree that came of it must read as that same stream: an archive
 * that says one thing and does another has no such stream.
 * @throws `IntegrityFailed` when the archive is none that a backup wrote, `ValidationMismatch` with the first differences when what came
 * out is not what went in.
 */
export async function extractArchive(job: HelperJob, archive: ArchiveToExtract, volume: string): Promise<number> {
  const mounts = [
    { type: 'bind' as const, source: archive.folder, target: '/point', readOnly: true },
    { type: 'volume' as const, source: volume, target: '/target' },
  ];
  const line = await runVolumeHelper(job, {
    role: 'extract',
    script: extractScript,
    args: [archive.file, archive.packing, String(archive.plainBytes), String(archive.treeWay)],
    mounts,
    capabilities: writeAll,
  }).catch(async (error: unknown) => {
    // What makes tar fail may be in the archive: that is worse than a failed step, and has another way out.
    if (error instanceof SwitchbackError && error.name === 'StepFailed') throw (await forgeryIn(job, archive)) ?? error;
    throw error;
  });
  const found = answerOf<{ tookMs: number; streamSha256: string; plainBytes: number; plainSha256: string }>(
    line,
    'the extraction',
  );
  const { plainBytes, plainSha256 } = archive;
  const asWritten = found.streamSha256 === plainSha256;
  if (asWritten && found.plainSha256 === plainSha256 && found.plainBytes === plainBytes) return found.tookMs;
  const forgery = await forgeryIn(job, archive);
  if (forgery) throw forgery;
  const differences = await runVolumeHelper(job, {
    role: 'compare',
    script: compareScript,
    args: [archive.file, archive.packing],
    mounts,
    capabilities: readAll,
    fresh: true,
  });
  throw new SwitchbackError('ValidationMismatch', `what was restored differs from what was backed up: ${differences}`, {
    hint: 'Do not use this recovery point; take a new backup.',
    facts: { expected: plainSha256, found: found.plainSha256 },
  });
}
