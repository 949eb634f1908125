import { canonicalJson, type JsonObject } from '../../runbook/json.ts';
import type { DockerEngine } from '../docker/index.ts';
import type { EffectHandler, Performed } from '../effect.ts';
import { abandonPoint, isGood, listPoints, openPoint, readPoint, type PointManifest } from '../points/index.ts';
import { requireSameStore } from '../stores/identity.ts';
import { withStore, type StoreDrivers } from '../stores/registry.ts';
import { sealStorePoint } from './seal-store-point.ts';

/** `backupStore`: a consistent backup of a store, with a fingerprint taken at the same moment, sealed as a recovery point. */
export const backupStoreHandler = (deps: {
  engine: DockerEngine;
  stores: StoreDrivers;
}): EffectHandler<'backupStore'> => ({
  async observe(input, context) {
    const ref = { run: context.runId, point: input.point };
    const point = await readPoint(context.home.points, ref);
    if (point !== undefined) return isGood(point.manifest.state) ? 'done' : 'unknown';
    const begun = (await listPoints(context.home.points)).some(
      (entry) => canonicalJson(entry.ref) === canonicalJson(ref),
    );
    return begun ? 'partial' : 'absent';
  },

  async prepare(_input, context) {
    return { undo: context.operation.undo, facts: {} };
  },

  async perform(input, context) {
    return withStore(deps.stores, context, input.store, ['snapshot'], async (store) => {
      const { identity, quiesce, engine, kind } = await store.source();
      await requireSameStore(context, input.store, identity);
      const point = await openPoint(context.home.points, {
        point: input.point,
        target: context.target,
        run: context.runId,
        operation: context.operation.id,
        source: { kind, resource: `store:${input.store}`, identity },
        quiesce,
        engine,
      });
      try {
        const { canary } = await store.snapshot(point.folder);
        context.progress({ doing: `sealing recovery point ${input.point}` });
        return described(await sealStorePoint(deps.engine, point, canary, context), input.store);
      } catch (error) {
        await abandonPoint(point);
        throw error;
      }
    });
  },

  async adopt(input, context) {
    const point = await readPoint(context.home.points, { run: context.runId, point: input.point });
    if (point === undefined) throw new Error(`recovery point ${input.point} was there a moment ago`);
    return described(point.manifest, input.store);
  },
});

function described(manifest: PointManifest, store: string): Performed {
  const bytes = manifest.parts.reduce((sum, part) => sum + part.bytes, 0);
  const facts: JsonObject = {
    point: `${manifest.run}/${manifest.point}`,
    bytes,
    parts: manifest.parts.length,
    seal: manifest.seal ?? '',
    ...(manifest.at && { repository: manifest.at.repository.at, snapshot: manifest.at.snapshot }),
  };
  const { takenAt } = manifest.canary;
  if (typeof takenAt === 'string') facts['takenAt'] = takenAt;
  return {
    summary: `backed up store ${store} as ${manifest.point}: ${bytes} bytes in ${manifest.parts.length} files`,
    facts,
    effect: { store, point: manifest.point },
  };
}
