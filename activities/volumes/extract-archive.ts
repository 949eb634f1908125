import { join } from 'node:path';

import { SwitchbackError } from '../../runbook/errors.ts';
import type { HelperMount } from '../docker/index.ts';
import { keyProblem, withIdentity } from '../encryption/index.ts';
import { requireTools } from './helper-image.ts';
import { compareScript, extractScript } from './helper-scripts.ts';
import { forgeryIn } from './inspect-archive.ts';
import { answerOf, readAll, runVolumeHelper, writeAll } from './run-volume-helper.ts';
import type { HelperJob } from './run-volume-helper.ts';
import type { ArchiveToExtract } from './archive-to-extract.ts';

export type { ArchiveToExtract } from './archive-to-extract.ts';

/**
 * How what was extracted is read back: as the stream that it was archived as, or by a list of its metadata and lengths alone. Either way
 * the stream that tar got is known to be the one that was backed up.
 */
export type ReadBack = 'content' | 'listing';

interface Extracted {
  tookMs: number;
  streamHash: string;
  back: { as: 'listing' } | { as: 'content'; bytes: number; hash: string };
}

/** Lends the mounts that an archive is read with: of one that is encrypted, with the private key for the time of use. */
async function reading<T>(
  job: HelperJob,
  { folder, file, packing, hashedWith, encrypted }: ArchiveToExtract,
  work: (mounts: HelperMount[]) => Promise<T>,
): Promise<T> {
  const point: HelperMount = { type: 'bind', source: folder, target: '/point', readOnly: true };
  if (packing === 'zstd' || hashedWith === 'blake3') requireTools(job.helper, `reading ${join(folder, file)}`);
  if (encrypted === undefined) return work([point]);
  requireTools(job.helper, `reading ${encrypted.what}, which is encrypted,`);
  return withIdentity(`${job.scratch}.identity`, job.encryption, encrypted, (identity) => work([point, identity]));
}

/**
 * Extracts an archive into a volume of our own, emptied first, reads back what came out and compares. The helper has
 * nothing but that volume to write to. Returns how long the extraction alone took, in milliseconds.
 * The stream that is extracted must be the one that was backed up, and the tree that came of it must read as that same stream: an archive
 * that says one thing and does another has no such stream. Where only that differs which zeros are holes, a comparison of all entries decides.
 * @throws `AccessDenied` when the private key opens nothing of it, `IntegrityFailed` when the archive is none that a backup wrote, `ValidationMismatch` with the first differences when what came
 * out is not what went in.
 */
export async function extractArchive(
  job: HelperJob,
  archive: ArchiveToExtract,
  volume: string,
  readBack: ReadBack,
): Promise<number> {
  return reading(job, archive, (mounts) => extractFrom(job, archive, mounts, volume, readBack));
}

async function extractFrom(
  job: HelperJob,
  archive: ArchiveToExtract,
  reads: HelperMount[],
  volume: string,
  readBack: ReadBack,
): Promise<number> {
  const mounts = [...reads, { type: 'volume' as const, source: volume, target: '/target' }];
  const line = await runVolumeHelper(job, {
    role: 'extract',
    script: extractScript,
    args: [
      archive.file,
      archive.packing,
      String(archive.plainBytes),
      String(archive.treeWay),
      readBack,
      archive.hashedWith,
    ],
    mounts,
    capabilities: writeAll,
  }).catch(async (error: unknown) => {
    const wrongKey = archive.encrypted && keyProblem(error, archive.encrypted);
    if (wrongKey) throw wrongKey;
    // What makes tar fail may be in the archive: that is worse than a failed step, and has another way out.
    if (error instanceof SwitchbackError && error.name === 'StepFailed')
      throw (await forgeryIn(job, archive, reads)) ?? error;
    throw error;
  });
  const found = answerOf<Extracted>(line, 'the extraction');
  const { plainBytes, plainHash } = archive;
  const { back } = found;
  const asRead = back.as === 'listing' || (back.hash === plainHash && back.bytes === plainBytes);
  if (asRead && found.streamHash === plainHash) return found.tookMs;
  const forgery = await forgeryIn(job, archive, reads);
  if (forgery) throw forgery;
  const compared = await runVolumeHelper(job, {
    role: 'compare',
    script: compareScript,
    args: [archive.file, archive.packing, String(archive.treeWay), archive.hashedWith],
    mounts,
    capabilities: readAll,
    fresh: true,
  });
  const [verdict, ...differences] = compared.trim().split('\n');
  if (verdict === 'same' && found.streamHash === plainHash) return found.tookMs;
  const told = differences.join('; ');
  throw new SwitchbackError('ValidationMismatch', `what was restored differs from what was backed up: ${told}`, {
    hint: 'Do not use this recovery point; take a new backup.',
    facts: { expected: plainHash, found: back.as === 'content' ? back.hash : found.streamHash },
  });
}
