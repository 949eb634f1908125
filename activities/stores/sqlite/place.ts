import { createHash } from 'node:crypto';
import { basename, dirname, resolve } from 'node:path';
import type { DockerEngine, HelperMount } from '../../docker/index.ts';
import { pathUsers, volumeUsers, type VolumeUser } from '../../volumes/index.ts';
import { refOf, type StoreUse } from '../store.ts';

/** Where a database file is, and how a helper container gets to it. */
export interface DatabasePlace {
  /** In one line: what an identity begins with. */
  name: string;
  mount: HelperMount;
  /** Path of the file below the mount. */
  file: string;
}

type Owner = Pick<StoreUse, 'target' | 'run' | 'operation'>;

export function databasePlace(use: Pick<StoreUse, 'ref' | 'store' | 'directory'>): DatabasePlace {
  const { volume, file, path } = reference(use);
  if (volume !== undefined) {
    return { name: `volume ${volume}/${file}`, mount: { type: 'volume', source: volume, target: '/data' }, file };
  }
  const whole = resolve(use.directory, path);
  const mount = { type: 'bind', source: dirname(whole), target: '/data' } as const;
  return { name: `file ${whole}`, mount, file: basename(whole) };
}

/** Containers that mount the file, or the folder that it is in. */
export function databaseUsers(engine: DockerEngine, use: StoreUse): Promise<VolumeUser[]> {
  const { volume, path } = reference(use);
  const options = { signal: use.signal };
  if (volume !== undefined) return volumeUsers(engine, volume, options);
  return pathUsers(engine, resolve(use.directory, path), options);
}

function reference(use: Pick<StoreUse, 'ref' | 'store'>): { volume?: string; file: string; path: string } {
  const { volume, file = '', path = '' } = refOf(use, 'sqlite');
  return { ...(volume === undefined ? {} : { volume }), file, path };
}

const digest = ({ target, run, operation }: Owner) =>
  createHash('sha256').update(`${target}\n${run}\n${operation}`).digest('hex').slice(0, 12);

/** Ending of the file that an operation restores into. */
export const incomingEnding = (owner: Owner) => `.restore-${digest(owner)}`;
/** Ending of the file in which an operation keeps what it replaces. */
export const keptEnding = (owner: Owner) => `.replaced-${digest(owner)}`;
