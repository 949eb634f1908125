import { SwitchbackError } from '../../runbook/errors.ts';
import { labels } from '../../runbook/names.ts';
import type { Operation } from '../../runbook/operations.ts';
import { plural } from '../../runbook/plural.ts';
import type { DockerEngine } from '../docker/index.ts';
import type { EffectContext } from '../effect.ts';
import { findPoint, type StoredPoint } from '../points/index.ts';
import {
  ensureOwnVolume,
  exchangeVolumes,
  extractPoint,
  helperJob,
  mergeUsers,
  ownLabels,
  readIdentity,
  refuseForeignUsers,
  removeOwnVolume,
  requireExchangeable,
  volumeUsers,
  whileQuiet,
} from '../volumes/index.ts';
import type { HelperJob, VolumeUser } from '../volumes/index.ts';
import { endWalsOfVolume } from '../wal/index.ts';
import { helperOwner } from './helper-owner.ts';

/** Of whichever operation exchanges volumes. */
type Context = Omit<EffectContext, 'operation'> & { operation: Pick<Operation, 'id' | 'timeoutSeconds'> };

/** What was looked up before anything was done. */
export type SwapFacts = {
  /** The volume whose content is replaced. */
  volume: string;
  /** Its identity before; null where it is made new. */
  before: string | null;
  /** The volume that holds the new content first, and what was replaced afterwards. */
  beside: string;
  point: string;
  users: VolumeUser[];
};

export function swapJob(engine: DockerEngine, context: Context): Promise<HelperJob> {
  return helperJob(engine, helperOwner(context), context.operation.timeoutSeconds * 1000, (done) =>
    context.progress({ doing: 'extracting beside the live volume', done, unit: 'bytes' }),
  );
}

/** The new content has a known identity from right before the exchange on; under whose name it lies tells what happened. */
export async function swapState(
  job: HelperJob,
  context: Context,
  facts: SwapFacts,
): Promise<'absent' | 'exchanged' | 'unknown'> {
  const incoming = await context.identityOf(ownKey(context));
  if (incoming === undefined) return 'absent';
  if ((await readIdentity(job, facts.volume)) === incoming) return 'exchanged';
  // The live volume is as it was, whatever lies beside it.
  return (await readIdentity(job, facts.beside)) === incoming ? 'absent' : 'unknown';
}

/** Under this name the journal knows what an operation is about to make live. */
const exchangeKey = (run: string, operation: string) => `exchange:${run}/${operation}`;
const ownKey = (context: Context) => exchangeKey(context.runId, context.operation.id);

/** Fills a volume of our own with what a point holds. Returns how long that took, in milliseconds. */
export type Extract = (job: HelperJob, point: StoredPoint, volume: string) => Promise<number>;

export async function extractBeside(
  job: HelperJob,
  context: Context,
  facts: SwapFacts,
  extract: Extract = (...given) => extractPoint(...given, context, 'cheaper'),
): Promise<number> {
  const { signal } = context;
  const point = await findPoint(context.home.points, facts.point, context.runId);
  await ensureOwnVolume(job.engine, facts.beside, ownLabels(helperOwner(context), 'kept'), { signal });
  const tookMs = await extract(job, point, facts.beside).catch(async (error: unknown) => {
    await discardExtracted(job, context, facts);
    throw error;
  });
  await context.bindIdentity(ownKey(context), (await readIdentity(job, facts.beside))!);
  return tookMs;
}

/** What was extracted of a restore that failed is of no use, and takes room. Whoever was overtaken leaves it alone: a successor writes there. */
async function discardExtracted(job: HelperJob, context: Context, facts: SwapFacts): Promise<void> {
  try {
    await context.fence();
    await removeOwnVolume(job.engine, facts.beside, ownLabels(helperOwner(context), 'kept'));
  } catch (error) {
    context.log(`volume ${facts.beside} was left: ${error instanceof Error ? error.message : 'no reason given'}`);
  }
}

/**
 * Looks whether the restore that is taken back had come as far as its exchange: only then does the volume beside hold what was
 * replaced, and not what a killed restore had begun to extract.
 * @throws `EffectUnknown` when neither volume holds what that restore brought.
 */
export async function hasKept(job: HelperJob, context: Context, facts: SwapFacts): Promise<boolean> {
  const found = await job.engine.inspectVolume(facts.beside, { signal: job.signal });
  const { [labels.run]: run = '', [labels.operation]: operation = '' } = found?.Labels ?? {};
  const brought = await context.identityOf(exchangeKey(run, operation));
  if (!found || brought === undefined) return false;
  const identity = await readIdentity(job, facts.beside);
  if (identity === brought) return false;
  if ((await readIdentity(job, facts.volume)) !== brought) {
    throw new SwitchbackError('EffectUnknown', `volume ${facts.volume} is not what ${operation} made it`, {
      hint: `Look what is in it and in ${facts.beside}, and exchange them by hand if that is right.`,
    });
  }
  await requireExchangeable(job, facts.beside);
  await context.bindIdentity(ownKey(context), identity!);
  return true;
}

/** Stops all users, exchanges, and wakes them on whatever is live then: the old content or the new, never a mix. */
export async function exchangeQuietly(job: HelperJob, context: Context, facts: SwapFacts): Promise<void> {
  const { engine } = job;
  const { signal } = context;
  const now = await volumeUsers(engine, facts.volume, { signal });
  refuseForeignUsers(facts.volume, now, context.plan.stack.project);
  const users = mergeUsers(facts.users, now);
  if (facts.before === null) {
    await ensureOwnVolume(engine, facts.volume, ownLabels(helperOwner(context), 'restored'), { signal });
  }
  const incoming = await context.identityOf(ownKey(context));
  context.progress({ doing: `stopping ${plural(users.length, 'container')} for the exchange` });
  const quiet = { how: 'stop' as const, signal, log: (message: string) => context.log(message) };
  await whileQuiet(engine, users, quiet, async () => {
    await refuseAwake(engine, facts.volume, signal);
    await context.fence();
    // Before the exchange: a receiver must not go on with what has another history. All that was written lies in its log by now.
    const why = `${context.operation.id} of ${context.runId} put other data in the place of volume ${facts.volume}`;
    await endWalsOfVolume(engine, context, facts.volume, why, { signal });
    await exchangeVolumes(job, facts.volume, facts.beside, incoming ?? '', facts.before ?? undefined);
  });
}

async function refuseAwake(engine: DockerEngine, volume: string, signal: AbortSignal): Promise<void> {
  const awake = (await volumeUsers(engine, volume, { signal })).filter((user) => user.was !== 'stopped');
  if (awake.length === 0) return;
  throw new SwitchbackError('Conflict', `${awake.map((user) => user.name).join(', ')} still uses volume ${volume}`, {
    hint: 'Somebody starts it while it has to be down. Hold that off (or thaw it, if it is paused), then retry.',
  });
}

export async function bindBoth(context: Context, facts: SwapFacts): Promise<void> {
  const incoming = await context.identityOf(ownKey(context));
  if (incoming !== undefined) await context.bindIdentity(`volume:${facts.volume}`, incoming);
  if (facts.before !== null) await context.bindIdentity(`volume:${facts.beside}`, facts.before);
}
