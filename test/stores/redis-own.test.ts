import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DockerEngine } from '../../activities/docker/index.ts';
import { backupStoreHandler } from '../../activities/effects/backup-store.ts';
import { proveBackupHandler } from '../../activities/effects/prove-backup.ts';
import { restoreStoreHandler } from '../../activities/effects/restore-store.ts';
import { findPoint } from '../../activities/points/index.ts';
import { storeDrivers } from '../../activities/stores/registry.ts';
import { performWith, TestTarget } from '../real/effect-context.ts';
import { RedisServer, sentinel } from './redis-server.ts';

const engine = new DockerEngine();
const stores = storeDrivers(engine);
let server: RedisServer;
let database: number;
let target: TestTarget;

const targetOn = (on: RedisServer, number: number) =>
  TestTarget.make({
    project: 'redis-own',
    stores: { store: { kind: 'redis', url: '${env:STORE_URL}' } },
    secrets: { STORE_URL: on.url(number) },
  });
const backUp = (point = 'a', on = target) =>
  performWith(
    backupStoreHandler({ engine, stores }),
    on.context('backupStore', { store: 'store', point }, { id: `p/backup/${point}` }),
  );
const restore = (id = 'r/01', on = target) =>
  performWith(
    restoreStoreHandler({ engine, stores }),
    on.context('restoreStore', { store: 'store', point: 'a' }, { id }),
  );
const prove = () =>
  performWith(
    proveBackupHandler({ engine, provers: [stores.redis.prover] }),
    target.context('proveBackup', { point: 'a' }, { id: 'p/prove/01' }),
  );

/** One key of every type, names and values that are no text, and expiries near and far. */
const everyType = [
  'SET text one',
  'SET "a key with \\x00 and \\xff" "\\x00\\x01\\xfe"',
  'SET later soon EX 86400',
  'RPUSH list a b a',
  'SADD set c a b',
  'HSET hash f 1 g 2',
  'ZADD zset 1 one 2.5 two',
  'PFADD visitors a b c',
  'SETBIT bits 7 1',
  'GEOADD places 13.36 38.11 palermo',
  'XADD stream 1-1 k v',
  'XADD stream 2-1 k w',
  'XGROUP CREATE stream readers 1-1',
];
const dump = async () => {
  const told: string[] = [];
  for (const read of [
    ['GET', 'text'],
    ['LRANGE', 'list', '0', '-1'],
    ['SORT', 'set', 'ALPHA'],
    ['HGET', 'hash', 'g'],
    ['ZSCORE', 'zset', 'two'],
    ['PFCOUNT', 'visitors'],
    ['GETBIT', 'bits', '7'],
    ['XRANGE', 'stream', '-', '+'],
    ['XINFO', 'GROUPS', 'stream'],
  ])
    told.push(await server.run(database, ...read));
  return told;
};

beforeAll(async () => {
  server = await RedisServer.start();
});
afterAll(() => server.stop());
beforeEach(async () => {
  database = server.database();
  target = await targetOn(server, database);
});
afterEach(() => target.remove());

describe('a store of Redis', () => {
  it('[L1] comes back with keys of every type, their expiry, and names that are no text', async () => {
    await server.load(database, everyType);
    const before = await dump();
    await backUp();
    expect((await prove()).outcome).toBe('done');
    await server.load(database, ['DEL list', 'HSET hash g 3', 'SET new 1', 'XADD stream 3-1 k x']);
    const { performed } = await restore();
    expect(performed.facts).toMatchObject({ lostRows: 3 });
    expect(await dump()).toEqual(before);
    expect(await server.run(database, 'EXISTS', 'new')).toBe('0');
    expect(Number(await server.run(database, 'TTL', 'later'))).toBeGreaterThan(86_000);
    expect(Number(await server.run(database, 'DBSIZE'))).toBe(11 + 1);
  });

  it('is not restored from a point that was damaged, and stays as it is', async () => {
    await server.load(database, everyType);
    await backUp();
    const keys = async () => (await server.run(0, 'INFO', 'keyspace')).replaceAll(/avg_ttl=\d+/g, '');
    const filled = await keys();
    const { folder } = await findPoint(target.home.points, 'a', 'run-1');
    const file = (await readdir(folder, { recursive: true })).find((name) => name.endsWith('.rdb'))!;
    const bytes = await readFile(join(folder, file));
    bytes[Math.floor(bytes.length / 2)]! ^= 0xff;
    await writeFile(join(folder, file), bytes);
    await expect(restore()).rejects.toMatchObject({ name: 'IntegrityFailed' });
    // It is known to be damaged now.
    await expect(prove()).rejects.toMatchObject({ name: 'PreconditionFailed' });
    expect(await server.run(database, 'GET', 'text')).toBe('one');
    expect(await keys()).toBe(filled);
  });

  it('is another one once its database was emptied: nothing is restored over what came since', async () => {
    await server.load(database, everyType);
    await backUp();
    await server.load(database, ['FLUSHDB', 'SET text other']);
    await expect(restore()).rejects.toMatchObject({ name: 'PreconditionFailed' });
    expect(await server.run(database, 'GET', 'text')).toBe('other');
  });

  it('is refused where its server has no second database, before anything is written', async () => {
    const small = await RedisServer.start({ databases: '1' });
    const own = await targetOn(small, 0);
    try {
      await small.load(0, ['SET text one']);
      await backUp('a', own);
      await expect(restore('r/01', own)).rejects.toMatchObject({ name: 'PreconditionFailed' });
      expect(await small.run(0, 'GET', 'text')).toBe('one');
    } finally {
      await own.remove();
      await small.stop();
    }
  });

  it('leaves its password in no file of the home, and in no message', async () => {
    await server.load(database, ['SET text one']);
    await backUp();
    const names = (await readdir(target.home.root, { recursive: true, withFileTypes: true })).filter((entry) =>
      entry.isFile(),
    );
    for (const { parentPath, name } of names)
      expect((await readFile(join(parentPath, name))).includes(sentinel)).toBe(false);
    await server.run(database, 'CONFIG', 'SET', 'requirepass', `${sentinel}-other`);
    const refused = await backUp('b').catch((error: unknown) => error);
    await new Promise<void>((resolve) => setImmediate(resolve));
    expect(JSON.stringify([refused, String(refused)])).not.toContain(sentinel);
    expect(refused).toMatchObject({ name: expect.stringMatching(/AccessDenied|PreconditionFailed|Unreachable/) });
  });
});
