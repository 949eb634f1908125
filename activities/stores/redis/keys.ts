import { createHash } from 'node:crypto';
import type { Connection, Reply } from './connection.ts';

/** Says what a database is: moves with `SWAPDB`, goes with `FLUSHDB`. Never copied. */
export const identityKey = 'switchback:identity';
/** Stands in a database that an operation fills, until it takes the place of the live one. */
export const ownerKey = 'switchback:owner';

const own = new Set([identityKey, ownerKey]);

/** All keys of a database but our own, in batches. A key that is there from beginning to end comes at least once. */
export async function* scanKeys(connection: Connection): AsyncGenerator<Buffer[]> {
  let cursor = '0';
  do {
    const [next, keys] = await connection.list('SCAN', cursor, 'COUNT', 500);
    cursor = String(next);
    const found = (Array.isArray(keys) ? keys : []).filter((key): key is Buffer => Buffer.isBuffer(key));
    const others = found.filter((key) => !own.has(key.toString('latin1')));
    if (others.length > 0) yield others;
  } while (cursor !== '0');
}

export interface KeyState {
  key: Buffer;
  type: string;
  /** When it expires, in milliseconds since 1970; -1 for never. */
  expiresAt: number;
  /** SHA-256 of key, type, logical value and expiry, cut to 16 bytes, in hex. */
  digest: string;
}

/** What these keys hold, by their logical values: the same whatever version or encoding holds them. Those that are gone are left out. */
export async function readKeys(connection: Connection, keys: readonly Buffer[]): Promise<KeyState[]> {
  const about = await Promise.all(
    keys.map((key) => Promise.all([connection.text('TYPE', key), connection.call('PEXPIRETIME', key)])),
  );
  const states = await Promise.all(
    keys.map(async (key, index): Promise<KeyState | undefined> => {
      const [type = 'none', expiry] = about[index] ?? [];
      const expiresAt = Number(expiry);
      if (type === 'none' || expiresAt === -2) return undefined;
      const value = await readValue(connection, key, type);
      if (value === null) return undefined;
      const hash = createHash('sha256');
      feed(hash, [key, type, String(expiresAt), value]);
      return { key, type, expiresAt, digest: hash.digest('hex').slice(0, 32) };
    }),
  );
  return states.filter((state) => state !== undefined);
}

/** Unambiguous: every text with its length, every list with its. */
function feed(hash: ReturnType<typeof createHash>, reply: Reply): void {
  if (Array.isArray(reply)) {
    hash.update(`[${reply.length}]`);
    for (const each of reply) feed(hash, each);
    return;
  }
  const bytes = Buffer.isBuffer(reply) ? reply : Buffer.from(String(reply));
  hash.update(`${bytes.length}:`).update(bytes);
}

/** Null where it has expired meanwhile. */
async function readValue(connection: Connection, key: Buffer, type: string): Promise<Reply> {
  switch (type) {
    case 'string':
      return connection.call('GET', key);
    case 'list':
      return whole(await connection.list('LRANGE', key, 0, -1));
    case 'set':
      return whole(inOrder(await connection.list('SMEMBERS', key), 1));
    case 'hash':
      return whole(inOrder(await connection.list('HGETALL', key), 2));
    case 'zset':
      return whole(await connection.list('ZRANGE', key, 0, -1, 'WITHSCORES'));
    case 'stream':
      return readStream(connection, key);
    default:
      // Of a module: its own form, without the version and checksum at the end.
      return dumped(await connection.call('DUMP', key));
  }
}

const whole = (reply: Reply[]): Reply => (reply.length === 0 ? null : reply);
const dumped = (reply: Reply): Reply => (Buffer.isBuffer(reply) ? reply.subarray(0, -10) : reply);

/** Groups of so many, in the order of their first. */
function inOrder(flat: Reply[], size: number): Reply[] {
  const groups: Reply[][] = [];
  for (let at = 0; at < flat.length; at += size) groups.push(flat.slice(at, at + size));
  const first = (group: Reply[]) => (Buffer.isBuffer(group[0]) ? group[0] : Buffer.alloc(0));
  return groups.sort((a, b) => Buffer.compare(first(a), first(b)));
}

/** Entries, and groups as far as time alone does not change them. A stream may be empty. */
async function readStream(connection: Connection, key: Buffer): Promise<Reply> {
  const [entries, groups] = await Promise.all([
    connection.list('XRANGE', key, '-', '+'),
    connection.list('XINFO', 'GROUPS', key),
  ]);
  const lasting = ['name', 'pending', 'last-delivered-id'];
  const kept = groups.map((group): Reply => {
    const flat = Array.isArray(group) ? group : [];
    return lasting.map((field) => flat[flat.findIndex((each) => String(each) === field) + 1] ?? null);
  });
  return [entries, kept];
}
