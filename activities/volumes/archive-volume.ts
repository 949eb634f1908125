import { requireTools } from './helper-image.ts';
import { archiveScript } from './helper-scripts.ts';
import { answerOf, readAll, runVolumeHelper } from './run-volume-helper.ts';
import type { HelperJob } from './run-volume-helper.ts';
import { treeWay, type StreamHash } from './stream-scripts.ts';

/** An archive of a volume, as it was written. */
export interface Archive {
  file: string;
  packing: 'zstd' | 'none';
  bytes: number;
  sha256: string;
  /** Length and hash of the unpacked stream: the fingerprint of content and metadata. */
  plainBytes: number;
  plainHash: string;
  hashedWith: StreamHash;
  /** How the tree was read; see `readTree`. */
  treeWay: number;
  /** When its reading began, by the Docker host's clock. */
  began: string;
  /** Files changed while they were read: the archive holds a moment that never was. */
  changedWhileRead: boolean;
}

/** Archives a volume, mounted read-only, into a folder of the Docker host, and fingerprints it on the way. */
export async function archiveVolume(job: HelperJob, volume: string, folder: string): Promise<Archive> {
  const { packing, hash } = job.helper;
  const to = job.encryption?.to ?? [];
  if (to.length > 0) requireTools(job.helper, `the encrypted backup of volume ${volume}`);
  const file = `volume.tar${packing === 'zstd' ? '.zst' : ''}${to.length > 0 ? '.age' : ''}`;
  const line = await runVolumeHelper(job, {
    role: 'archive',
    script: archiveScript,
    args: [file, packing, String(treeWay), hash, ...to.map((key) => `--recipient=${key}`)],
    mounts: [
      { type: 'volume', source: volume, target: '/source', readOnly: true },
      { type: 'bind', source: folder, target: '/point' },
    ],
    capabilities: [...readAll, 'CHOWN'],
  });
  const answer = answerOf<
    Omit<Archive, 'file' | 'packing' | 'treeWay' | 'hashedWith' | 'changedWhileRead'> & { tar: number }
  >(line, `the archive of volume ${volume}`);
  const { tar, ...rest } = answer;
  return { ...rest, file, packing, treeWay, hashedWith: hash, changedWhileRead: tar !== 0 };
}
