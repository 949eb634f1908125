import type { HelperMount } from '../docker/index.ts';
import { answerOf, readAll, writeAll, type HelperJob } from '../volumes/run-volume-helper.ts';
import {
  backupScript,
  checkScript,
  forgetScript,
  readScript,
  restoreScript,
  snapshotsScript,
} from './restic-scripts.ts';
import { runRestic } from './run-restic.ts';
import type { Reach } from './secret-files.ts';

/** What is told apart in a repository that several targets may share. */
export interface SnapshotOwner {
  target: string;
  run: string;
  operation: string;
  point: string;
  /** `volume:NAME` or `store:NAME`: snapshots of one resource follow each other, so that what has not changed is not read again. */
  resource: string;
}

/** A tree that is backed up or restored: a mount, by the name under which it stands in snapshots. */
export interface Tree {
  name: 'volume' | 'dump';
  type: HelperMount['type'];
  source: string;
}

export interface TakenSnapshot {
  /** SHA-256 that names it in the repository: a digest of the snapshot, which names a digest of its tree. */
  id: string;
  /** When its reading began, by the Docker host's clock. */
  began: string;
  /** Somebody touched something in the tree while it was read. */
  changedWhileRead: boolean;
  /** Digest of the metadata of all that is in the tree, contents left out. */
  metadata: string;
  /** Sum of the lengths of files. */
  plainBytes: number;
  /** What the repository has grown by. */
  addedBytes: number;
}

export const targetTag = (target: string) => `target:${target}`;
const tagsOf = ({ target, run, operation, point }: SnapshotOwner) => [
  targetTag(target),
  `run:${run}`,
  `operation:${operation}`,
  `point:${point}`,
];

/** Takes a snapshot of a tree, mounted read-only. @param make the repository, where there is none yet */
export async function takeSnapshotOf(
  job: HelperJob,
  reach: Reach,
  tree: Tree,
  owner: SnapshotOwner,
  make: boolean,
): Promise<TakenSnapshot> {
  const host = `${owner.target}/${owner.resource}`;
  const told = await runRestic(job, reach, {
    role: 'snapshot',
    script: backupScript,
    args: [`/${tree.name}`, host, make ? 'make' : 'never', ...tagsOf(owner)],
    mounts: [{ type: tree.type, source: tree.source, target: `/${tree.name}`, readOnly: true }],
  });
  const { began, changed, metadata, summary } = answerOf<{
    began: string;
    changed: boolean;
    metadata: string;
    summary: { snapshot_id: string; total_bytes_processed: number; data_added_packed: number };
  }>(told, `the snapshot of ${owner.resource}`);
  return {
    id: summary.snapshot_id,
    began,
    changedWhileRead: changed,
    metadata,
    plainBytes: summary.total_bytes_processed,
    addedBytes: summary.data_added_packed,
  };
}

/**
 * Restores a snapshot into a tree of our own, emptied first; reads back what was written. The helper has nothing but that tree to write to.
 * @throws `StepFailed` with what restic said, also where a piece of the snapshot is damaged
 */
export async function restoreSnapshot(
  job: HelperJob,
  reach: Reach,
  snapshot: string,
  tree: Tree,
): Promise<{ tookMs: number; metadata: string }> {
  const told = await runRestic(job, reach, {
    role: 'restore',
    script: restoreScript,
    args: [snapshot, tree.name],
    mounts: [{ type: tree.type, source: tree.source, target: `/out/${tree.name}` }],
    capabilities: writeAll,
  });
  return answerOf(told, `the restore of snapshot ${snapshot.slice(0, 12)}`);
}

/** Reads every byte of one snapshot. @throws `StepFailed` with what is damaged or gone */
export async function readSnapshot(job: HelperJob, reach: Reach, snapshot: string): Promise<void> {
  await runRestic(job, reach, { role: 'read', script: readScript, args: [snapshot] });
}

/** Reads every byte of the repository. @throws `StepFailed` with what is damaged */
export async function checkRepository(job: HelperJob, reach: Reach): Promise<void> {
  await runRestic(job, reach, { role: 'check', script: checkScript, args: [] });
}

/** Removes snapshots, and the data that nothing else needs. Those that are gone already are passed over. */
export async function forgetSnapshots(job: HelperJob, reach: Reach, ids: readonly string[]): Promise<void> {
  if (ids.length > 0) await runRestic(job, reach, { role: 'forget', script: forgetScript, args: [...ids] });
}

export interface ListedSnapshot {
  id: string;
  time: string;
  tags: string[];
}

/** All snapshots of a target, whoever made them. */
export async function listSnapshots(job: HelperJob, reach: Reach, target: string): Promise<ListedSnapshot[]> {
  const told = await runRestic(job, reach, {
    role: 'snapshots',
    script: snapshotsScript,
    args: [targetTag(target)],
    capabilities: readAll,
  });
  return answerOf<ListedSnapshot[] | null>(told, `the list of snapshots of ${target}`) ?? [];
}

/** The value of a tag such as `run:…`. */
export const tagOf = ({ tags }: ListedSnapshot, name: string) =>
  tags.find((tag) => tag.startsWith(`${name}:`))?.slice(name.length + 1);
