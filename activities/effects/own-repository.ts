import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';

import type { RepositoryRef } from '../../runbook/compiled-plan.ts';
import { SwitchbackError } from '../../runbook/errors.ts';
import type { EffectContext } from '../effect.ts';
import { isMissing, listPoints } from '../points/index.ts';
import type { SnapshotOwner } from '../restic/index.ts';
import { freeBytes } from '../volumes/index.ts';

/** Whose a snapshot is, as its tags say. */
export function snapshotOwner(
  context: Pick<EffectContext, 'target' | 'runId'> & { operation: { id: string } },
  resource: string,
  point: string,
): SnapshotOwner {
  return { target: context.target, run: context.runId, operation: context.operation.id, resource, point };
}

/**
 * Makes ready the place of the plan's repository. Says whether a repository may be made there: not where recovery points of this target
 * lie in it already, for then it is the wrong disk that is mounted.
 */
export async function readyRepository(
  repository: RepositoryRef,
  context: Pick<EffectContext, 'home'>,
): Promise<boolean> {
  const { at } = repository;
  if (!at.startsWith('s3:')) await makeFolder(at);
  const points = await listPoints(context.home.points);
  return !points.some(({ point }) => point?.manifest.at?.repository.at === at);
}

/** One folder, not a whole path: what is missing above it is a disk that is not mounted. */
async function makeFolder(at: string): Promise<void> {
  await mkdir(at, { mode: 0o700 }).catch((error: unknown) => {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') return;
    const missing = isMissing(error);
    throw new SwitchbackError(
      missing ? 'PreconditionFailed' : 'AccessDenied',
      missing ? `the folder ${dirname(at)} is not there` : `the folder ${at} cannot be made (${code ?? 'unknown'})`,
      {
        hint: missing
          ? 'Is the disk mounted? Make the folder if it is the right one.'
          : 'Make it yourself, then retry.',
      },
      { cause: error },
    );
  });
}

/**
 * Bytes that a first snapshot of a resource has room for. What a later one adds is not known before it is taken, and a bucket has no end
 * that could be asked for: then there is no figure.
 */
export async function roomInRepository(
  { at }: RepositoryRef,
  resource: string,
  context: Pick<EffectContext, 'home'>,
): Promise<number | undefined> {
  if (at.startsWith('s3:')) return undefined;
  const points = await listPoints(context.home.points);
  const follows = points.some(
    ({ point }) => point?.manifest.at?.repository.at === at && point.manifest.source.resource === resource,
  );
  if (follows) return undefined;
  return freeBytes(at).catch(async (error: unknown) => {
    if (isMissing(error)) return freeBytes(dirname(at));
    throw error;
  });
}
