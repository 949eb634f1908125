import { SwitchbackError } from '../../runbook/errors.ts';
import type { JsonObject } from '../../runbook/json.ts';
import { labels } from '../../runbook/names.ts';
import type { OperationInputs, Undo } from '../../runbook/operations.ts';
import type { DockerEngine } from '../docker/index.ts';
import type { EffectContext, EffectHandler, Performed, Prepared } from '../effect.ts';
import { findPoint, verifyPoint } from '../points/index.ts';
import {
  archiveNeed,
  archiveOf,
  areAwake,
  ensureOwnVolume,
  exchangeVolumes,
  extractArchive,
  helperJob,
  mergeUsers,
  ownLabels,
  quieten,
  refuseForeignUsers,
  readIdentity,
  removeOwnVolume,
  requireExchangeable,
  requireRoom,
  surveyVolume,
  volumeUsers,
  wake,
} from '../volumes/index.ts';
import type { HelperJob, VolumeSurvey, VolumeUser } from '../volumes/index.ts';
import { helperOwner } from './helper-owner.ts';

type Input = OperationInputs['restoreVolume'];
type Context = EffectContext<'restoreVolume'>;

/** What was looked up before anything was done. */
interface Facts {
  /** The volume whose content is replaced. */
  volume: string;
  /** Its identity before; null where it is made new. */
  before: string | null;
  /** The volume that holds the new content first, and what was replaced afterwards. */
  beside: string;
  point: string;
  users: VolumeUser[];
}

/**
 * Restores a volume from a recovery point: extracts beside, compares, exchanges the two in one rename, and keeps what was replaced.
 * With `putBack`, the new content is that of a volume which an earlier restore has kept.
 */
export function restoreVolumeHandler(deps: { engine: DockerEngine }): EffectHandler<'restoreVolume'> {
  const { engine } = deps;
  return {
    async prepare(input, context) {
      const { signal } = context;
      const volume = input.into ?? input.volume;
      refuseProtected(context, volume);
      const job = await jobOf(engine, context);
      const exists = (await engine.inspectVolume(volume, { signal })) !== undefined;
      if (exists) await requireExchangeable(job, volume);
      const live = exists ? await surveyVolume(job, volume) : undefined;
      const before = live?.identity ?? null;
      const users = await volumeUsers(engine, volume, { signal });
      refuseForeignUsers(volume, users, context.plan.stack.project);
      const point = input.putBack === undefined ? await pointToRestore(job, context, input, live) : '';
      const beside = input.putBack ?? job.nameOf('kept');
      const facts: Facts = { volume, before, beside, point, users };
      return { undo: undoOf(input, facts), facts: { ...facts } as unknown as JsonObject };
    },

    async observe(_input, context, prepared) {
      if (!prepared) return 'absent';
      const facts = factsOf(prepared);
      const state = await stateOf(await jobOf(engine, context), context, facts);
      if (state !== 'exchanged') return state;
      return (await areAwake(engine, facts.users, { signal: context.signal })) ? 'done' : 'partial';
    },

    async perform(input, context, prepared) {
      const facts = factsOf(prepared);
      const job = await jobOf(engine, context);
      const began = performance.now();
      let tookMs = 0;
      if ((await stateOf(job, context, facts)) !== 'exchanged') {
        if (input.putBack === undefined) tookMs = await extractBeside(job, context, facts);
        else if (!(await hasKept(job, context, facts))) return nothingKept(input, facts);
        await exchangeQuietly(job, context, facts);
      } else {
        // An earlier attempt was killed after the exchange, and perhaps before it had woken the users.
        await wake(engine, facts.users);
      }
      await bindBoth(context, facts);
      if (facts.before === null) await removeOwnVolume(engine, facts.beside, ownLabels(helperOwner(context), 'kept'));
      return performed(input, facts, tookMs, performance.now() - began);
    },
  };
}

const factsOf = (prepared: Prepared) => prepared.facts as unknown as Facts;

function jobOf(engine: DockerEngine, context: Context): Promise<HelperJob> {
  return helperJob(engine, helperOwner(context), context.operation.timeoutSeconds * 1000, (done) =>
    context.progress({ doing: 'extracting beside the live volume', done, unit: 'bytes' }),
  );
}

/** @throws `Protected`: what is protected is never overwritten, not even by its own backup. */
function refuseProtected(context: Context, volume: string): void {
  if (!context.plan.protect.some((entry) => 'volume' in entry && entry.volume === volume)) return;
  throw new SwitchbackError('Protected', `volume ${volume} is protected: it is never replaced`, {
    hint: 'Restore into another volume with `into`.',
    facts: { volume },
  });
}

/** Finds the point and the room that it needs. Returns its id with the run. */
async function pointToRestore(
  job: HelperJob,
  context: Context,
  input: Input,
  live: VolumeSurvey | undefined,
): Promise<string> {
  const volume = input.into ?? input.volume;
  const point = await findPoint(context.home.points, input.point, context.runId);
  const { manifest } = point;
  const archive = archiveOf(point);
  const receipt = manifest.run === context.runId ? await context.factsOf(manifest.operation) : undefined;
  if (receipt !== undefined && receipt['seal'] !== manifest.seal) {
    throw new SwitchbackError(
      'IntegrityFailed',
      `recovery point ${manifest.point} is not the one that the journal knows`,
      {
        hint: 'Somebody put another backup in its place; find the one with the seal that the receipt names.',
        facts: { known: String(receipt['seal']), found: manifest.seal ?? '' },
      },
    );
  }
  // The new content lies beside the old one until the old one is discarded: both must fit.
  const { freeBytes, freeInodes } = live ?? (await surveyNewVolume(job, context));
  requireRoom(`the restore of volume ${volume}`, archiveNeed(archive), freeBytes);
  const entries = archive.files + archive.folders + archive.others;
  if (freeInodes >= 0 && freeInodes < entries) {
    throw new SwitchbackError(
      'ResourceExhausted',
      `the restore of ${volume} needs ${entries} inodes; ${freeInodes} are free`,
      {
        hint: 'Remove files on the disk of the Docker volumes.',
        facts: { needInodes: entries, haveInodes: freeInodes },
      },
    );
  }
  return `${manifest.run}/${manifest.point}`;
}

/** Where no volume is there to look at yet, an empty one tells how much room its file system has. */
async function surveyNewVolume(job: HelperJob, context: Context): Promise<VolumeSurvey> {
  const probe = job.nameOf('room');
  const labels = ownLabels(helperOwner(context), 'scratch');
  await ensureOwnVolume(job.engine, probe, labels, { signal: context.signal });
  try {
    return await surveyVolume(job, probe);
  } finally {
    await removeOwnVolume(job.engine, probe, labels);
  }
}

/** The new content has a known identity from right before the exchange on; under whose name it lies tells what happened. */
async function stateOf(job: HelperJob, context: Context, facts: Facts): Promise<'absent' | 'exchanged' | 'unknown'> {
  const incoming = await context.identityOf(exchangeKey(context.runId, context.operation.id));
  if (incoming === undefined) return 'absent';
  if ((await readIdentity(job, facts.volume)) === incoming) return 'exchanged';
  // The live volume is as it was, whatever lies beside it.
  return (await readIdentity(job, facts.beside)) === incoming ? 'absent' : 'unknown';
}

/** Under this name the journal knows what an operation is about to make live. */
const exchangeKey = (run: string, operation: string) => `exchange:${run}/${operation}`;

async function extractBeside(job: HelperJob, context: Context, facts: Facts): Promise<number> {
  const { signal } = context;
  const total = (point: { manifest: { parts: { bytes: number }[] } }) =>
    point.manifest.parts.reduce((sum, part) => sum + part.bytes, 0);
  const found = await findPoint(context.home.points, facts.point, context.runId);
  let done = 0;
  const point = await verifyPoint(found, {
    signal,
    onBytes: (bytes) => {
      done += bytes;
      context.progress({ doing: 'reading every byte of the backup', done, total: total(found), unit: 'bytes' });
    },
  });
  await ensureOwnVolume(job.engine, facts.beside, ownLabels(helperOwner(context), 'kept'), { signal });
  const tookMs = await extractArchive(job, archiveOf(point), facts.beside);
  await context.bindIdentity(
    exchangeKey(context.runId, context.operation.id),
    (await readIdentity(job, facts.beside))!,
  );
  return tookMs;
}

/**
 * Looks whether the restore that is taken back had come as far as its exchange: only then does the volume beside hold what was
 * replaced, and not what a killed restore had begun to extract.
 * @throws `EffectUnknown` when neither volume holds what that restore brought.
 */
async function hasKept(job: HelperJob, context: Context, facts: Facts): Promise<boolean> {
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
  await context.bindIdentity(exchangeKey(context.runId, context.operation.id), identity!);
  return true;
}

/** Stops all users, exchanges, and wakes them on whatever is live then: the old content or the new, never a mix. */
async function exchangeQuietly(job: HelperJob, context: Context, facts: Facts): Promise<void> {
  const { engine } = job;
  const { signal } = context;
  const now = await volumeUsers(engine, facts.volume, { signal });
  refuseForeignUsers(facts.volume, now, context.plan.stack.project);
  const users = mergeUsers(facts.users, now);
  if (facts.before === null) {
    await ensureOwnVolume(engine, facts.volume, ownLabels(helperOwner(context), 'restored'), { signal });
  }
  const incoming = await context.identityOf(exchangeKey(context.runId, context.operation.id));
  let failure: { error: unknown } | undefined;
  try {
    context.progress({ doing: `stopping ${users.length} containers for the exchange` });
    await quieten(engine, users, 'stop', { signal });
    await refuseAwake(engine, facts.volume, signal);
    await context.fence();
    await exchangeVolumes(job, facts.volume, facts.beside, incoming ?? '', facts.before ?? undefined);
  } catch (error) {
    failure = { error };
  }
  try {
    // Without the signal: services that were stopped for a cancelled restore must come back too.
    await wake(engine, users);
  } catch (error) {
    if (failure === undefined) throw error;
    context.log(`after a failed restore not everything came back: ${String(error)}`);
  }
  if (failure !== undefined) throw failure.error;
}

async function refuseAwake(engine: DockerEngine, volume: string, signal: AbortSignal): Promise<void> {
  const awake = (await volumeUsers(engine, volume, { signal })).filter((user) => user.was !== 'stopped');
  if (awake.length === 0) return;
  throw new SwitchbackError('Conflict', `${awake.map((user) => user.name).join(', ')} still uses volume ${volume}`, {
    hint: 'Somebody starts it while it has to be down. Hold that off (or thaw it, if it is paused), then retry.',
  });
}

async function bindBoth(context: Context, facts: Facts): Promise<void> {
  const incoming = await context.identityOf(exchangeKey(context.runId, context.operation.id));
  if (incoming !== undefined) await context.bindIdentity(`volume:${facts.volume}`, incoming);
  if (facts.before !== null) await context.bindIdentity(`volume:${facts.beside}`, facts.before);
}

function undoOf(input: Input, facts: Facts): Undo {
  const { volume, beside, before } = facts;
  if (before === null) return { by: 'keeping', summary: `volume ${volume} is new and disturbs nobody` };
  return {
    by: 'operation',
    summary: `put back what volume ${volume} held before, from ${beside}`,
    // What was written since is kept in the other volume, but it is live no more.
    lossy: true,
    kind: 'restoreVolume',
    input: { volume, point: input.point, putBack: beside },
    effects: [{ resource: `volume:${volume}`, change: 'replace' }],
  };
}

function nothingKept(input: Input, facts: Facts): Performed {
  return {
    summary: `volume ${facts.volume} had not been replaced: nothing to put back`,
    facts: { volume: facts.volume },
    effect: { volume: facts.volume, point: input.point, nothing: true },
  };
}

function performed(input: Input, facts: Facts, extractMs: number, tookMs: number): Performed {
  const { volume, beside, before, point } = facts;
  const from = input.putBack === undefined ? `from ${point}` : `from ${beside}`;
  const kept = before === null ? 'it is new' : `what it held is kept as ${beside}`;
  return {
    summary: `volume ${volume} restored ${from} in ${(tookMs / 1000).toFixed(1)} s; ${kept}`,
    facts: { volume, point, ...(before === null ? {} : { kept: beside }), extractMs, tookMs: Math.round(tookMs) },
    effect: { volume, point: input.point, new: before === null, putBack: input.putBack !== undefined },
  };
}
