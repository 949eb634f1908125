import type { DockerEngine } from '../docker/index.ts';
import type { PointProver } from '../points/index.ts';
import { extractPoint } from './extract-point.ts';
import { helperJob, ownLabels } from './helper-job.ts';
import { ensureOwnVolume, removeOwnVolume } from './scratch-volume.ts';
import { requireRoom, restoreNeed, surveyVolume } from './survey-volume.ts';
import { archiveOf } from './volume-point.ts';

/** Restores a volume's point into a scratch volume, and compares content and metadata with what was archived. */
export function volumeProver(engine: DockerEngine): PointProver {
  return {
    kind: 'volume',
    async prove(point, context) {
      const { target, runId, operationId, scratch, signal } = context;
      const archive = archiveOf(point);
      const owner = { target, runId, operationId, scratch, signal, log: (message: string) => context.log(message) };
      const job = await helperJob(engine, owner, context.timeoutMs, (bytes) =>
        context.progress({
          doing: 'restoring into a scratch volume',
          done: bytes,
          total: archive.plainBytes,
          unit: 'bytes',
        }),
      );
      const volume = job.nameOf('scratch');
      const labels = ownLabels(owner, 'scratch');
      await ensureOwnVolume(engine, volume, labels, { signal });
      try {
        const { freeBytes } = await surveyVolume(job, volume);
        requireRoom(
          `the proof of recovery point ${point.manifest.point}`,
          restoreNeed(archive),
          freeBytes,
          'Free space on the disk of the Docker volumes: a proof restores all of it, and removes it again.',
        );
        const tookMs = await extractPoint(job, point, volume);
        return {
          tookMs,
          where: 'a scratch volume on this Docker engine',
          compared: [
            `${archive.files} files, ${archive.folders} folders and ${archive.others} others: content, owners, modes, times, links, ` +
              `extended attributes (sha256 ${archive.plainSha256.slice(0, 12)}…)`,
          ],
        };
      } finally {
        // Without the signal: what was cancelled is cleaned up all the same.
        await removeOwnVolume(engine, volume, labels);
      }
    },
  };
}
