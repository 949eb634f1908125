import { plural } from '../../runbook/plural.ts';
import type { DockerEngine } from '../docker/index.ts';
import { encryptionOf } from '../encryption/index.ts';
import type { PointProver, StoredPoint } from '../points/index.ts';
import { extractPoint } from './extract-point.ts';
import { helperJob, ownLabels } from './helper-job.ts';
import { ensureOwnVolume, removeOwnVolume } from './scratch-volume.ts';
import { archiveOf, needOf, sizeOf, type VolumeSize } from './volume-point.ts';
import { requireRoom, roomOfVolume } from './volume-room.ts';

/** Restores a volume's point into a scratch volume, and compares content and metadata with what was archived. */
export function volumeProver(engine: DockerEngine): PointProver {
  return {
    kind: 'volume',
    async prove(point, context) {
      const { target, runId, operationId, scratch, signal } = context;
      const size = sizeOf(point);
      const log = (message: string) => context.log(message);
      const owner = { target, runId, operationId, scratch, encryption: encryptionOf(context), signal, log };
      const job = await helperJob(engine, owner, context.timeoutMs, (bytes) =>
        context.progress({
          doing: 'restoring into a scratch volume',
          done: bytes,
          total: size.plainBytes,
          unit: 'bytes',
        }),
      );
      const volume = job.nameOf('scratch');
      const labels = ownLabels(owner, 'scratch');
      await ensureOwnVolume(engine, volume, labels, { signal });
      try {
        const { freeBytes } = await roomOfVolume(job, volume);
        requireRoom(
          `the proof of recovery point ${point.manifest.point}`,
          needOf(point),
          freeBytes,
          'Free space on the disk of the Docker volumes: a proof restores all of it, and removes it again.',
        );
        const tookMs = await extractPoint(job, point, volume, context, 'content');
        return {
          tookMs,
          where: 'a scratch volume on this Docker engine',
          compared: [`${counted(size)}: ${comparedBy(point)}`],
        };
      } finally {
        // Without the signal: what was cancelled is cleaned up all the same.
        await removeOwnVolume(engine, volume, labels);
      }
    },
  };
}

const counted = ({ files, folders, others }: VolumeSize) =>
  `${plural(files, 'file')}, ${plural(folders, 'folder')} and ${plural(others, 'other')}`;

function comparedBy(point: StoredPoint): string {
  const { at, canary } = point.manifest;
  const all = 'content, owners, modes, times, links, extended attributes';
  if (at === undefined) {
    const { hashedWith, plainHash } = archiveOf(point);
    return `${all} (${hashedWith} ${plainHash.slice(0, 12)}…)`;
  }
  const by = `snapshot ${at.snapshot.slice(0, 12)}…`;
  return canary['changedWhileRead'] === true
    ? `content (${by}), since they changed while they were read`
    : `${all} (${by})`;
}
