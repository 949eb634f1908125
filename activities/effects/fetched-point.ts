import { mkdir, rm } from 'node:fs/promises';

import type { DockerEngine } from '../docker/index.ts';
import type { StoredPoint } from '../points/index.ts';
import { reachOf, restoreSnapshot } from '../restic/index.ts';
import type { StoreContext } from '../stores/store.ts';
import { freeBytes, helperJob, requireRoom } from '../volumes/index.ts';
import { helperOwner } from './helper-owner.ts';

/**
 * Lends the files of a store's point, which are fetched for the time of use where they lie in a repository. They are compared with the
 * manifest by whoever uses them, as those of the plain folder are.
 */
export async function withFetched<T>(
  engine: DockerEngine,
  point: StoredPoint,
  context: Omit<StoreContext, 'operation'> & { operation: { id: string; timeoutSeconds: number } },
  work: (point: StoredPoint) => Promise<T>,
): Promise<T> {
  const { at, parts } = point.manifest;
  if (at === undefined) return work(point);
  const job = await helperJob(engine, helperOwner(context), context.operation.timeoutSeconds * 1000, (done) =>
    context.progress({ doing: 'fetching the backup', done, unit: 'bytes' }),
  );
  const folder = `${job.scratch}.fetched`;
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { mode: 0o700 });
  try {
    const bytes = parts.reduce((sum, part) => sum + part.bytes, 0);
    requireRoom(`fetching recovery point ${point.manifest.point}`, bytes, await freeBytes(folder));
    await restoreSnapshot(job, reachOf(at, context), at.snapshot, { name: 'dump', type: 'bind', source: folder });
    return await work({ ...point, fetched: folder });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
