import { SwitchbackError } from '../../runbook/errors.ts';
import { canonicalJson, type JsonObject } from '../../runbook/json.ts';
import type { OperationInputs } from '../../runbook/operations.ts';
import type { DockerEngine } from '../docker/index.ts';
import type { EffectContext, EffectHandler, Performed } from '../effect.ts';
import { encryptedTo, encryptionOf } from '../encryption/index.ts';
import {
  abandonPoint,
  isGood,
  listPoints,
  openPoint,
  readPoint,
  type PointManifest,
  type PointRef,
} from '../points/index.ts';
import { requireSameStore } from '../stores/identity.ts';
import type { ServerToBackUp } from '../stores/physical-backups.ts';
import { physicalBackupsOf, withStore, type StoreDrivers } from '../stores/registry.ts';
import { isFollowed, removeWal } from '../wal/index.ts';
import { sealStorePoint } from './seal-store-point.ts';

/** Of an operation, or of a rehearsal, which needs a backup and has no such operation. */
type Context = EffectContext<'backupStore'>;

/** More would not fit into a receipt; the manifest has them all. */
const databasesInReceipt = 100;

/** `backupStore`: a consistent backup of a store, or of the whole server that it is in, sealed as a recovery point. */
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
    return withSource(deps.stores, input, context, async (from) => {
      const { identity, store = identity, quiesce, engine, kind } = await from.source();
      await requireSameStore(context, input.store, store);
      const point = await openPoint(context.home.points, {
        point: input.point,
        target: context.target,
        run: context.runId,
        operation: context.operation.id,
        source: { kind, resource: `store:${input.store}`, identity },
        quiesce,
        engine,
        ...encryptedTo(encryptionOf(context)),
      });
      try {
        if (input.pointInTime) await from.follow?.(context.home, point.manifest);
        const { canary } = await from.snapshot(point.folder);
        context.progress({ doing: `sealing recovery point ${input.point}` });
        return described(await sealStorePoint(deps.engine, point, canary, context), input.store);
      } catch (error) {
        await abandonPoint(point);
        if (input.pointInTime) await abandonWal(deps.engine, point.manifest, context);
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

/** @throws `Unsupported`: files of a whole server would lie there in plain */
function refuseEncrypted(store: string, context: Context): void {
  if (encryptionOf(context).to.length === 0) return;
  throw new SwitchbackError('Unsupported', `the physical backup of store ${store} cannot be encrypted with age`, {
    hint: 'Back it up by `method: logical`, or into a repository of restic, which encrypts all that is in it.',
  });
}

/** @throws `Unsupported`: a log is written on and on, into a folder of this host */
function refuseFollowing(store: string, method: string | undefined, { plan }: Context): void {
  if (method === 'physical' && plan.repository === undefined) return;
  throw new SwitchbackError('Unsupported', `the log of store ${store} cannot be followed for this recovery point`, {
    hint: 'Point in time needs a physical backup in the home of the target, not in a repository of restic.',
  });
}

/** The store itself, or its server. */
async function withSource<T>(
  stores: StoreDrivers,
  { store, method, pointInTime }: OperationInputs['backupStore'],
  context: Context,
  work: (from: Pick<ServerToBackUp, 'source' | 'snapshot'> & Partial<ServerToBackUp>) => Promise<T>,
): Promise<T> {
  if (pointInTime) refuseFollowing(store, method, context);
  if (method !== 'physical') {
    return withStore(stores, context, store, ['backup'], (opened) =>
      work({ source: () => opened.source(), snapshot: (folder) => opened.backup.snapshot(folder) }),
    );
  }
  refuseEncrypted(store, context);
  const { physical, use } = physicalBackupsOf(stores, context, store);
  const server = await physical.open(use);
  try {
    return await work(server);
  } finally {
    await server.close();
  }
}

/** What was cancelled leaves nobody behind either; whoever was overtaken leaves it alone, since a successor has its own there by now. */
async function abandonWal(engine: DockerEngine, ref: PointRef, context: Context): Promise<void> {
  try {
    await context.fence();
    await removeWal(engine, context, ref);
  } catch (error) {
    context.log(`a receiver was left: ${error instanceof Error ? error.message : 'no reason given'}`);
  }
}

function described(manifest: PointManifest, store: string): Performed {
  const bytes = manifest.parts.reduce((sum, part) => sum + part.bytes, 0);
  const facts: JsonObject = {
    point: `${manifest.run}/${manifest.point}`,
    bytes,
    parts: manifest.parts.length,
    seal: manifest.seal ?? '',
    ...(manifest.at && { repository: manifest.at.repository.at, snapshot: manifest.at.snapshot }),
  };
  const { takenAt, databases } = manifest.canary;
  if (typeof takenAt === 'string') facts['takenAt'] = takenAt;
  if (isFollowed(manifest)) facts['pointInTime'] = true;
  // Of a whole server: what goes back together.
  if (Array.isArray(databases)) facts['databases'] = databases.slice(0, databasesInReceipt);
  return {
    summary: `backed up store ${store} as ${manifest.point}: ${bytes} bytes in ${manifest.parts.length} files${
      isFollowed(manifest) ? '; its log is followed from now on' : ''
    }`,
    facts,
    effect: { store, point: manifest.point },
  };
}
