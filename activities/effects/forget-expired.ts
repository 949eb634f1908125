import type { DockerEngine } from '../docker/index.ts';
import type { EffectContext } from '../effect.ts';
import { expiredPlaces, type PointPlace } from '../points/index.ts';
import { forgetSnapshots, reachOf } from '../restic/index.ts';
import { helperJob } from '../volumes/index.ts';
import { helperOwner } from './helper-owner.ts';

/**
 * Removes the snapshots of points that were renamed away, exactly those: which points go was decided by our retention, never by restic's.
 * What cannot be removed now keeps its folder, and the next prune tries again.
 */
export async function forgetExpired(engine: DockerEngine, context: EffectContext<'prunePoints'>): Promise<void> {
  const places = new Map<string, PointPlace[]>();
  for (const place of await expiredPlaces(context.home.points)) {
    const { at } = place.repository;
    places.set(at, [...(places.get(at) ?? []), place]);
  }
  for (const some of places.values()) {
    const job = await helperJob(engine, helperOwner(context), context.operation.timeoutSeconds * 1000);
    const ids = some.map(({ snapshot }) => snapshot);
    await forgetSnapshots(job, reachOf(some[0]!, context), ids);
  }
}
