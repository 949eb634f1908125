import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { DockerEngine } from '../../activities/docker/index.ts';
import { backupStoreHandler } from '../../activities/effects/backup-store.ts';
import { proveBackupHandler } from '../../activities/effects/prove-backup.ts';
import { restoreStoreHandler } from '../../activities/effects/restore-store.ts';
import { findPoint } from '../../activities/points/index.ts';
import { postgresDriver } from '../../activities/stores/postgres/index.ts';
import { storeDrivers, type StoreDrivers } from '../../activities/stores/registry.ts';
import type { OperationInputs } from '../../runbook/operations.ts';
import { performWith, TestTarget } from '../real/effect-context.ts';
import { ownName, sweepDead, sweepOwn } from '../real/own-names.ts';
import { image17, Postgres17 } from './postgres-17.ts';
import { PostgresServer, sentinel } from './postgres-server.ts';

const engine = new DockerEngine();
const stores = storeDrivers(engine);
const project = ownName('upgrade');
let old: PostgresServer;
let fresh: Postgres17;
let database: string;
let target: TestTarget;

const schema = `
  create extension pg_trgm; create extension citext; create extension hstore;
  create role shop_owner login; create role "Odd reader"; create role auditors; grant auditors to "Odd reader";
  alter role shop_owner set work_mem = '7MB';
  create schema sales authorization shop_owner;
  create table sales.orders (id bigint generated always as identity primary key, customer citext not null, tags hstore,
    price numeric(10,2), placed timestamptz default now(), state text, doc jsonb);
  alter table sales.orders owner to shop_owner;
  create index on sales.orders using gin (customer gin_trgm_ops);
  create sequence tickets start 1000; alter sequence tickets owner to shop_owner;
  insert into sales.orders (customer, tags, price, state, doc)
    select 'Customer ' || n % 77, hstore('n', n::text), n / 7.0, case when n % 3 = 0 then 'paid' else 'open' end, jsonb_build_object('n', n)
    from generate_series(1, 12000) n;
  grant select on sales.orders to "Odd reader"; grant usage on schema sales to auditors;
  alter table sales.orders enable row level security;
  create policy own on sales.orders for select to auditors using (true);
  select nextval('tickets'), nextval('tickets');
  select lo_from_bytea(0, convert_to('large object ' || n, 'UTF8')) from generate_series(1, 9) n;`;

beforeAll(async () => {
  await sweepDead(engine);
  old = await PostgresServer.start();
  await old.run('postgres', 'create database base');
  await old.run('base', schema);
  fresh = await Postgres17.start(engine, project, 'db17');
}, 600_000);
afterAll(async () => {
  await old.stop();
  await fresh.stop();
  await sweepOwn(engine);
});
beforeEach(async () => {
  database = await old.database('base');
  await old.run('postgres', `alter database ${database} set search_path = sales, public`);
  await fresh.run('postgres', 'drop database shop with (force)');
  await fresh.run('postgres', 'create database shop');
  await fresh.run('shop', 'create table already (n int primary key); insert into already values (1), (2), (3)');
  target = await TestTarget.make({
    project,
    stores: {
      orders: {
        kind: 'postgres',
        url: '${env:ORDERS_URL}',
        // By a name that only the database's own setting finds.
        canary: [{ title: 'paid orders', query: `select count(*) from orders where state = 'paid'` }],
      },
      orders17: { kind: 'postgres', service: 'db17', database: 'shop', user: 'postgres', password: '${env:PASSWORD}' },
    },
    secrets: { ORDERS_URL: old.url(database), PASSWORD: sentinel },
  });
});
afterEach(() => target.remove());

const backUp = (store: string, drivers: StoreDrivers = stores) =>
  performWith(
    backupStoreHandler({ engine, stores: drivers }),
    target.context('backupStore', { store, point: store }, { id: `p/backup/${store}` }),
  );
const proving = (point: string, drivers: StoreDrivers = stores) =>
  performWith(
    proveBackupHandler({ engine, provers: [drivers.postgres.prover] }),
    target.context('proveBackup', { point }, { id: `p/prove/${point}` }),
  );
const moving = (input: Partial<OperationInputs['restoreStore']> = {}, id = 'backup/01') =>
  performWith(
    restoreStoreHandler({ engine, stores }),
    target.context('restoreStore', { store: 'orders17', point: 'orders', from: 'orders', ...input }, { id }),
  );
const manifest = async (point: string) => (await findPoint(target.home.points, point, 'run-1')).manifest;
const ours = async () =>
  (await fresh.run('postgres', 'select datname from pg_database where not datistemplate order by 1')).rows.map(
    ({ datname }) => String(datname),
  );

describe('a point of PostgreSQL 15', () => {
  it('says all at once which roles a server of 17 lacks, before anything is done, and how they are made', async () => {
    await backUp('orders');
    await fresh.run('postgres', 'drop role if exists shop_owner, "Odd reader", auditors');
    await expect(moving()).rejects.toMatchObject({
      name: 'PreconditionFailed',
      message:
        'the server has not the roles that the backup names as owners and in rights: Odd reader, auditors, shop_owner',
      hint: expect.stringMatching(
        /--create-roles: CREATE ROLE "Odd reader"; ALTER ROLE "Odd reader" WITH [A-Z ]+; CREATE ROLE auditors;.*CREATE ROLE shop_owner; ALTER ROLE shop_owner WITH [A-Z ]*LOGIN/,
      ),
    });
    expect(await ours()).toEqual(['postgres', 'shop']);
  });

  it('[K10] moves into a store of 17 with roles, extensions, sequences, large objects and canary, and back out', async () => {
    await backUp('orders');
    const proof = await proving('orders');
    expect(proof.performed.facts['proof']).toMatchObject({
      compared: expect.arrayContaining(['9 large objects, by count and hash', '1 canary query, by value']),
    });
    await fresh.run('postgres', 'drop role if exists shop_owner, "Odd reader", auditors');
    const { performed, prepared } = await moving({ createRoles: true });
    expect(performed.facts).toMatchObject({
      point: 'run-1/orders',
      from: 'orders',
      lostRows: 3,
      warnings: ['made the roles Odd reader, auditors, shop_owner, without passwords: a backup holds none'],
    });
    expect(String(await fresh.value('shop', 'show server_version'))).toMatch(/^17\./);
    expect(await fresh.value('shop', `select count(*)::int from sales.orders where state = 'paid'`)).toBe(4000);
    expect(await fresh.value('shop', `select count(*)::int from sales.orders where customer % 'CUSTOMER 7'`)).toBe(
      12000,
    );
    expect(await fresh.value('shop', `select tags -> 'n' from sales.orders where id = 77`)).toBe('77');
    expect(await fresh.value('shop', `select nextval('tickets')::int`)).toBe(1002);
    expect(await fresh.value('shop', `select count(*)::int from pg_largeobject_metadata`)).toBe(9);
    expect(await fresh.value('shop', `select pg_get_userbyid(relowner) from pg_class where relname = 'orders'`)).toBe(
      'shop_owner',
    );
    expect(await fresh.value('shop', `select has_table_privilege('Odd reader', 'sales.orders', 'select')`)).toBe(true);
    expect(await fresh.value('shop', `select pg_has_role('Odd reader', 'auditors', 'member')`)).toBe(true);
    expect(await fresh.value('shop', `select rolconfig[1] from pg_roles where rolname = 'shop_owner'`)).toBe(
      'work_mem=7MB',
    );
    // Each store keeps an identity of its own, and the replaced data is there.
    expect(target.identities.get('store:orders17')).toBe(performed.facts['identity']);
    expect(target.identities.get('store:orders')).not.toBe(performed.facts['identity']);
    const kept = String(performed.facts['replaced']);
    expect(await ours()).toEqual(['postgres', 'shop', kept].sort());

    if (prepared.undo.by !== 'operation') throw new Error('it has no undo');
    const back = await moving(prepared.undo.input as OperationInputs['restoreStore'], 'rollback/01');
    expect(back.performed.facts['identity']).not.toBe(performed.facts['identity']);
    expect(await fresh.value('shop', 'select count(*)::int from already')).toBe(3);
  });

  it('goes into no store by accident: without `from` a point of another store is refused', async () => {
    await backUp('orders');
    await expect(
      performWith(
        restoreStoreHandler({ engine, stores }),
        target.context('restoreStore', { store: 'orders17', point: 'orders' }, { id: 'backup/02' }),
      ),
    ).rejects.toMatchObject({ name: 'PreconditionFailed', message: expect.stringContaining('is of store:orders') });
    expect(await fresh.value('shop', 'select count(*)::int from already')).toBe(3);
  });
});

describe('a point of PostgreSQL 17', () => {
  it('is packed by zstd, says which client wrote it, and is proven by that of its own image', async () => {
    await backUp('orders17');
    expect((await manifest('orders17')).canary['dump']).toEqual({ client: 17, compression: 'zstd' });
    const contents = await readFile(join(target.home.points, 'run-1/orders17/contents.txt'), 'utf8');
    expect(contents).toContain('Compression: zstd');
    await proving('orders17');
    expect((await manifest('orders17')).state).toBe('restore-tested');
  });

  it('is refused where only older clients are, before anything is done', async () => {
    // Where this machine has 17 itself there is no older one to go back to.
    if (Number(await old.value('postgres', `select current_setting('server_version_num')::int`)) >= 170_000) return;
    await backUp('orders17');
    const back = { store: 'orders', point: 'orders17', from: 'orders17' };
    const asIfOld: StoreDrivers = {
      ...stores,
      postgres: postgresDriver(engine, {
        engine,
        findClientTools: async (major) => (major > 15 ? undefined : { folder: old.binaries, major: 15 }),
      }),
    };
    await expect(
      performWith(
        restoreStoreHandler({ engine, stores: asIfOld }),
        target.context('restoreStore', back, { id: 'backup/03' }),
      ),
    ).rejects.toMatchObject({
      name: 'PreconditionFailed',
      message: 'the dump was written by pg_dump 17, and there is no pg_restore of version 17 or newer here',
    });
    expect((await old.databases()).filter((name) => name.includes('__restore_'))).toEqual([]);
  });
});

(process.platform === 'linux' ? describe : describe.skip)('clients that are newer than the server', () => {
  let folder: string;
  let newer: StoreDrivers;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sbt-newer-'));
    // As installed on this host: the tools of 17, run from their image in the host's own network and files.
    for (const tool of ['pg_dump', 'pg_dumpall', 'pg_restore']) {
      const variables = ['PGHOST', 'PGPORT', 'PGUSER', 'PGSSLMODE', 'PGPASSFILE', 'PGAPPNAME', 'LC_ALL'];
      const options = ['--rm', '--network', 'host', '--user', `${process.getuid?.() ?? 0}`, '--volume', '/tmp:/tmp'];
      const argv = [...options, ...variables.flatMap((name) => ['--env', name]), '--entrypoint', tool, image17];
      await writeFile(join(folder, tool), `#!/bin/sh\nexec docker run ${argv.join(' ')} "$@"\n`);
      await chmod(join(folder, tool), 0o755);
    }
    const box = { engine, findClientTools: async () => ({ folder, major: 17 }) };
    newer = { ...stores, postgres: postgresDriver(engine, box) };
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('back up and prove it, although their pg_restore sets what it does not know', async () => {
    await backUp('orders', newer);
    expect((await manifest('orders')).canary['dump']).toEqual({ client: 17, compression: 'zstd' });
    await proving('orders', newer);
    expect((await manifest('orders')).state).toBe('restore-tested');
  });

  it('fail all the same for anything else that goes wrong', async () => {
    await old.run(
      database,
      `create function public.here(int) returns boolean immutable language plpgsql as $$ begin
         if current_database() like 'switchback%' then raise exception 'not in a scratch'; end if; return true; end $$;
       create table picky (id int check (public.here(id))); insert into picky values (1)`,
    );
    await backUp('orders', newer);
    await expect(proving('orders', newer)).rejects.toMatchObject({
      name: 'StepFailed',
      message: expect.stringContaining('not in a scratch'),
    });
    expect((await old.databases()).filter((name) => name.startsWith('switchback_'))).toEqual([]);
  });
});
