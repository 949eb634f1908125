import type { RepositoryRef } from '../../runbook/compiled-plan.ts';
import type { EffectContext } from '../effect.ts';
import { openPoint, sealPoint, type OpenPoint, type PointManifest } from '../points/index.ts';
import { forgetSnapshots, resticImage, takeSnapshotOf, type Reach } from '../restic/index.ts';
import { quietSince, snapshotCanaryOf, type HelperJob } from '../volumes/index.ts';
import { abandonIfOurs, readAndSurvey, writtenMeanwhile, type BackupFacts } from './archive-into-point.ts';
import { readyRepository, snapshotOwner } from './own-repository.ts';

type Context = EffectContext<'backupVolume'>;

/** Begins a point whose content goes to the plan's repository. What an attempt before has brought there is not brought again. */
export function pointForSnapshot(context: Context, facts: BackupFacts): Promise<OpenPoint> {
  const { point, quiesce } = context.operation.input;
  return openPoint(context.home.points, {
    run: context.runId,
    point,
    target: context.target,
    operation: context.operation.id,
    source: { kind: 'volume', resource: `volume:${facts.volume}`, identity: facts.identity },
    quiesce,
  });
}

/**
 * Takes a snapshot of the volume into the repository and seals the point. A snapshot that must not count is forgotten; one that a killed
 * attempt has left is named by no manifest, and found by its tags.
 * @throws `Conflict` when the volume was written to while it had to be quiet.
 */
export async function snapshotInto(
  point: OpenPoint,
  job: HelperJob,
  repository: RepositoryRef,
  context: Context,
  facts: BackupFacts,
): Promise<PointManifest> {
  const { volume, quiesce } = context.operation.input;
  const reach: Reach = { repository, secret: (template) => context.secret(template) };
  try {
    const make = await readyRepository(repository, context);
    const tree = { name: 'volume', type: 'volume', source: volume } as const;
    const owner = snapshotOwner(context, `volume:${volume}`, point.manifest.point);
    const reading = takeSnapshotOf(job, reach, tree, owner, make);
    const { read: taken, survey } = await readAndSurvey(job, facts, reading);
    try {
      const quiet =
        quiesce === 'none' ||
        (await quietSince(job.engine, volume, taken.began, 'writers', { signal: context.signal }));
      if (!quiet || (taken.changedWhileRead && quiesce !== 'none')) throw writtenMeanwhile(volume, quiet);
      await context.fence();
      return await sealPoint(point, {
        at: { kind: 'restic', repository, snapshot: taken.id, addedBytes: taken.addedBytes },
        canary: snapshotCanaryOf(survey, taken),
        engine: { name: 'restic', version: resticImage },
        signal: context.signal,
      });
    } catch (error) {
      await forgetQuietly(job, reach, taken.id, context);
      throw error;
    }
  } catch (error) {
    await abandonIfOurs(point, context);
    throw error;
  }
}

/** Best effort: what is left is found by its tags, and `reconcile` removes it. */
export async function forgetQuietly(
  job: HelperJob,
  reach: Reach,
  snapshot: string,
  context: Pick<EffectContext, 'signal' | 'log'>,
): Promise<void> {
  if (context.signal.aborted) return;
  await forgetSnapshots(job, reach, [snapshot]).catch((error: unknown) =>
    context.log(
      `snapshot ${snapshot.slice(0, 12)} was left: ${error instanceof Error ? error.message : 'no reason given'}`,
    ),
  );
}
