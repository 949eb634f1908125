import { rm } from 'node:fs/promises';
import { SwitchbackError } from '../../runbook/errors.ts';
import type { DockerEngine } from '../docker/index.ts';
import { markFailed, markVerified, type PointPlace, type StoredPoint } from '../points/index.ts';
import { helperJob, type HelperOwner } from '../volumes/helper-job.ts';
import { reachOf, type ReachContext } from './reach-of.ts';
import { checkRepository, listSnapshots, readSnapshot } from './snapshots.ts';

export interface Verifying extends ReachContext {
  engine: DockerEngine;
  owner: Pick<HelperOwner, 'target' | 'runId' | 'operationId' | 'scratch'>;
  signal: AbortSignal;
}

/** A whole repository is read, over a network perhaps; a person who waits for it can end it. */
const timeoutMs = 24 * 3600 * 1000;

/**
 * Reads every byte of the repositories that points lie in, once each: `restic check --read-data`. Only where that finds something wrong
 * are the points read one by one, to tell which it is that cannot be restored. Each is marked as what it was found to be.
 * Returns what is wrong, by `RUN/POINT`.
 */
export async function verifyInRepositories(
  points: readonly StoredPoint[],
  verifying: Verifying,
): Promise<Map<string, string>> {
  const { engine, owner, signal } = verifying;
  const job = await helperJob(engine, { ...owner, signal, log: () => undefined }, timeoutMs);
  const damaged = new Map<string, string>();
  try {
    for (const some of byRepository(points)) {
      const reach = reachOf(some[0]!.at, verifying);
      const whole = await holds(() => checkRepository(job, reach));
      const there = new Set((await listSnapshots(job, reach, owner.target)).map(({ id }) => id));
      for (const { point, at } of some) {
        const why = there.has(at.snapshot)
          ? whole === undefined
            ? undefined
            : await holds(() => readSnapshot(job, reach, at.snapshot))
          : goneFrom(at);
        await mark(point, why);
        if (why !== undefined) damaged.set(`${point.manifest.run}/${point.manifest.point}`, why);
      }
    }
    return damaged;
  } finally {
    await rm(job.scratch, { recursive: true, force: true });
  }
}

const goneFrom = ({ repository, snapshot }: PointPlace) =>
  `has lost its snapshot ${snapshot.slice(0, 12)}: it is not in ${repository.at} any more`;

async function mark(point: StoredPoint, why: string | undefined): Promise<void> {
  if (why === undefined) await markVerified(point);
  else await markFailed(point, why);
}

/** What speaks against the data, if anything does. @throws whatever only speaks of the way to it */
async function holds(read: () => Promise<void>): Promise<string | undefined> {
  try {
    await read();
    return undefined;
  } catch (error) {
    if (error instanceof SwitchbackError && error.name === 'IntegrityFailed') return error.message;
    throw error;
  }
}

interface Placed {
  point: StoredPoint;
  at: PointPlace;
}

function byRepository(points: readonly StoredPoint[]): Placed[][] {
  const groups = new Map<string, Placed[]>();
  for (const point of points) {
    const { at } = point.manifest;
    if (at !== undefined) groups.set(at.repository.at, [...(groups.get(at.repository.at) ?? []), { point, at }]);
  }
  return [...groups.values()];
}
