import { readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { labels } from '../../runbook/names.ts';
import type { CallOptions, DockerEngine } from '../docker/index.ts';
import type { TargetHome } from '../effect.ts';
import { isMissing, listPoints, pointFolder, readPin, refOf, writeDurably, type PointRef } from '../points/index.ts';
import { isFollowed, readWal } from './read-wal.ts';
import { receiverRole } from './receiver.ts';
import { lsnOf } from './segments.ts';
import { walFile, walFolder, walRoot } from './wal-folder.ts';

type Home = Pick<TargetHome, 'root' | 'points'>;

/** The receivers of a target, whether they run or not. */
export async function receiversOf(engine: DockerEngine, target: string, options: CallOptions = {}) {
  const all = await engine.listByLabel({ [labels.role]: receiverRole, [labels.target]: target }, options);
  return all.map((container) => ({
    id: container.Id,
    name: (container.Names[0] ?? container.Id).replace(/^\//, ''),
    point: container.Labels[labels.point] ?? '',
    volume: container.Labels[labels.follows] ?? '',
    running: container.State === 'running',
  }));
}

/** Ends a log: what there is of it stays of use. First it is written down, so that whatever starts its receiver again starts nothing. */
export async function endWal(
  engine: DockerEngine,
  { target, home }: { target: string; home: Home },
  ref: PointRef,
  why: string,
  options: CallOptions = {},
): Promise<void> {
  const folder = walFolder(home, ref);
  if ((await exists(folder)) && !(await exists(join(folder, walFile.ended))))
    await writeDurably(join(folder, walFile.ended), `${new Date().toISOString()} ${why.replaceAll('\n', ' ')}\n`);
  await removeReceivers(engine, target, ref, options);
  await rm(join(folder, walFile.password), { force: true });
}

/**
 * Ends a log that was found to be of use up to a position only, though more of it was written.
 * @param lsn up to which it was recovered
 */
export async function endWalAt(
  engine: DockerEngine,
  of: { target: string; home: Home },
  ref: PointRef,
  { lsn, why }: { lsn: string; why: string },
  options: CallOptions = {},
): Promise<void> {
  await endWal(engine, of, ref, why, options);
  const folder = walFolder(of.home, ref);
  const times = (await readFile(join(folder, walFile.times), 'utf8').catch(() => '')).split('\n').filter(Boolean);
  const whole = times.filter((each) => lsnOf(each.split(' ')[1] ?? '') <= lsnOf(lsn)).at(-1);
  if (whole === undefined) await rm(join(folder, walFile.reached), { force: true });
  else await writeDurably(join(folder, walFile.reached), `${whole}\n`);
}

/** Removes a log, and whoever writes it. */
export async function removeWal(
  engine: DockerEngine,
  { target, home }: { target: string; home: Home },
  ref: PointRef,
  options: CallOptions = {},
): Promise<void> {
  await removeReceivers(engine, target, ref, options);
  await rm(walFolder(home, ref), { recursive: true, force: true });
}

/** Ends the logs of whatever server has its data in a volume that is about to be exchanged: what comes after that has another history. */
export async function endWalsOfVolume(
  engine: DockerEngine,
  of: { target: string; home: Home },
  volume: string,
  why: string,
  options: CallOptions = {},
): Promise<void> {
  for (const receiver of await receiversOf(engine, of.target, options))
    if (receiver.volume === volume) await endWal(engine, of, refOf(receiver.point), why, options);
}

/**
 * Ends the logs of a resource that newer points make superfluous: those from before the last two that were restored as a test. Each takes a
 * wal sender of the server, and disk; of two, one may turn out to be no good. What is pinned goes on.
 */
export async function endOlderWals(
  engine: DockerEngine,
  of: { target: string; home: Home },
  resource: string,
  options: CallOptions = {},
): Promise<void> {
  const followed = (await listPoints(of.home.points))
    .flatMap(({ point }) =>
      point && isFollowed(point.manifest) && point.manifest.source.resource === resource ? [point] : [],
    )
    .sort((a, b) => (a.manifest.startedAt < b.manifest.startedAt ? 1 : -1));
  const since = followed.filter(({ manifest }) => manifest.state === 'restore-tested')[1]?.manifest.startedAt ?? '';
  for (const point of followed.filter(({ manifest }) => manifest.startedAt < since)) {
    if ((await readWal(of.home, point.manifest))?.state === 'ended' || (await readPin(point))) continue;
    await endWal(engine, of, point.manifest, 'newer recovery points are followed', options);
  }
}

/** Logs and receivers whose points are not there. Not to be asked beside a backup, which begins with its log. */
export async function orphanedWals(
  engine: DockerEngine,
  { target, home }: { target: string; home: Home },
  options: CallOptions = {},
): Promise<PointRef[]> {
  const known = new Map<string, PointRef>();
  const add = (ref: PointRef) => known.set(`${ref.run}/${ref.point}`, ref);
  for (const run of await namesIn(walRoot(home)))
    for (const point of await namesIn(join(walRoot(home), run))) add({ run, point });
  for (const { point } of await receiversOf(engine, target, options)) add(refOf(point));
  const orphaned: PointRef[] = [];
  for (const ref of known.values()) if (!(await exists(pointFolder(home.points, ref)))) orphaned.push(ref);
  return orphaned;
}

async function removeReceivers(engine: DockerEngine, target: string, ref: PointRef, options: CallOptions) {
  for (const { id, point } of await receiversOf(engine, target, options))
    if (point === `${ref.run}/${ref.point}`)
      await engine.removeContainer(id, { [labels.role]: receiverRole, [labels.target]: target }, options);
}

const namesIn = (path: string) =>
  readdir(path).catch((error: unknown) => {
    if (isMissing(error)) return [];
    throw error;
  });

const exists = (path: string) =>
  stat(path).then(
    () => true,
    (error: unknown) => {
      if (isMissing(error)) return false;
      throw error;
    },
  );
