import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SwitchbackError } from '../../../runbook/errors.ts';
import type { JsonObject } from '../../../runbook/json.ts';
import type { StoreUse } from '../store.ts';
import type { Connection } from './connection.ts';
import { readKeys, scanKeys } from './keys.ts';

/** What was in a database at the moment of its snapshot. */
export type Canary = {
  format: 1;
  /** By the server's clock, ISO 8601: whatever was written before is in the snapshot. */
  takenAt: string;
  database: number;
  /** How many databases the server that loads the snapshot has to have. */
  databases: number;
  /** Keys that never expire, by type. */
  keys: Record<string, number>;
  /** Sum of their digests, in hex: the same in whatever order they are read. */
  hash: string;
  /** How many keys expire; what they are is in the file beside the snapshot. */
  expiring: number;
  /** Memory that the data takes in a server, in bytes. */
  memoryBytes: number;
};

/** One line for each key that expires: when, and its digest. */
const expiringFile = 'expiring.txt';

export interface Census {
  keys: Record<string, number>;
  hash: string;
  /** Time of expiry by digest. */
  expiring: Map<string, number>;
  /** Digest by key (latin1), of all keys. */
  digests: Map<string, string>;
}

/** Reads a whole database. */
export async function takeCensus(connection: Connection, use: StoreUse, doing: string): Promise<Census> {
  const census: Census = { keys: {}, hash: '', expiring: new Map(), digests: new Map() };
  let sum = 0n;
  for await (const batch of scanKeys(connection)) {
    for (const { key, type, expiresAt, digest } of await readKeys(connection, batch)) {
      const name = key.toString('latin1');
      // A table that is being resized gives a key twice.
      if (census.digests.has(name)) continue;
      census.digests.set(name, digest);
      if (expiresAt >= 0) census.expiring.set(digest, expiresAt);
      else {
        census.keys[type] = (census.keys[type] ?? 0) + 1;
        sum += BigInt(`0x${digest}`);
      }
    }
    use.progress({ doing, done: census.digests.size, unit: 'keys' });
  }
  census.hash = BigInt.asUintN(128, sum).toString(16);
  return census;
}

export async function writeExpiring(folder: string, { expiring }: Census): Promise<void> {
  const lines = [...expiring].map(([digest, at]) => `${at} ${digest}\n`).sort();
  await writeFile(join(folder, expiringFile), lines.join(''), { mode: 0o600 });
}

/** @throws `IntegrityFailed` */
export function readCanary(canary: JsonObject): Canary {
  if (canary['format'] === 1 && typeof canary['hash'] === 'string') return canary as Canary;
  throw new SwitchbackError('IntegrityFailed', 'the recovery point says nothing that is known of its keys', {
    hint: 'It was written by another version; use that one.',
  });
}

/**
 * Compares what a snapshot gave with what went in. Keys whose time has come since are expired, and not lost.
 * @returns what was compared, one line each
 * @throws `ValidationMismatch`
 */
export async function compareWithCanary(census: Census, canary: Canary, folder: string): Promise<string[]> {
  const differ = (what: string) =>
    new SwitchbackError('ValidationMismatch', `what came out of the snapshot differs: ${what}`, {
      hint: 'The recovery point is no good; take another backup.',
    });
  for (const type of new Set([...Object.keys(canary.keys), ...Object.keys(census.keys)])) {
    const [was, is] = [canary.keys[type] ?? 0, census.keys[type] ?? 0];
    if (was !== is) throw differ(`${is} keys of type ${type}, not ${was}`);
  }
  if (canary.hash !== census.hash) throw differ('keys hold other values');
  const { expired, others } = await compareExpiring(census, folder);
  if (others > 0) throw differ(`${others} keys that expire`);
  const lasting = Object.entries(canary.keys).map(([type, count]) => `${count} of type ${type}`);
  return [
    `keys: ${lasting.join(', ') || 'none'}, with their values`,
    `keys that expire: ${canary.expiring}, of which ${expired} have expired since`,
  ];
}

async function compareExpiring({ expiring }: Census, folder: string): Promise<{ expired: number; others: number }> {
  const now = Date.now();
  const lines = (await readFile(join(folder, expiringFile), 'utf8')).split('\n').filter((line) => line !== '');
  const left = new Set(expiring.keys());
  let expired = 0;
  let missing = 0;
  for (const line of lines) {
    const [at = '', digest = ''] = line.split(' ');
    if (left.delete(digest)) continue;
    if (Number(at) <= now) expired += 1;
    else missing += 1;
  }
  return { expired, others: missing + left.size };
}
