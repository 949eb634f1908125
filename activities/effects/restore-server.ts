import { rm } from 'node:fs/promises';
import { SwitchbackError } from '../../runbook/errors.ts';
import type { DockerEngine } from '../docker/index.ts';
import type { OperationInputs } from '../../runbook/operations.ts';
import type { EffectContext, EffectHandler } from '../effect.ts';
import { bytesIn, findPoint, verifyPoint, type StoredPoint } from '../points/index.ts';
import type { BuiltServer, LogToFollow } from '../stores/physical-backups.ts';
import { physicalBackupsOf, type StoreDrivers } from '../stores/registry.ts';
import {
  areAwake,
  endExchange,
  isUp,
  refuseForeignUsers,
  requireExchangeable,
  requireRoom,
  surveyVolume,
  volumeUsers,
  wake,
  type HelperJob,
} from '../volumes/index.ts';
import { cutWal } from '../wal/index.ts';
import { withFetched } from './fetched-point.ts';
import { requireKnownPoint } from './known-point.ts';
import { momentToRestore } from './moment-to-restore.ts';
import {
  describeServerRestore,
  nothingKept,
  undoOf,
  type Outcome,
  type ServerSwap,
} from './describe-server-restore.ts';
import { bindBoth, exchangeQuietly, extractBeside, hasKept, swapJob, swapState } from './swap-volume.ts';

type Context = EffectContext<'restoreStore'>;
interface World {
  engine: DockerEngine;
  stores: StoreDrivers;
}

/** More would not fit into a receipt; the manifest has them all. */
const othersInFacts = 100;
/**
 * Restores a whole server from a physical backup: built, verified and recovered in a volume beside the live one, its container stopped, the
 * two exchanged in one rename, the container started. What was replaced is kept.
 */
export function restoreServerHandler({ engine, stores }: World): EffectHandler<'restoreStore', ServerSwap> {
  return {
    async prepare(input, context) {
      refuseElsewhere(input);
      const { signal } = context;
      const { physical, use } = physicalBackupsOf(stores, context, input.store);
      const job = await swapJob(engine, context);
      const point = input.putBack === undefined ? await ownPoint(context, input.point) : undefined;
      const place = point && (await physical.place(use, point));
      const volume = place?.volume ?? input.putBack?.volume ?? '';
      refuseProtected(context, volume);
      await requireExchangeable(job, volume);
      if (place) await physical.requireReplaceable(job, place);
      const { at } = input;
      const span = point && at !== undefined ? await momentToRestore(context, point, at) : undefined;
      const live = await surveyVolume(job, volume);
      if (point) {
        const need = physical.need(point, span?.bytes);
        requireRoom(
          `the restore of the server of store ${input.store}`,
          need,
          live.freeBytes,
          'Free space on the disk of the Docker volumes.',
        );
      }
      const users = await volumeUsers(engine, volume, { signal });
      refuseForeignUsers(volume, users, context.plan.stack.project);
      const facts: ServerSwap = {
        method: 'physical',
        ...{ volume, before: live.identity, users },
        beside: input.putBack?.from ?? job.nameOf('kept'),
        point: point ? `${point.manifest.run}/${point.manifest.point}` : '',
        others: point ? physical.others(point).slice(0, othersInFacts) : [],
        ...(at === undefined ? {} : { at }),
      };
      return { undo: undoOf(input, facts), facts };
    },

    async observe(_input, context, prepared) {
      if (!prepared) return 'absent';
      const facts = prepared.facts;
      const state = await swapState(await swapJob(engine, context), context, facts);
      if (state !== 'exchanged') return state;
      return (await areAwake(engine, facts.users, { signal: context.signal })) ? 'done' : 'partial';
    },

    async perform(input, context, prepared) {
      const facts = prepared.facts;
      const { physical, use } = physicalBackupsOf(stores, context, input.store);
      const job = await swapJob(engine, context);
      const began = performance.now();
      // One of an earlier attempt may be about to exchange while this one begins to extract anew.
      await endExchange(job);
      let outcome: Outcome = { warnings: [] };
      if ((await swapState(job, context, facts)) !== 'exchanged') {
        if (input.putBack !== undefined && !(await hasKept(job, context, facts))) return nothingKept(input, facts);
        if (input.putBack === undefined) outcome = await buildBeside(job, context, facts, stores);
        await exchangeQuietly(job, context, facts);
      } else {
        // An earlier attempt was killed after the exchange, and perhaps before it had woken the server.
        await wake(engine, facts.users);
      }
      await bindBoth(context, facts);
      if (facts.users.some(isUp)) {
        context.progress({ doing: 'waiting for the server' });
        await context.bindIdentity(`store:${input.store}`, await physical.settled(use));
      }
      return describeServerRestore(input, facts, outcome, performance.now() - began);
    },
  };
}

async function buildBeside(
  job: HelperJob,
  context: Context,
  facts: ServerSwap,
  stores: StoreDrivers,
): Promise<Outcome> {
  const { physical, use } = physicalBackupsOf(stores, context, context.operation.input.store);
  const found = await ownPoint(context, facts.point);
  const place = await physical.place(use, found);
  const total = bytesIn(found);
  let done = 0;
  const onBytes = (bytes: number) => {
    done += bytes;
    context.progress({ doing: 'reading every byte of the backup', done, total, unit: 'bytes' });
  };
  let built: BuiltServer = { tookMs: 0, databases: [] };
  const buildMs = await extractBeside(job, context, facts, (_job, point, volume) =>
    withFetched(job.engine, point, context, async (read) => {
      const verified = await verifyPoint(read, { signal: context.signal, onBytes });
      return withLog(context, point, facts.at, `${job.scratch}.wal`, async (log) => {
        built = await physical.build(job, use, verified, place, volume, log);
        return built.tookMs;
      });
    }),
  );
  // Measured as late as can be: what is written from now on, the exchange cuts off.
  const { broughtTo } = built;
  return { buildMs, ...(broughtTo && { broughtTo }), ...(await physical.loss(use, found, built)) };
}

/** Lends the log of a point as it is now: what comes in meanwhile is not seen, so that the end of it stays where it is. */
async function withLog<T>(
  context: Context,
  point: StoredPoint,
  at: string | undefined,
  folder: string,
  work: (log?: LogToFollow) => Promise<T>,
): Promise<T> {
  if (at === undefined) return work();
  // Before the log is cut, never after: what was there then is in it.
  const { to, lsn } = await momentToRestore(context, point, at);
  try {
    await cutWal(context.home, point.manifest, folder);
    return await work({ folder, until: at, to, lsn });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function ownPoint(context: Context, name: string): Promise<StoredPoint> {
  const point = await findPoint(context.home.points, name, context.runId);
  const { manifest } = point;
  await requireKnownPoint(context, manifest);
  const { store } = context.operation.input;
  const known = await context.identityOf(`store:${store}`);
  // The identity of a store begins with that of the server that it is in.
  if (known === undefined || known.startsWith(`${manifest.source.identity}/`)) return point;
  throw new SwitchbackError(
    'PreconditionFailed',
    `recovery point ${manifest.point} is of another server than store ${store} is in`,
    {
      hint: 'It was set up anew since, or its address leads elsewhere now. Find out which is right before anything is replaced.',
      facts: { store, known, found: manifest.source.identity },
    },
  );
}

/** @throws `Unsupported`: a server is restored as a whole */
function refuseElsewhere({ store, from, named }: OperationInputs['restoreStore']): void {
  if (from === undefined && named === undefined) return;
  throw new SwitchbackError(
    'Unsupported',
    `a physical backup of store ${from ?? store} is restored in its own place only`,
    {
      hint: 'It holds the whole server, not one database of it. Restore a logical backup elsewhere.',
    },
  );
}

/** @throws `Protected`: what is protected is never overwritten, not even by its own backup. */
function refuseProtected(context: Context, volume: string): void {
  if (!context.plan.protect.some((entry) => 'volume' in entry && entry.volume === volume)) return;
  throw new SwitchbackError('Protected', `volume ${volume} is protected: it is never replaced`, {
    hint: 'A physical backup is restored in the place of its volume only; a logical one is restored beside.',
    facts: { volume },
  });
}
