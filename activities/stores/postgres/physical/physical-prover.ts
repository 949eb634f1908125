import { rm } from 'node:fs/promises';
import type { PointProver, ProofContext, StoredPoint } from '../../../points/index.ts';
import {
  ensureOwnVolume,
  helperJob,
  ownLabels,
  removeOwnVolume,
  requireRoom,
  surveyVolume,
} from '../../../volumes/index.ts';
import type { DockerEngine } from '../../../docker/index.ts';
import { cutWal, endWalAt, readWal } from '../../../wal/index.ts';
import { useForProof } from '../../proof-use.ts';
import { extractedBytes, pointKind, readPhysicalCanary } from './canary.ts';
import { dataPlace } from './data-place.ts';
import { isByItsLog, rebuildServer, type Rebuilt } from './rebuild-server.ts';

/** Proves physical backups: a server of the same image is recovered from it in a scratch volume, reads every table and looks for damage. */
export const physicalProver = (engine: DockerEngine): PointProver => ({
  kind: pointKind,
  async prove(point, context) {
    const { tookMs, compared, unchecked, brokenAt } = await proveServer(point, context, engine);
    if (brokenAt !== undefined)
      await endWalAt(engine, context, refTo(point), {
        lsn: brokenAt,
        why: `it breaks off at ${brokenAt}, as a test found`,
      });
    for (const note of unchecked) context.log(note);
    return { tookMs, where: 'a scratch server without network on this Docker engine', compared };
  },
});

async function proveServer(point: StoredPoint, context: ProofContext, engine: DockerEngine): Promise<Rebuilt> {
  const use = useForProof(point, context);
  const canary = readPhysicalCanary(point.manifest);
  const { target, runId, operationId, scratch, signal } = context;
  // The stack may run a newer version by now; as long as the image is there, the point is as good as it was.
  const image = (await engine.inspectImage(canary.image, { signal }))
    ? canary.image
    : (await dataPlace(use, engine, canary.dataDirectory)).image;
  const owner = { target, runId, operationId, scratch, signal, log: (message: string) => context.log(message) };
  let doing = 'restoring into a scratch volume';
  const job = await helperJob(engine, owner, context.timeoutMs, (done) =>
    context.progress({ doing, done, total: canary.bytes, unit: 'bytes' }),
  );
  const volume = job.nameOf('scratch');
  const labels = ownLabels(owner, 'scratch');
  await ensureOwnVolume(engine, volume, labels, { signal });
  const log = await logToProve(point, context, `${job.scratch}.wal`);
  try {
    const { freeBytes } = await surveyVolume(job, volume);
    requireRoom(
      `the proof of recovery point ${point.manifest.point}`,
      extractedBytes(canary, log?.bytes),
      freeBytes,
      'Free space on the disk of the Docker volumes: a proof restores all of it, and removes it again.',
    );
    const onStage = (stage: string) => {
      doing = stage;
      context.progress({ doing });
    };
    const rebuild = { point, volume, path: 'data', image, prove: true, onStage };
    if (log === undefined) return await rebuildServer(job, rebuild);
    const byLog = await rebuildServer(job, { ...rebuild, log }).catch((error: unknown) => {
      if (isByItsLog(error)) return error;
      throw error;
    });
    if (!(byLog instanceof Error) && byLog.hasOwn) return byLog;
    // The log has removed what is to be read, or leads to nothing sound. Either is no fault of the point, which is proven without it.
    const alone = await rebuildServer(job, rebuild);
    const { message, brokenAt } =
      byLog instanceof Error
        ? { message: byLog.message, brokenAt: undefined }
        : { message: `by ${log.to} its log has removed database ${canary.database}`, brokenAt: byLog.brokenAt };
    const compared = [...alone.compared, `without its log; ${message}`];
    return { ...alone, compared, ...(brokenAt === undefined ? {} : { brokenAt }) };
  } finally {
    // Without the signal: what was cancelled is cleaned up all the same. The helpers that mount it have gone.
    await removeOwnVolume(engine, volume, labels);
    if (log) await rm(log.folder, { recursive: true, force: true });
  }
}

const refTo = ({ manifest: { run, point } }: StoredPoint) => ({ run, point });

/** All that there is of the point's log at this moment. */
async function logToProve(point: StoredPoint, context: ProofContext, into: string) {
  const { home } = context;
  const span = await readWal(home, point.manifest);
  if (span?.to === undefined || span.lsn === undefined) {
    if (span) context.log(`nothing of the log of ${point.manifest.point} can be tested: ${span.why ?? ''}`);
    return undefined;
  }
  await cutWal(home, point.manifest, into);
  return { folder: into, until: 'latest', to: span.to, lsn: span.lsn, bytes: span.bytes };
}
