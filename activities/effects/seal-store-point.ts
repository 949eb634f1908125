import type { JsonObject } from '../../runbook/json.ts';
import type { DockerEngine } from '../docker/index.ts';
import type { EffectContext } from '../effect.ts';
import { partsOf, sealPoint, type OpenPoint, type PointManifest } from '../points/index.ts';
import { takeSnapshotOf, type Reach } from '../restic/index.ts';
import { helperJob } from '../volumes/index.ts';
import { helperOwner } from './helper-owner.ts';
import { readyRepository, snapshotOwner } from './own-repository.ts';
import { forgetQuietly } from './snapshot-into-point.ts';

/** Seals what a store has dumped: where it lies, or, as the plan says, in its repository, from which the parts are fetched again. */
export async function sealStorePoint(
  engine: DockerEngine,
  point: OpenPoint,
  canary: JsonObject,
  context: EffectContext<'backupStore'>,
): Promise<PointManifest> {
  const { repository } = context.plan;
  const { signal } = context;
  if (repository === undefined) {
    await context.fence();
    return sealPoint(point, { canary, signal });
  }
  const reach: Reach = { repository, secret: (template) => context.secret(template) };
  const job = await helperJob(engine, helperOwner(context), context.operation.timeoutSeconds * 1000, (done) =>
    context.progress({ doing: `bringing it to ${repository.at}`, done, unit: 'bytes' }),
  );
  const parts = await partsOf(point, { signal });
  const make = await readyRepository(repository, context);
  const tree = { name: 'dump', type: 'bind', source: point.folder } as const;
  const owner = snapshotOwner(context, point.manifest.source.resource, point.manifest.point);
  const { id: snapshot, addedBytes } = await takeSnapshotOf(job, reach, tree, owner, make);
  try {
    await context.fence();
    const at = { kind: 'restic', repository, snapshot, addedBytes } as const;
    return await sealPoint(point, { at, parts, canary, signal });
  } catch (error) {
    await forgetQuietly(job, reach, snapshot, context);
    throw error;
  }
}
