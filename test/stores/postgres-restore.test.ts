import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { DockerEngine } from '../../activities/docker/index.ts';
import { backupStoreHandler } from '../../activities/effects/backup-store.ts';
import { proveBackupHandler } from '../../activities/effects/prove-backup.ts';
import { restoreStoreHandler, stateLoss } from '../../activities/effects/restore-store.ts';
import { listPoints, readPoint, type PointManifest } from '../../activities/points/index.ts';
import type { Canary } from '../../activities/stores/postgres/canary.ts';
import { postgresDriver } from '../../activities/stores/postgres/index.ts';
import { storeDrivers, type StoreDrivers } from '../../activities/stores/registry.ts';
import type { OperationInputs } from '../../runbook/operations.ts';
import { performWith, TestTarget } from '../real/effect-context.ts';
import { PostgresServer, sentinel, sentinelMark } from './postgres-server.ts';
import { until } from './until.ts';

const engine = new DockerEngine();
const stores = storeDrivers(engine);
const backup = backupStoreHandler({ engine, stores });
const restore = restoreStoreHandler({ engine, stores });
const prove = proveBackupHandler({ engine, provers: [stores.postgres.prover] });

let server: PostgresServer;
let database: string;
let target: TestTarget;

const schema = `
  create type mood as enum ('happy', 'sad');
  create table customers (id bigint generated always as identity primary key, email text not null unique);
  create table orders (id serial primary key, customer bigint references customers, price numeric(10,2), mood mood, span interval, doc json, tags text[]);
  create table pairs (a int, b text, n int, primary key (a, b));
  create table lines (what text);
  create table parts (id int, day date) partition by range (day);
  create table parts_2024 partition of parts for values from ('2024-01-01') to ('2025-01-01');
  create materialized view totals as select customer, sum(price) from orders group by 1;
  create sequence tickets start 1000;
  insert into customers (email) select 'c' || n from generate_series(1, 500) n;
  insert into orders (customer, price, mood, span, doc, tags)
    select 1 + n % 500, n / 7.0, 'sad', make_interval(hours => n), json_build_object('n', n), array['a', n::text] from generate_series(1, 25000) n;
  insert into pairs select n % 10, 'b' || n, n from generate_series(1, 100) n;
  insert into lines select 'line ' || n % 5 from generate_series(1, 50) n;
  insert into parts select n, '2024-05-06' from generate_series(1, 30) n;
  select nextval('tickets'), nextval('tickets');
  select lo_from_bytea(0, convert_to('large object ' || n, 'UTF8')) from generate_series(1, 5) n;`;

beforeAll(async () => {
  server = await PostgresServer.start();
  await server.run('postgres', 'create database base');
  await server.run('base', schema);
});
afterAll(() => server.stop());
beforeEach(async () => {
  database = await server.database('base');
  target = await TestTarget.make({
    project: 'shop',
    stores: { shop: { kind: 'postgres', url: '${env:SHOP_URL}' } },
    secrets: { SHOP_URL: server.url(database) },
  });
});
afterEach(() => target.remove());

const backUp = (point = 'before') =>
  performWith(backup, target.context('backupStore', { store: 'shop', point }, { id: `p/backup/${point}` }));
const restoring = (input: Partial<OperationInputs['restoreStore']> = {}, id = 'rollback-1/01-restoreStore') =>
  target.context('restoreStore', { store: 'shop', point: 'run-1/before', ...input }, { id });
const goBack = (input: Partial<OperationInputs['restoreStore']> = {}, id?: string) =>
  performWith(restore, restoring(input, id));
const proving = () => performWith(prove, target.context('proveBackup', { point: 'before' }, { id: 'p/cutover/prove' }));
const manifest = async () => (await readPoint(target.home.points, { run: 'run-1', point: 'before' }))!.manifest;
const canaryOf = (found: PointManifest) => found.canary as unknown as Canary;
const count = (table: string, where = 'true') =>
  server.value(database, `select count(*)::int from ${table} where ${where}`);

describe('a backup of a store', () => {
  it('[K10] is sealed with counts, hashes, sequences and large objects of the same moment', async () => {
    const { performed, outcome } = await backUp();
    expect(outcome).toBe('done');
    expect(performed.facts).toMatchObject({ point: 'run-1/before', bytes: expect.any(Number) });
    const found = await manifest();
    expect(found).toMatchObject({
      state: 'sealed',
      source: { kind: 'postgres', resource: 'store:shop' },
      quiesce: 'snapshot',
    });
    const canary = canaryOf(found);
    expect(canary.fingerprint.tables).toMatchObject({
      'public.orders': { rows: 25000 },
      'public.lines': { rows: 50 },
      'public.parts_2024': { rows: 30 },
    });
    expect(canary.fingerprint.tables['public.orders']!.chunks!.parts).toHaveLength(32);
    expect(canary).toMatchObject({
      sequences: { 'public.tickets': '1001' },
      largeObjects: { count: 5 },
      globals: true,
      database,
    });
    expect(await readFile(join(target.home.points, 'run-1/before/globals.sql'), 'utf8')).not.toContain('SCRAM');
    expect(target.identities.get('store:shop')).toMatch(/^\d+\/\d+$/);
  });

  it('is of one moment, while a client writes', async () => {
    let stop = false;
    const written: number[] = [];
    const writer = server.with(database, async (client) => {
      for (let n = 1; !stop; n += 1) {
        await client.query('insert into customers (email) values ($1)', [`new${n}`]);
        await client.query('insert into pairs values (99, $1, 1)', [`new${n}`]);
        written.push(n);
      }
    });
    await backUp();
    const canary = canaryOf(await manifest());
    stop = true;
    await writer;
    // Each customer is written before the pair of the same number: a snapshot has at most one more of these.
    const { 'public.customers': customers, 'public.pairs': pairs } = canary.fingerprint.tables;
    expect([0, 1]).toContain(customers!.rows - 500 - (pairs!.rows - 100));
    await proving();
    const { performed } = await goBack();
    const lost = performed.facts['tables'] as { table: string; missing: number }[];
    expect(lost.find((table) => table.table === 'public.customers')?.missing ?? 0).toBe(
      written.length - (customers!.rows - 500),
    );
  });

  it('is adopted when an attempt before had sealed it', async () => {
    await backUp();
    const sealed = await manifest();
    expect((await backUp()).outcome).toBe('adopted');
    expect(await manifest()).toEqual(sealed);
  });

  it('leaves nothing when it is cancelled or fails', async () => {
    const abort = new AbortController();
    const context = target.context(
      'backupStore',
      { store: 'shop', point: 'before' },
      { id: 'p/backup/1', signal: abort.signal },
    );
    await server.with(database, async (client) => {
      await client.query('begin; lock table orders');
      const running = performWith(backup, context).catch((error: unknown) => error);
      await until(
        'sessions come and go',
        async () =>
          (await server.value(
            database,
            `select count(*)::int from pg_stat_activity where wait_event_type = 'Lock'`,
          )) !== 0,
      );
      abort.abort(new Error('stop it'));
      expect(await running).toMatchObject({ message: 'stop it' });
      await client.query('rollback');
    });
    expect(await listPoints(target.home.points)).toEqual([]);
    await until(
      'sessions come and go',
      async () =>
        (await server.value(
          database,
          `select count(*)::int from pg_stat_activity where application_name like 'switchback/%'`,
        )) === 0,
    );
    expect(await readdir(target.home.scratch)).toEqual([]);
  });

  it('refuses a database that is another one of the same name', async () => {
    await backUp();
    await server.run('postgres', `drop database ${database}; `);
    await server.run('postgres', `create database ${database} template base`);
    await expect(backUp('later')).rejects.toMatchObject({
      name: 'PreconditionFailed',
      message: expect.stringContaining('another database'),
    });
  });

  it('[rule 8] shows its password nowhere: argv, environment, messages, points, scratch', async () => {
    const watched = await watchedTools();
    try {
      await performWith(
        backupStoreHandler({ engine, stores: watched.stores }),
        target.context('backupStore', { store: 'shop', point: 'before' }, { id: 'p/backup/before' }),
      );
      await performWith(
        proveBackupHandler({ engine, provers: [watched.stores.postgres.prover] }),
        target.context('proveBackup', { point: 'before' }, { id: 'p/cutover/prove' }),
      );
      await performWith(restoreStoreHandler({ engine, stores: watched.stores }), restoring());
      const seen = await watched.seen();
      for (const tool of ['pg_dump', 'pg_dumpall', 'pg_restore']) expect(Object.keys(seen)).toContain(tool);
      for (const found of Object.values(seen)) {
        expect(found).toContain('PGPASSFILE=');
        expect(found).not.toContain(sentinelMark);
      }
      expect(JSON.stringify([target.told, target.logged, await manifest()])).not.toContain(sentinelMark);
      expect(await readdir(target.home.scratch)).toEqual([]);
    } finally {
      await watched.remove();
    }
  });
});

describe('a proof', () => {
  it('[K10] restores into a scratch database, compares, measures, and drops it', async () => {
    await backUp();
    const { performed } = await proving();
    expect((await manifest()).state).toBe('restore-tested');
    expect(performed.facts['proof']).toMatchObject({
      tookMs: expect.any(Number),
      where: expect.stringMatching(/^scratch database switchback_scratch_/),
    });
    expect(performed.facts['proof']).toMatchObject({
      compared: [
        expect.stringMatching(/^6 tables? with 25\d\d\d rows|tables with/),
        '3 sequences',
        '5 large objects, by count and hash',
      ],
    });
    expect((await server.databases()).filter((name) => name.startsWith('switchback_'))).toEqual([]);
  });

  it('fails for a dump that holds other rows than were counted, and drops its scratch', async () => {
    await backUp();
    const folder = join(target.home.points, 'run-1/before');
    // As if the wrong rows had been dumped: the manifest is right about the bytes, and the bytes are wrong about the rows.
    const found = await manifest();
    found.canary = JSON.parse(JSON.stringify(found.canary).replace('"rows":50,', '"rows":51,'));
    const { encodeManifest, sealOf } = await import('../../activities/points/manifest.ts');
    await writeFile(join(folder, 'manifest.json'), encodeManifest({ ...found, seal: sealOf(found) }));
    await expect(proving()).rejects.toMatchObject({
      name: 'ValidationMismatch',
      message: expect.stringContaining('public.lines has 50 rows where 51 were'),
    });
    expect((await manifest()).state).toBe('failed');
    expect((await server.databases()).filter((name) => name.startsWith('switchback_'))).toEqual([]);
    await expect(goBack()).rejects.toMatchObject({ name: 'PreconditionFailed' });
  });

  it('fails for a damaged dump', async () => {
    await backUp();
    const dump = join(target.home.points, 'run-1/before/dump');
    const sizes = await Promise.all(
      (await readdir(dump)).map(async (name) => ({ name, size: (await stat(join(dump, name))).size })),
    );
    const largest = join(dump, sizes.sort((a, b) => b.size - a.size)[0]!.name);
    const bytes = await readFile(largest);
    bytes[bytes.length >> 1]! ^= 1;
    await writeFile(largest, bytes);
    await expect(proving()).rejects.toMatchObject({ name: 'IntegrityFailed' });
  });

  it('drops the scratch that a dead attempt left', async () => {
    await backUp();
    const { scratchPrefix } = await import('../../activities/stores/postgres/object-names.ts');
    const left = `${scratchPrefix({ target: 'shop', run: 'run-1', operation: 'p/cutover/prove' })}0`;
    await server.run('postgres', `create database ${left}`);
    await proving();
    expect(await server.databases()).not.toContain(left);
  });
});

describe('a restore of a store', () => {
  it('[K7] brings back what was there, and states exactly what it loses', async () => {
    await backUp();
    await server.run(
      database,
      `
      insert into customers (email) select 'late' || n from generate_series(1, 7) n;
      update orders set price = price + 1 where id in (3, 4000, 25000);
      delete from pairs where b = 'b5';
      update pairs set n = -1 where b = 'b6';
      insert into lines values ('line 1'), ('new'), ('new');
      delete from lines where ctid = (select min(ctid) from lines where what = 'line 2');
      create table extra (id int primary key); insert into extra values (1), (2);
      select lo_from_bytea(0, 'new'), lo_unlink((select min(oid) from pg_largeobject_metadata));
      alter table parts add column note text; update parts set note = 'x' where id <= 4`,
    );
    const identity = target.identities.get('store:shop');
    const { performed, outcome, prepared } = await goBack();
    expect(outcome).toBe('done');
    expect(performed.facts['tables']).toEqual([
      { table: 'public.customers', missing: 7, different: 0, returning: 0 },
      { table: 'public.extra', missing: 2, different: 0, returning: 0 },
      { table: 'public.lines', missing: 3, different: 0, returning: 1 },
      { table: 'public.orders', missing: 0, different: 3, returning: 0 },
      { table: 'public.pairs', missing: 0, different: 1, returning: 1 },
      { table: 'public.parts_2024', missing: 4, different: 0, returning: 4 },
      { table: 'large objects', missing: 1, different: 0, returning: 1 },
    ]);
    expect(performed.facts).toMatchObject({ lostRows: 21, lostSeconds: expect.any(Number), point: 'run-1/before' });
    expect(await count('customers')).toBe(500);
    expect(await count('lines', `what = 'new'`)).toBe(0);
    expect(await server.value(database, `select to_regclass('extra')`)).toBeNull();
    expect(target.identities.get('store:shop')).toBe(performed.facts['identity']);
    expect(performed.facts['identity']).not.toBe(identity);
    expect(await server.databases()).toContain(performed.facts['replaced']);
    expect(prepared.undo).toMatchObject({
      by: 'operation',
      kind: 'restoreStore',
      lossy: true,
      input: { replaced: performed.facts['replaced'] },
    });
  });

  it('can be taken back, and forth again', async () => {
    await backUp();
    await server.run(database, `insert into customers (email) values ('late')`);
    const first = await goBack();
    await server.run(database, `insert into customers (email) values ('after the restore')`);
    const back = await goBack({ replaced: String(first.performed.facts['replaced']) }, 'rollback-2/01');
    expect(await count('customers', `email = 'late'`)).toBe(1);
    expect(back.performed.facts).toMatchObject({
      lostRows: 1,
      tables: [{ table: 'public.customers', missing: 0, different: 1, returning: 0 }],
    });
    const again = await goBack({ replaced: String(back.performed.facts['replaced']) }, 'rollback-3/01');
    expect(await count('customers', `email = 'after the restore'`)).toBe(1);
    expect(await server.databases()).toContain(again.performed.facts['replaced']);
  });

  it('carries owner, privileges, settings, comment and limits over', async () => {
    await server.run(
      'postgres',
      `
      create role owner_of_shop; create role reader;
      alter database ${database} owner to owner_of_shop;
      revoke connect on database ${database} from public; grant connect on database ${database} to reader;
      alter database ${database} set search_path = "$user", public, "Odd, one";
      alter database ${database} set statement_timeout = '7s';
      alter database ${database} set shop.flavour = 'it''s "sweet"';
      alter role reader in database ${database} set work_mem = '5MB';
      alter database ${database} connection limit 17;
      comment on database ${database} is 'the shop';`,
    );
    const about = async () =>
      (
        await server.run(
          'postgres',
          `select pg_get_userbyid(datdba) as owner, datacl::text as acl, datconnlimit as most, datallowconn as open, datcollate, shobj_description(oid, 'pg_database') as comment,
          (select jsonb_agg((setrole::regrole, setconfig) order by setrole) from pg_db_role_setting where setdatabase = d.oid) as settings from pg_database d where datname = '${database}'`,
        )
      ).rows[0];
    const before = await about();
    await backUp();
    await goBack();
    expect(sorted(await about())).toEqual(sorted(before));
    await server.run(
      'postgres',
      `drop database ${(await server.databases()).find((name) => name.includes('__replaced_'))}; drop database ${database}; drop role owner_of_shop; drop role reader`.split(
        ';',
      )[0]!,
    );
  });

  it('keeps clients out from the measurement to the exchange, and lets them in afterwards', async () => {
    await backUp();
    const client = await connected();
    const lost = new Promise((resolve) => client.on('error', resolve));
    const { performed } = await goBack();
    expect(await lost).toBeInstanceOf(Error);
    expect(performed.facts['fencedMs']).toBeGreaterThan(0);
    expect(await count('customers')).toBe(500);
    await expect(server.run(String(performed.facts['replaced']), 'select 1')).rejects.toThrow(
      'not currently accepting connections',
    );
  });

  it('leaves the live database open and as it was when it fails', async () => {
    await backUp();
    await server.run(
      database,
      `begin; insert into customers (email) values ('late'); commit; begin; insert into customers (email) values ('two-phase'); prepare transaction 'stuck'`,
    );
    await expect(goBack()).rejects.toMatchObject({
      name: 'PreconditionFailed',
      message: expect.stringContaining('prepared transactions'),
    });
    expect(await count('customers', `email = 'late'`)).toBe(1);
    await server.run(database, `rollback prepared 'stuck'`);
    expect((await server.databases()).filter((name) => name.includes('__restore_'))).toEqual([]);
    expect((await goBack()).outcome).toBe('done');
  });

  it('does not exchange anything once the lease is lost', async () => {
    await backUp();
    const context = restoring();
    const prepared = await restore.prepare(context.operation.input, context);
    target.leaseLost = true;
    await expect(restore.perform(context.operation.input, context, prepared)).rejects.toMatchObject({
      name: 'LeaseLost',
    });
    expect(await restore.observe(context.operation.input, restoring(), prepared)).toBe('absent');
    expect(await count('customers')).toBe(500);
  });

  it('tells by oid whether it was done, and adopts with the loss that was measured then', async () => {
    await backUp();
    await server.run(database, `insert into customers (email) values ('late')`);
    const first = await goBack();
    await server.run(database, `insert into customers (email) values ('even later'), ('and later')`);
    const second = await performWith(restore, restoring(), first.prepared);
    expect(second.outcome).toBe('adopted');
    expect(second.performed.facts).toMatchObject({
      lostRows: 1,
      replaced: first.performed.facts['replaced'],
      identity: first.performed.facts['identity'],
    });
  });

  it('says that it cannot tell when both names mean something else', async () => {
    await backUp();
    const context = restoring();
    const prepared = await restore.prepare(context.operation.input, context);
    await server.run('postgres', `alter database ${database} rename to elsewhere_${database}`);
    expect(await restore.observe(context.operation.input, restoring(), prepared)).toBe('unknown');
  });

  it('never puts a point of single tables, or of another store, in the place of a database', async () => {
    await backUp();
    const folder = join(target.home.points, 'run-1/before');
    const found = await manifest();
    found.source.kind = 'postgres-tables';
    const { encodeManifest, sealOf } = await import('../../activities/points/manifest.ts');
    await writeFile(join(folder, 'manifest.json'), encodeManifest({ ...found, seal: sealOf(found) }));
    await expect(goBack()).rejects.toMatchObject({
      name: 'PreconditionFailed',
      message: expect.stringContaining('postgres-tables'),
    });
  });

  it('[M4] tells beforehand what it would lose, without restoring', async () => {
    await backUp();
    await server.run(
      database,
      `insert into customers (email) values ('late'), ('later'); update orders set price = 0 where id in (1, 24000); delete from pairs where b = 'b5'`,
    );
    const loss = await stateLoss({ stores }, restoring(), 'shop', 'run-1/before');
    expect(loss).toMatchObject({ measured: 'at least', lostRows: 4 });
    expect(loss.tables).toEqual([
      { table: 'public.customers', missing: 2, different: 0, returning: 0 },
      { table: 'public.orders', missing: 0, different: 2, returning: 0 },
      { table: 'public.pairs', missing: 0, different: 0, returning: 1 },
    ]);
  });

  it('works for an owner who is no superuser', async () => {
    await server.run(
      'postgres',
      `create role plain login createdb password '${sentinel.replaceAll("'", "''")}'; alter database ${database} owner to plain`,
    );
    await server.run(database, `reassign owned by postgres to plain`).catch(() => undefined);
    const own = `own_${database}`;
    await server.run('postgres', `create database ${own} owner plain`);
    await server.run(
      own,
      `create table things (id int primary key); insert into things select generate_series(1, 100)`,
      'plain',
    );
    await target.remove();
    target = await TestTarget.make({
      project: 'shop',
      stores: { shop: { kind: 'postgres', url: '${env:SHOP_URL}' } },
      secrets: { SHOP_URL: server.url(own, 'plain') },
    });
    await backUp();
    await proving();
    await server.run(own, 'insert into things values (101)', 'plain');
    expect((await goBack()).performed.facts).toMatchObject({ lostRows: 1 });
    expect(await server.value(own, 'select count(*)::int from things')).toBe(100);
  });
});

async function connected() {
  const { default: pg } = await import('pg');
  const client = new pg.Client({ connectionString: server.url(database) });
  await client.connect();
  return client;
}

/** Command line and environment of every process. */
/** Client tools that write down what anybody could see of their process, and then do their work: nobody has to look in time. */
async function watchedTools() {
  const folder = await mkdtemp(join(tmpdir(), 'sbt-watched-'));
  for (const tool of ['pg_dump', 'pg_dumpall', 'pg_restore']) {
    const script = `#!/bin/sh\ncat /proc/$$/cmdline /proc/$$/environ >>'${folder}/${tool}.seen'\nexec '${server.binaries}/${tool}' "$@"\n`;
    await writeFile(join(folder, tool), script);
    await chmod(join(folder, tool), 0o755);
  }
  const major = Number(await server.value('postgres', `select current_setting('server_version_num')::int / 10000`));
  const watched: StoreDrivers = {
    ...stores,
    postgres: postgresDriver(engine, { engine, findClientTools: async () => ({ folder, major }) }),
  };
  return {
    stores: watched,
    async seen(): Promise<Record<string, string>> {
      const files = (await readdir(folder)).filter((name) => name.endsWith('.seen'));
      const texts = files.map(async (name) => [
        name.replace('.seen', ''),
        await readFile(join(folder, name), 'latin1'),
      ]);
      return Object.fromEntries(await Promise.all(texts));
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

/** Lists in an order of their own: the server keeps privileges in the order in which they were granted. */
const sorted = (about: Record<string, unknown>) => ({
  ...about,
  acl: String(about['acl']).replace(/[{}]/g, '').split(',').sort(),
});
