import { SwitchbackError } from '../../runbook/errors.ts';
import type { DockerEngine } from '../docker/index.ts';
import type { EffectContext } from '../effect.ts';
import { encryptedTo, encryptionOf } from '../encryption/index.ts';
import { abandonPoint, diskError, openPoint, partialFolder, resumePoint, sealPoint } from '../points/index.ts';
import type { OpenPoint, PointManifest } from '../points/index.ts';
import { archiveNeed, archiveVolume, canaryOf, helperJob, quietSince, surveyVolume } from '../volumes/index.ts';
import type { HelperJob, VolumeSurvey, VolumeUser } from '../volumes/index.ts';
import { helperOwner } from './helper-owner.ts';

type Context = EffectContext<'backupVolume'>;

/** What was looked up before anything was done; a retry after a crash wakes the users by it. */
export type BackupFacts = {
  volume: string;
  identity: string;
  users: VolumeUser[];
  /** Absent until the volume is read, where there is room for all that its disk may hold. */
  survey?: VolumeSurvey;
};

/** @param facts whose survey tells the progress how many bytes will go through */
export function archiveJob(
  engine: DockerEngine,
  context: Context,
  facts?: Pick<BackupFacts, 'survey'>,
): Promise<HelperJob> {
  return helperJob(engine, helperOwner(context), context.operation.timeoutSeconds * 1000, (done) => {
    const total = facts?.survey?.diskBytes;
    context.progress({ doing: 'archiving', done, ...(total === undefined ? {} : { total }), unit: 'bytes' });
  });
}

/** Reads the volume, and surveys it meanwhile: of the same quiet moment, and in no time of its own. */
export async function readAndSurvey<T>(
  job: HelperJob,
  facts: BackupFacts,
  reading: Promise<T>,
): Promise<{ read: T; survey: VolumeSurvey }> {
  const surveying = (async () => (facts.survey ??= await surveyVolume(job, facts.volume)))();
  // Both are over before anybody is woken, or anything removed.
  await Promise.allSettled([reading, surveying]);
  return { read: await reading, survey: await surveying };
}

/** Goes on with the point, and the helper, of an attempt that was killed while its helper worked on; else begins anew. */
export async function pointFor(job: HelperJob, context: Context, facts: BackupFacts): Promise<OpenPoint> {
  const { engine, signal } = job;
  const { point, quiesce } = context.operation.input;
  const ref = { run: context.runId, point };
  const helper = await engine.inspectContainer(job.nameOf('archive'), { signal });
  const standing = await resumePoint(context.home.points, ref, context.operation.id);
  if (helper && standing && (await undisturbed(job, context, helper.Created))) return standing;
  await engine.removeContainer(job.nameOf('archive'), job.labels, { signal });
  return openPoint(context.home.points, {
    ...ref,
    target: context.target,
    operation: context.operation.id,
    source: { kind: 'volume', resource: `volume:${facts.volume}`, identity: facts.identity },
    quiesce,
    ...encryptedTo(encryptionOf(context)),
  }).catch(async (error: unknown) => {
    throw await told(error, partialFolder(context.home.points, ref), facts);
  });
}

const told = (error: unknown, folder: string, facts: BackupFacts) =>
  diskError(error, `the backup of volume ${facts.volume}`, folder, facts.survey && archiveNeed(facts.survey));

/** Freezing and thawing leave no trace, so that a helper that read a frozen volume is never trusted after a crash. */
async function undisturbed(job: HelperJob, context: Context, since: string): Promise<boolean> {
  const { volume, quiesce } = context.operation.input;
  if (quiesce === 'pause') return false;
  return quiesce === 'none' || quietSince(job.engine, volume, since, 'writers', { signal: job.signal });
}

/**
 * Archives the volume into the point and seals it. What was written of a point that failed is removed.
 * @throws `Conflict` when the volume was written to while it had to be quiet.
 */
export async function archiveInto(
  point: OpenPoint,
  job: HelperJob,
  context: Context,
  facts: BackupFacts,
): Promise<PointManifest> {
  const { engine, signal } = job;
  const { volume, quiesce } = context.operation.input;
  try {
    const { read: archive, survey } = await readAndSurvey(job, facts, archiveVolume(job, volume, point.folder));
    const quiet = quiesce === 'none' || (await quietSince(engine, volume, archive.began, 'writers', { signal }));
    if (!quiet || (archive.changedWhileRead && quiesce !== 'none')) {
      throw writtenMeanwhile(volume, quiet);
    }
    const { file, bytes, sha256 } = archive;
    await context.fence();
    return await sealPoint(point, {
      parts: [{ file, bytes, sha256 }],
      canary: canaryOf(survey, archive),
      engine: { name: 'tar', version: job.helper.image },
      signal,
    });
  } catch (error) {
    const why = await told(error, point.folder, facts);
    await abandonIfOurs(point, context);
    throw why;
  }
}

/** @param quiet no container was started meanwhile */
export const writtenMeanwhile = (volume: string, quiet: boolean) =>
  new SwitchbackError('Conflict', `volume ${volume} was written to while it had to be quiet`, {
    hint: quiet
      ? 'Something outside of Docker writes to it: find it with `lsof`, hold it off, then retry.'
      : 'Somebody started one of its services meanwhile; hold that off, then retry.',
  });

/** Whoever was overtaken leaves the folder alone: a successor writes there. */
export async function abandonIfOurs(point: OpenPoint, context: Pick<EffectContext, 'fence'>): Promise<void> {
  const ours = await context.fence().then(
    () => true,
    // Overtaken, or cancelled and perhaps overtaken: the next attempt, or reconcile, removes what is left.
    () => false,
  );
  if (ours) await abandonPoint(point);
}
