import { statfs } from 'node:fs/promises';

import { SwitchbackError } from '../../runbook/errors.ts';
import type { OperationInputs } from '../../runbook/operations.ts';
import type { DockerEngine } from '../docker/index.ts';
import type { EffectContext, EffectHandler, Performed, Prepared } from '../effect.ts';
import { abandonPoint, openPoint, readPoint, resumePoint, sealPoint } from '../points/index.ts';
import type { OpenPoint, PointManifest } from '../points/index.ts';
import {
  archiveNeed,
  archiveVolume,
  areAwake,
  canaryOf,
  helperJob,
  mergeUsers,
  quieten,
  quietSince,
  refuseForeignUsers,
  requireRoom,
  surveyVolume,
  volumeUsers,
  wake,
} from '../volumes/index.ts';
import type { HelperJob, VolumeSurvey, VolumeUser } from '../volumes/index.ts';
import { helperOwner } from './helper-owner.ts';

type Input = OperationInputs['backupVolume'];
type Context = EffectContext<'backupVolume'>;

/** What was looked up before anything was done; a retry after a crash wakes the users by it. */
interface Facts {
  point: string;
  volume: string;
  identity: string;
  survey: VolumeSurvey;
  users: VolumeUser[];
}

/**
 * Archives a volume into a recovery point. Those who write to it are stopped or frozen for the time, as the plan says, and are
 * brought back to what they were whatever happens.
 */
export function backupVolumeHandler(deps: { engine: DockerEngine }): EffectHandler<'backupVolume'> {
  const { engine } = deps;
  return {
    async prepare(input, context) {
      const { signal } = context;
      await requireVolume(engine, input.volume, signal);
      const job = await jobOf(engine, context);
      const survey = await surveyVolume(job, input.volume);
      await requireSameVolume(context, input.volume, survey.identity);
      const users = await volumeUsers(engine, input.volume, { signal });
      if (input.quiesce !== 'none') refuseForeignUsers(input.volume, writers(users), context.plan.stack.project);
      const { bavail, bsize } = await statfs(context.home.points);
      requireRoom(`the backup of volume ${input.volume}`, archiveNeed(survey), bavail * bsize);
      const facts: Facts = {
        point: `${context.runId}/${input.point}`,
        volume: input.volume,
        identity: survey.identity,
        survey,
        users: writers(users),
      };
      return {
        undo: { by: 'nothing', summary: 'a backup leaves what it read as it was' },
        facts: { ...facts } as never,
      };
    },

    async observe(input, context, prepared) {
      if (!prepared) return 'absent';
      const sealed = await readPoint(context.home.points, refOf(input, context));
      if (!sealed) return 'partial';
      const awake = await areAwake(engine, factsOf(prepared).users, { signal: context.signal });
      return awake ? 'done' : 'partial';
    },

    async perform(input, context, prepared) {
      const facts = factsOf(prepared);
      const sealed = await readPoint(context.home.points, refOf(input, context));
      if (sealed) {
        // An earlier attempt was killed after it had sealed, and perhaps before it had woken the users.
        await wake(engine, facts.users);
        return performed(input, sealed.manifest, undefined);
      }
      await context.bindIdentity(`volume:${input.volume}`, facts.identity);
      const began = performance.now();
      const job = await jobOf(engine, context, facts.survey.diskBytes);
      // Before anybody is made quiet: whether an earlier attempt's helper was disturbed can only be seen now.
      const point = await pointFor(engine, job, input, context, facts);
      const users = mergeUsers(
        facts.users,
        writers(await volumeUsers(engine, input.volume, { signal: context.signal })),
      );
      const manifest = await quietly(engine, input, users, context, () => backup(job, point, input, context, facts));
      return performed(input, manifest, performance.now() - began);
    },
  };
}

const factsOf = (prepared: Prepared) => prepared.facts as unknown as Facts;
const refOf = (input: Input, context: Context) => ({ run: context.runId, point: input.point });
const writers = (users: VolumeUser[]) => users.filter((user) => user.writes);

function jobOf(engine: DockerEngine, context: Context, total?: number): Promise<HelperJob> {
  return helperJob(engine, helperOwner(context), context.operation.timeoutSeconds * 1000, (done) =>
    context.progress({ doing: 'archiving', done, ...(total === undefined ? {} : { total }), unit: 'bytes' }),
  );
}

async function requireVolume(engine: DockerEngine, volume: string, signal: AbortSignal): Promise<void> {
  if (await engine.inspectVolume(volume, { signal })) return;
  throw new SwitchbackError('PreconditionFailed', `volume ${volume} does not exist`, {
    hint: 'Look at `docker volume ls`: Compose puts the project in front of the name.',
    facts: { volume },
  });
}

/** @throws `Conflict` when the volume of that name is another one than the target saw first. */
async function requireSameVolume(context: Context, volume: string, identity: string): Promise<void> {
  const known = await context.identityOf(`volume:${volume}`);
  if (known === undefined || known === identity) return;
  throw new SwitchbackError('Conflict', `volume ${volume} is another one than before: ${identity}, not ${known}`, {
    hint: 'Somebody removed it and made a new one of the same name. Look what is in it before you go on.',
    facts: { volume, known, found: identity },
  });
}

/** Does work while nobody writes to the volume, and wakes everybody again, also when the work was cancelled. */
async function quietly<T>(
  engine: DockerEngine,
  input: Input,
  users: VolumeUser[],
  context: Context,
  work: () => Promise<T>,
): Promise<T> {
  const { quiesce } = input;
  if (quiesce === 'none') return work();
  let outcome: { value: T } | { error: unknown };
  try {
    context.progress({ doing: `${quiesce === 'stop' ? 'stopping' : 'freezing'} ${users.length} containers` });
    await quieten(engine, users, quiesce, { signal: context.signal });
    outcome = { value: await work() };
  } catch (error) {
    outcome = { error };
  }
  // Without the signal: services that were stopped for a cancelled backup must come back too.
  const woken = await wake(engine, users).then(
    () => undefined,
    (error: unknown) => error,
  );
  if ('error' in outcome) {
    if (woken !== undefined) context.log(`after a failed backup not everything came back: ${String(woken)}`);
    throw outcome.error;
  }
  if (woken !== undefined) throw woken;
  return outcome.value;
}

async function backup(
  job: HelperJob,
  point: OpenPoint,
  input: Input,
  context: Context,
  facts: Facts,
): Promise<PointManifest> {
  const { engine, signal } = job;
  try {
    const archive = await archiveVolume(job, input.volume, point.folder);
    const quiet =
      input.quiesce === 'none' || (await quietSince(engine, input.volume, archive.began, 'writers', { signal }));
    if (!quiet || (archive.changedWhileRead && input.quiesce !== 'none')) {
      throw new SwitchbackError('Conflict', `volume ${input.volume} was written to while it had to be quiet`, {
        hint: quiet
          ? 'Something outside of Docker writes to it: find it with `lsof`, hold it off, then retry.'
          : 'Somebody started one of its services meanwhile; hold that off, then retry.',
      });
    }
    const { file, bytes, sha256 } = archive;
    await context.fence();
    return await sealPoint(point, {
      parts: [{ file, bytes, sha256 }],
      canary: canaryOf(facts.survey, archive),
      engine: { name: 'tar', version: job.helper.image },
      signal,
    });
  } catch (error) {
    await abandonIfOurs(point, context);
    throw error;
  }
}

/** Whoever was overtaken leaves the folder alone: a successor writes there. */
async function abandonIfOurs(point: OpenPoint, context: Context): Promise<void> {
  const ours = await context.fence().then(
    () => true,
    // Overtaken, or cancelled and perhaps overtaken: the next attempt, or reconcile, removes what is left.
    () => false,
  );
  if (ours) await abandonPoint(point);
}

/** Goes on with the point, and the helper, of an attempt that was killed while its helper worked on; else begins anew. */
async function pointFor(
  engine: DockerEngine,
  job: HelperJob,
  input: Input,
  context: Context,
  facts: Facts,
): Promise<OpenPoint> {
  const { signal } = context;
  const helper = await engine.inspectContainer(job.nameOf('archive'), { signal });
  const standing = await resumePoint(context.home.points, refOf(input, context), context.operation.id);
  if (helper && standing && (await undisturbed(engine, input, helper.Created, signal))) return standing;
  await engine.removeContainer(job.nameOf('archive'), job.labels, { signal });
  return openPoint(context.home.points, {
    ...refOf(input, context),
    target: context.target,
    operation: context.operation.id,
    source: { kind: 'volume', resource: `volume:${input.volume}`, identity: facts.identity },
    quiesce: input.quiesce,
  });
}

/** Freezing and thawing leave no trace, so that a helper that read a frozen volume is never trusted after a crash. */
async function undisturbed(engine: DockerEngine, input: Input, since: string, signal: AbortSignal): Promise<boolean> {
  if (input.quiesce === 'pause') return false;
  return input.quiesce === 'none' || quietSince(engine, input.volume, since, 'writers', { signal });
}

function performed(input: Input, manifest: PointManifest, tookMs: number | undefined): Performed {
  const part = manifest.parts[0]!;
  const { files, plainBytes } = manifest.canary as { files: number; plainBytes: number };
  const took = tookMs === undefined ? '' : ` in ${(tookMs / 1000).toFixed(1)} s`;
  const how = {
    stop: 'its writers stopped',
    pause: 'its writers frozen',
    none: 'in use: a moment that may never have been',
  };
  return {
    summary: `volume ${input.volume}: ${files} files, ${mib(plainBytes)} archived as ${mib(part.bytes)}${took}, ${how[input.quiesce]}`,
    facts: {
      point: `${manifest.run}/${manifest.point}`,
      seal: manifest.seal!,
      bytes: part.bytes,
      plainBytes,
      files,
      quiesce: input.quiesce,
      ...(tookMs === undefined ? {} : { tookMs: Math.round(tookMs) }),
    },
    effect: { volume: input.volume, point: input.point, quiesce: input.quiesce },
  };
}

const mib = (bytes: number) => `${(bytes / 1048576).toFixed(1)} MiB`;
