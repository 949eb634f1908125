import { SwitchbackError } from '../../runbook/errors.ts';
import type { OperationInputs } from '../../runbook/operations.ts';
import { plural } from '../../runbook/plural.ts';
import type { DockerEngine } from '../docker/index.ts';
import type { EffectContext, EffectHandler, Performed } from '../effect.ts';
import { bytesIn, readPoint, type PointManifest } from '../points/index.ts';
import { showBytes } from '../resources/index.ts';
import {
  archiveNeed,
  areAwake,
  everyone,
  freeBytes,
  isInMemory,
  mergeUsers,
  quietIn,
  refuseForeignUsers,
  requireRoom,
  roomOfVolume,
  surveyVolume,
  volumeUsers,
  wake,
  whileQuiet,
  type HelperJob,
  type Quiet,
  type Quietened,
  type VolumeRoom,
  type VolumeSurvey,
  type VolumeUser,
} from '../volumes/index.ts';
import { archiveInto, archiveJob, pointFor, type BackupFacts } from './archive-into-point.ts';
import { archiveCompanions, preparedCompanions, takenBefore, type Companion } from './quiet-window.ts';
import { roomInRepository } from './own-repository.ts';
import { pointForSnapshot, snapshotInto } from './snapshot-into-point.ts';

type Input = OperationInputs['backupVolume'];
type Context = EffectContext<'backupVolume'>;

/**
 * Archives a volume into a recovery point. Those who write to it are stopped or frozen for the time, as the plan says, and are
 * brought back to what they were whatever happens.
 */
export function backupVolumeHandler(deps: { engine: DockerEngine }): EffectHandler<'backupVolume', Facts> {
  const { engine } = deps;
  return {
    async prepare(input, context) {
      const facts: Facts = await lookUp(engine, context);
      const companions = await preparedCompanions(input, context, (own) => lookUp(engine, own));
      if (companions.length > 0) facts.companions = companions;
      return {
        undo: { by: 'nothing', summary: 'a backup leaves what it read as it was' },
        facts,
      };
    },

    async observe(input, context, prepared) {
      if (!prepared) return 'absent';
      const sealed = await readPoint(context.home.points, { run: context.runId, point: input.point });
      if (!sealed) return 'partial';
      return (await areAwake(engine, everyone(windowOf(prepared.facts)), { signal: context.signal }))
        ? 'done'
        : 'partial';
    },

    async perform(input, context, prepared) {
      const { signal } = context;
      const facts = prepared.facts;
      const sealed = await readPoint(context.home.points, { run: context.runId, point: input.point });
      if (sealed) {
        // An earlier attempt was killed after it had sealed, and perhaps before it had woken the users.
        await wake(engine, everyone(windowOf(facts)));
        return performed(input, sealed.manifest, undefined);
      }
      const began = performance.now();
      const archive = await archiving(engine, context, facts);
      const { quiesce } = input;
      if (quiesce === 'none') return performed(input, await archive.work(), performance.now() - began);
      const { companions = [] } = facts;
      const window = await Promise.all(
        windowOf(facts).map((each) => seenAgain(engine, each, quiesceOf(input, each.volume), signal)),
      );
      const users = everyone(window);
      context.progress({
        doing: `${quiesce === 'stop' ? 'stopping' : 'freezing'} ${plural(users.length, 'container')}`,
      });
      const options = { how: quietIn(window), signal, log: (message: string) => context.log(message) };
      const manifest = await whileQuiet(engine, users, options, async () => {
        const own = await archive.work();
        await archiveCompanions(input, companions, context, async (theirs, known) =>
          (await archiving(engine, theirs, known)).work(),
        );
        return own;
      });
      return performed(input, manifest, performance.now() - began);
    },
  };
}

/** What has to be known of a volume before its users are made quiet. Of one that is archived by now nothing is asked any more. */
async function lookUp(engine: DockerEngine, context: Context): Promise<Facts> {
  const { signal, operation } = context;
  const { volume, quiesce } = operation.input;
  const taken = await takenBefore(context);
  if (taken) return { volume, identity: taken.manifest.source.identity, users: [] };
  await requireVolume(engine, volume, signal);
  const job = await archiveJob(engine, context);
  const room = await roomOfVolume(job, volume);
  await requireSameVolume(context, volume, room.identity);
  const users = writers(await volumeUsers(engine, volume, { signal }));
  if (quiesce !== 'none') refuseForeignUsers(volume, users, context.plan.stack.project);
  const survey = await requireRoomFor(job, volume, room, context);
  return { volume, identity: room.identity, users, ...(survey && { survey }) };
}

/** With those who use it by now. */
async function seenAgain(
  engine: DockerEngine,
  { volume, users }: BackupFacts,
  how: Quiet,
  signal: AbortSignal,
): Promise<Quietened> {
  return { how, users: mergeUsers(users, writers(await volumeUsers(engine, volume, { signal }))) };
}

function quiesceOf({ quiesce, together = [] }: Input, volume: string): Quiet {
  const wanted = together.find((each) => each.volume === volume)?.quiesce ?? quiesce;
  return wanted === 'stop' ? 'stop' : 'pause';
}

/** Begins a point, before anybody is made quiet: whether an earlier attempt's helper was disturbed can only be seen then. */
async function archiving(engine: DockerEngine, context: Context, facts: BackupFacts) {
  await context.bindIdentity(`volume:${facts.volume}`, facts.identity);
  const job = await archiveJob(engine, context, facts);
  const { repository } = context.plan;
  const point = await (repository ? pointForSnapshot(context, facts) : pointFor(job, context, facts));
  const work = (): Promise<PointManifest> =>
    repository ? snapshotInto(point, job, repository, context, facts) : archiveInto(point, job, context, facts);
  return { work };
}

type Facts = BackupFacts & {
  /** Of later operations, in the same quiet window. */
  companions?: Companion[];
};
const windowOf = (facts: Facts): BackupFacts[] => [facts, ...(facts.companions ?? [])];

const writers = (users: VolumeUser[]) => users.filter((user) => user.writes);

async function requireVolume(engine: DockerEngine, volume: string, signal: AbortSignal): Promise<void> {
  const found = await engine.inspectVolume(volume, { signal });
  if (isInMemory(found)) {
    throw new SwitchbackError('Unsupported', `volume ${volume} is in memory: it is empty as soon as its users stop`, {
      hint: 'Leave it out of `backup`: there is nothing that could be brought back.',
      facts: { volume },
    });
  }
  if (found) return;
  throw new SwitchbackError('PreconditionFailed', `volume ${volume} does not exist`, {
    hint: 'Look at `docker volume ls`: Compose puts the project in front of the name.',
    facts: { volume },
  });
}

/**
 * Returns a survey of the volume where one was needed: a glance at its disk says enough where that holds less than is free.
 * @throws `ResourceExhausted` that says need and have
 */
async function requireRoomFor(
  job: HelperJob,
  volume: string,
  room: VolumeRoom,
  context: Context,
): Promise<VolumeSurvey | undefined> {
  const { home, plan } = context;
  const have = plan.repository
    ? await roomInRepository(plan.repository, `volume:${volume}`, context)
    : await freeBytes(home.points);
  if (have === undefined || (room.atMost && archiveNeed(room.atMost) <= have)) return undefined;
  const survey = await surveyVolume(job, volume);
  const hint = plan.repository && `Free space on the disk of ${plan.repository.at}.`;
  requireRoom(`the backup of volume ${volume}`, archiveNeed(survey), have, hint);
  return survey;
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

const told = {
  stop: 'its writers stopped',
  pause: 'its writers frozen: as after a power cut',
  none: 'in use: its files may be of different moments',
};

function performed(input: Input, manifest: PointManifest, tookMs: number | undefined): Performed {
  const bytes = bytesIn({ manifest });
  const { at } = manifest;
  const { files, plainBytes } = manifest.canary as { files: number; plainBytes: number };
  const took = tookMs === undefined ? '' : ` in ${(tookMs / 1000).toFixed(1)} s`;
  const kept = at === undefined ? `archived as ${showBytes(bytes)}` : `${showBytes(bytes)} new to ${at.repository.at}`;
  const sizes = `${plural(files, 'file')}, ${showBytes(plainBytes)} ${kept}`;
  return {
    summary: `volume ${input.volume}: ${sizes}${took}, ${told[input.quiesce]}`,
    facts: {
      point: `${manifest.run}/${manifest.point}`,
      seal: manifest.seal!,
      bytes,
      ...(at && { repository: at.repository.at, snapshot: at.snapshot }),
      plainBytes,
      files,
      quiesce: input.quiesce,
      ...(tookMs === undefined ? {} : { tookMs: Math.round(tookMs) }),
    },
    effect: { volume: input.volume, point: input.point, quiesce: input.quiesce },
  };
}
