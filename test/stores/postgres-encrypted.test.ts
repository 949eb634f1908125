import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { DockerEngine } from '../../activities/docker/index.ts';
import { applySqlHandler } from '../../activities/effects/apply-sql.ts';
import { backupStoreHandler } from '../../activities/effects/backup-store.ts';
import { proveBackupHandler } from '../../activities/effects/prove-backup.ts';
import { restoreStoreHandler } from '../../activities/effects/restore-store.ts';
import { readPoint } from '../../activities/points/index.ts';
import { storeDrivers } from '../../activities/stores/registry.ts';
import { inHelper, newAgeKeys, type AgeKeys } from '../real/age-keys.ts';
import { performWith, TestTarget } from '../real/effect-context.ts';
import { ownName } from '../real/own-names.ts';
import { PostgresServer } from './postgres-server.ts';

const engine = new DockerEngine();
const stores = storeDrivers(engine);
const backup = backupStoreHandler({ engine, stores });
const restore = restoreStoreHandler({ engine, stores });
const sql = applySqlHandler({ stores });
const prove = proveBackupHandler({ engine, provers: [stores.postgres.prover] });
const words = 'words-that-must-not-be-read';

let server: PostgresServer;
let keys: AgeKeys;
let database: string;
const targets: TestTarget[] = [];

beforeAll(async () => {
  [server, keys] = await Promise.all([PostgresServer.start(), newAgeKeys(engine)]);
}, 120_000);
afterAll(() => server.stop());
beforeEach(async () => {
  database = await server.database();
  await server.run(
    database,
    `create table words (id int primary key, what text); insert into words select n, '${words}' from generate_series(1, 20000) n;
     create index on words (what); select lo_from_bytea(0, convert_to('${words}', 'UTF8'))`,
  );
});
afterEach(async () => {
  for (const target of targets.splice(0)) await target.remove();
});

/** A target whose plan encrypts to the given key and reads with the given one. */
async function targetWith(encrypt: { to: string[]; identity?: string } | undefined): Promise<TestTarget> {
  const target = await TestTarget.make({
    project: ownName('shop'),
    stores: { shop: { kind: 'postgres', url: '${env:SHOP_URL}' } },
    ...(encrypt && { encrypt: { to: encrypt.to, ...(encrypt.identity && { identity: '${env:AGE_KEY}' }) } }),
    secrets: { SHOP_URL: server.url(database), AGE_KEY: encrypt?.identity ?? '' },
  });
  targets.push(target);
  return target;
}

const backUp = (target: TestTarget) =>
  performWith(backup, target.context('backupStore', { store: 'shop', point: 'before' }, { id: 'p/backup/before' }));
const proving = (target: TestTarget) =>
  performWith(prove, target.context('proveBackup', { point: 'before' }, { id: 'p/cutover/prove' }));
const stored = async (target: TestTarget, point = 'before') =>
  (await readPoint(target.home.points, { run: 'run-1', point }))!;

async function expectNothingInPlain(target: TestTarget, folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const bytes = await readFile(join(folder, name));
    expect(bytes.includes(words)).toBe(false);
    if (name !== 'manifest.json') expect(bytes.subarray(0, 22).toString('latin1')).toBe('age-encryption.org/v1\n');
  }
  expect(await readdir(target.home.scratch)).toEqual([]);
}

describe('an encrypted backup of a database', () => {
  it('[K10][L7] is a stream that is plain nowhere on a disk; it is proven, and restored', async () => {
    const target = await targetWith({ to: [keys.recipient], identity: keys.identity });
    await backUp(target);
    const { manifest, folder } = await stored(target);
    expect(manifest).toMatchObject({ format: 2, encrypted: { to: [keys.recipient] }, canary: { globals: true } });
    expect(manifest.parts.map(({ file }) => file)).toEqual(['dump.zst.age', 'globals.sql.zst.age']);
    await expectNothingInPlain(target, folder);

    const { performed } = await proving(target);
    expect(performed.effect).toMatchObject({ state: 'restore-tested' });
    expect(JSON.stringify((await stored(target)).manifest.proof)).toContain('1 tables with 20000 rows');

    await server.run(database, 'delete from words where id > 100');
    const input = { store: 'shop', point: 'run-1/before' };
    await performWith(restore, target.context('restoreStore', input, { id: 'rollback-1/01-restoreStore' }));
    expect(await server.value(database, 'select count(*)::int from words')).toBe(20000);
    expect(await readdir(target.home.scratch)).toEqual([]);
  });

  it('[K10] says whose it is where the key is another one, and stays good; without a key it can be taken', async () => {
    const target = await targetWith({ to: [keys.recipient], identity: (await newAgeKeys(engine)).identity });
    await backUp(target);
    await expect(proving(target)).rejects.toMatchObject({
      name: 'AccessDenied',
      message: expect.stringContaining(`recovery point run-1/before is encrypted to ${keys.recipient}`),
    });
    expect((await stored(target)).manifest.state).toBe('verified');
    expect((await server.databases()).filter((name) => name.startsWith('switchback'))).toEqual([]);

    const keyless = await targetWith({ to: [keys.recipient] });
    await backUp(keyless);
    await expect(proving(keyless)).rejects.toMatchObject({ name: 'PreconditionFailed' });
  });

  it('[L7] tells which roles are missing from what it holds of them, and makes them', async () => {
    const role = `reader_${database}`;
    await server.run(database, `create role ${role} connection limit 3; grant select on words to ${role}`);
    const target = await targetWith({ to: [keys.recipient], identity: keys.identity });
    await backUp(target);
    await server.run(database, `drop owned by ${role}; drop role ${role}`);
    const restoring = (input: { createRoles?: true }, id: string) =>
      performWith(restore, target.context('restoreStore', { store: 'shop', point: 'run-1/before', ...input }, { id }));
    await expect(restoring({}, 'rollback-1/01-restoreStore')).rejects.toMatchObject({
      name: 'PreconditionFailed',
      hint: expect.stringMatching(new RegExp(`CREATE ROLE ${role};.*CONNECTION LIMIT 3`, 's')),
    });
    try {
      await restoring({ createRoles: true }, 'rollback-2/01-restoreStore');
      expect(await server.value(database, `select has_table_privilege('${role}', 'words', 'select')::text`)).toBe(
        'true',
      );
    } finally {
      await server.run(database, `drop owned by ${role}`);
    }
  });

  it('leaves nothing of a dump that failed', async () => {
    const target = await targetWith({ to: [keys.recipient], identity: keys.identity });
    const context = target.context('backupStore', { store: 'shop', point: 'before' }, { id: 'p/backup/before' });
    const ending = new AbortController();
    const aborted = { ...context, signal: ending.signal, progress: () => ending.abort(new Error('cancelled')) };
    await expect(performWith(backup, aborted)).rejects.toThrow();
    expect(await stored(target)).toBeUndefined();
    expect(await readdir(join(target.home.points, 'run-1')).catch(() => [])).toEqual([]);
    expect(await readdir(target.home.scratch)).toEqual([]);
    const mine = await engine.listByLabel({ 'io.switchback.target': target.plan.target });
    expect(mine).toEqual([]);
  });

  it('[L7] holds what an undo takes away, too', async () => {
    const target = await targetWith({ to: [keys.recipient], identity: keys.identity });
    const forward = {
      store: 'shop',
      transactional: true,
      expand: true,
      source: { statement: `create table notes as select id, '${words}'::text as note from words where id <= 10` },
    };
    await performWith(sql, target.context('applySql', forward, { id: 'p/apply/01-applySql' }));
    const back = { store: 'shop', transactional: true, expand: false, source: { statement: 'drop table notes' } };
    const undoing = target.context('applySql', back, { id: 'rollback-1/01-applySql' });
    const undoes = ['run-1/p/apply/01-applySql'];
    const { performed } = await performWith(sql, { ...undoing, operation: { ...undoing.operation, undoes } });
    const { point } = performed.facts['archived'] as { point: string };
    const archive = await stored(target, point.split('/')[1]);
    expect(archive.manifest).toMatchObject({
      source: { kind: 'postgres-tables' },
      encrypted: { to: [keys.recipient] },
    });
    await expectNothingInPlain(target, archive.folder);

    // What the documentation tells a person to do.
    await writeFile(join(target.root, 'key'), `${keys.identity}\n`);
    const { stdout } = await inHelper(
      engine,
      ['bash', '-c', 'age --decrypt --identity /keys/key /point/dump.zst.age | zstd -d --stdout | head -c 5'],
      [`${archive.folder}:/point:ro`, `${target.root}:/keys:ro`],
    );
    expect(stdout).toBe('PGDMP');
  });
});
