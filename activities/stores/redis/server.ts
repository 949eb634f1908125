import { randomUUID } from 'node:crypto';
import { SwitchbackError } from '../../../runbook/errors.ts';
import type { Address } from './address.ts';
import { withConnection, type Connection } from './connection.ts';
import { identityKey } from './keys.ts';
import type { StoreUse } from '../store.ts';

export interface ServerFacts {
  name: 'redis' | 'valkey';
  version: string;
  usedBytes: number;
  /** 0: no limit. */
  limitBytes: number;
  /** Whether keys without an expiry may be evicted. */
  evicts: boolean;
  /** Databases that hold something. */
  filled: number[];
}

/** @throws `PreconditionFailed` where it is no server whose databases can be backed up and exchanged */
export async function serverFacts(connection: Connection, use: StoreUse): Promise<ServerFacts> {
  const text = await connection.text('INFO', 'everything');
  const said = new Map(text.split('\r\n').map((line) => [line.split(':', 1)[0] ?? '', line.replace(/^[^:]*:/, '')]));
  const refuse = (what: string, hint: string) =>
    new SwitchbackError('PreconditionFailed', `the server of store ${use.store} ${what}`, { hint });
  if (said.get('cluster_enabled') === '1') {
    throw refuse('is part of a Redis Cluster, whose databases cannot be exchanged', 'Back its volumes up instead.');
  }
  if (said.get('role') === 'slave') throw refuse('is a replica', 'Let the store name its primary.');
  const version = said.get('redis_version') ?? '';
  if (Number(version.split('.')[0]) < 7) {
    throw refuse(`has version ${version}`, 'Redis 7, Valkey 7.2 or newer is needed; back its volume up instead.');
  }
  const valkey = said.get('valkey_version');
  const limitBytes = Number(said.get('maxmemory') ?? 0);
  return {
    name: valkey === undefined ? 'redis' : 'valkey',
    version: valkey ?? version,
    usedBytes: Number(said.get('used_memory') ?? 0),
    limitBytes,
    evicts: limitBytes > 0 && (said.get('maxmemory_policy') ?? '').startsWith('allkeys'),
    filled: [...said.keys()].flatMap((name) => /^db(\d+)$/.exec(name)?.[1] ?? []).map(Number),
  };
}

/** What a database is; undefined where nothing says so. */
export async function readIdentity(connection: Connection): Promise<string | undefined> {
  const marker = await connection.call('GET', identityKey);
  return marker === null ? undefined : String(marker);
}

/** What a database is. One that has never been looked at is marked, which adds one key to it. */
export async function ensureIdentity(connection: Connection): Promise<string> {
  const known = await readIdentity(connection);
  if (known !== undefined) return known;
  await connection.call('SET', identityKey, `redis:${randomUUID()}`, 'NX');
  return (await readIdentity(connection)) ?? '';
}

export const inDatabase = (address: Address, database: number): Address => ({ ...address, database });

/** A database that holds nothing: the lowest one. @throws `PreconditionFailed` where there is none */
export async function emptyDatabase(address: Address, { filled }: ServerFacts, use: StoreUse): Promise<number> {
  const used = new Set([...filled, address.database]);
  let free = 0;
  while (used.has(free)) free += 1;
  try {
    await withConnection(inDatabase(address, free), use, (connection) => connection.call('DBSIZE'));
    return free;
  } catch (error) {
    if (!(error instanceof SwitchbackError) || !/out of range/.test(error.message)) throw error;
    throw new SwitchbackError('PreconditionFailed', `the server of store ${use.store} has no empty database`, {
      hint: 'A restore needs one beside the live one: raise `databases` in its configuration, or empty one that is not needed.',
    });
  }
}
