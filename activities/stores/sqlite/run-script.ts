import { createHash, randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { withIdentity, keyProblem } from '../../encryption/index.ts';
import type { DockerEngine, HelperMount } from '../../docker/index.ts';
import type { StoredPoint } from '../../points/index.ts';
import { helperJob, requireTools, runVolumeHelper, writeAll, type HelperJob } from '../../volumes/index.ts';
import type { StoreUse } from '../store.ts';
import { databasePlace, type DatabasePlace } from './place.ts';
import { ensureToolImage } from './tool-image.ts';
import { translated } from './translate-error.ts';

/** A database file, and the helper containers that get to it. */
export interface Database {
  engine: DockerEngine;
  use: StoreUse;
  place: DatabasePlace;
  job: HelperJob;
}

export async function openDatabase(engine: DockerEngine, use: StoreUse): Promise<Database> {
  const { target, run, operation, signal, scratch, encryption } = use;
  const log = (message: string) => use.log(message);
  const owner = { target, runId: run, operationId: operation, scratch, encryption, signal, log };
  const job = await helperJob(engine, owner, use.timeoutMs);
  requireTools(job.helper, `store ${use.store}`);
  const image = await ensureToolImage(engine, { signal, log });
  return { engine, use, place: databasePlace(use), job: { ...job, helper: { ...job.helper, image } } };
}

export interface Run {
  script: string;
  args?: readonly string[];
  mounts?: readonly HelperMount[];
  /** Of what changes the folder of the database: at most one of these runs for an operation, and a successor ends it. */
  changes?: 'build' | 'swap';
  /** Needs no database. */
  alone?: boolean;
}

/** Runs a script beside a database file. Returns its answer. @throws what `translated` says */
export async function runScript({ job, use, place }: Database, run: Run): Promise<string> {
  const role = run.changes === undefined ? `read-${randomUUID().slice(0, 12)}` : changing(use, run.changes);
  try {
    return await runVolumeHelper(job, {
      role,
      script: run.script,
      args: [place.file, ...(run.args ?? [])],
      mounts: [...(run.alone ? [] : [place.mount]), ...(run.mounts ?? [])],
      capabilities: writeAll,
      fresh: true,
    });
  } catch (error) {
    throw translated(error, use.store, place.name);
  } finally {
    await rm(join(job.scratch, role), { force: true });
  }
}

const changing = ({ store }: StoreUse, what: string) =>
  `${what}-${createHash('sha256').update(store).digest('hex').slice(0, 8)}`;

/** Ends what an earlier attempt left changing: from then on the folder stays as it is. */
export async function endZombies({ job, use }: Database): Promise<void> {
  for (const what of ['build', 'swap']) {
    await job.engine.removeContainer(job.nameOf(changing(use, what)), job.labels, { signal: job.signal });
  }
}

/** Runs a script that reads a point, with the private key where it needs one. */
export async function runWithPoint(
  database: Database,
  { manifest, folder }: StoredPoint,
  run: Omit<Run, 'args'> & { args?: (file: string) => string[] },
): Promise<string> {
  const encrypted = manifest.encrypted;
  const file = encrypted === undefined ? 'database.zst' : 'database.zst.age';
  const point: HelperMount = { type: 'bind', source: folder, target: '/point', readOnly: true };
  const { args, ...rest } = run;
  const work = (mounts: HelperMount[]) =>
    runScript(database, { ...rest, args: args?.(file) ?? [file], mounts: [point, ...mounts] });
  if (encrypted === undefined) return work([]);
  const about = { what: `recovery point ${manifest.run}/${manifest.point}`, to: encrypted.to };
  const key = join(database.job.scratch, `key-${randomUUID()}`);
  try {
    return await withIdentity(key, database.use.encryption, about, (mount) => work([mount]));
  } catch (error) {
    throw keyProblem(error, about) ?? error;
  }
}
