import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { DockerEngine } from '../../activities/docker/index.ts';
import { backupStoreHandler } from '../../activities/effects/backup-store.ts';
import { proveBackupHandler } from '../../activities/effects/prove-backup.ts';
import { restoreStoreHandler } from '../../activities/effects/restore-store.ts';
import { listPoints, readPoint } from '../../activities/points/index.ts';
import type { Canary } from '../../activities/stores/postgres/canary.ts';
import { storeDrivers } from '../../activities/stores/registry.ts';
import type { CanaryQuery } from '../../runbook/stores/postgres.ts';
import { performWith, TestTarget } from '../real/effect-context.ts';
import { PostgresServer } from './postgres-server.ts';

const engine = new DockerEngine();
const stores = storeDrivers(engine);
let server: PostgresServer;
let database: string;
let target: TestTarget | undefined;

beforeAll(async () => {
  server = await PostgresServer.start();
  await server.run('postgres', 'create database base');
  await server.run(
    'base',
    `create schema sales; create table sales.orders (id int primary key, state text, price numeric(10,2));
     insert into sales.orders select n, case when n % 4 = 0 then 'paid' else 'open' end, n / 3.0 from generate_series(1, 1000) n;
     -- In the database that is live it says one thing, in the one that is being built another.
     create function place() returns text stable language sql as $$ select case when current_database() ~ '^switchback|__restore' then 'there' else 'here' end $$`,
  );
});
afterAll(() => server.stop());
beforeEach(async () => {
  database = await server.database('base');
  await server.run('postgres', `alter database ${database} set search_path = sales, public`);
});
afterEach(() => target?.remove());

async function withCanary(canary: CanaryQuery[]): Promise<TestTarget> {
  target = await TestTarget.make({
    project: 'shop',
    stores: { shop: { kind: 'postgres', url: '${env:SHOP_URL}', canary } },
    secrets: { SHOP_URL: server.url(database) },
  });
  return target;
}
const backUp = (of: TestTarget) =>
  performWith(
    backupStoreHandler({ engine, stores }),
    of.context('backupStore', { store: 'shop', point: 'a' }, { id: 'p/backup/01' }),
  );
const prove = (of: TestTarget) =>
  performWith(
    proveBackupHandler({ engine, provers: [stores.postgres.prover] }),
    of.context('proveBackup', { point: 'a' }, { id: 'p/prove/01' }),
  );
const restore = (of: TestTarget) =>
  performWith(
    restoreStoreHandler({ engine, stores }),
    of.context('restoreStore', { store: 'shop', point: 'a' }, { id: 'r/01' }),
  );
const point = async (of: TestTarget) => (await readPoint(of.home.points, { run: 'run-1', point: 'a' }))!.manifest;

describe('canary queries of the plan', () => {
  it('[K10] are asked in the snapshot of the dump, by the names that the database itself finds, and again of what is restored', async () => {
    const asked = [
      { title: 'paid orders', query: `select count(*) from orders where state = 'paid'` },
      { query: 'select sum(price) from orders;' },
      { title: 'nothing', query: 'select max(price) from orders where id < 0' },
    ];
    const shop = await withCanary(asked);
    let stop = false;
    const writer = server.with(database, async (client) => {
      // Both or neither: a value of another moment than the table's count would show.
      for (let n = 1001; !stop; n += 1) await client.query(`insert into orders values (${n}, 'paid', 1)`);
    });
    await backUp(shop);
    stop = true;
    await writer;
    const canary = (await point(shop)).canary as unknown as Canary;
    const more = canary.fingerprint.tables['sales.orders']!.rows - 1000;
    expect(canary.queries).toEqual({
      searchPath: 'sales, public',
      answers: [
        { ...asked[0], value: String(250 + more) },
        { ...asked[1], value: (166_833.33 + more).toFixed(2) },
        { ...asked[2], value: null },
      ],
    });
    const { performed } = await prove(shop);
    expect(performed.facts['proof']).toMatchObject({
      compared: expect.arrayContaining(['3 canary queries, by value']),
    });
    expect((await restore(shop)).outcome).toBe('done');
  });

  it('fail a proof and a restore that give other values, or none, each by name with both values', async () => {
    const shop = await withCanary([
      { title: 'place', query: 'select place()' },
      { title: 'rows', query: 'select count(*) from orders' },
      { query: `select case when place() = 'here' then 1 else 1 / (id - id) end from orders where id = 1` },
    ]);
    await backUp(shop);
    const wrong = `canary query "place" gave here then and gives there now; canary query "select case when`;
    await expect(prove(shop)).rejects.toMatchObject({
      name: 'ValidationMismatch',
      message: expect.stringContaining(wrong),
    });
    expect((await point(shop)).failure?.why).toMatch(/gave 1 then and fails now: .*division by zero/);
    expect((await server.databases()).filter((name) => name.startsWith('switchback_'))).toEqual([]);
  });

  it('fail a restore before anything is exchanged', async () => {
    const shop = await withCanary([{ title: 'place', query: 'select place()' }]);
    await backUp(shop);
    await server.run(database, `insert into orders values (5000, 'late', 1)`);
    await expect(restore(shop)).rejects.toMatchObject({
      name: 'ValidationMismatch',
      message: expect.stringContaining('canary query "place" gave here then and gives there now'),
    });
    expect(await server.value(database, 'select count(*)::int from sales.orders')).toBe(1001);
    expect((await server.databases()).filter((name) => name.startsWith(`${database}__`))).toEqual([]);
  });

  it.each([
    ['select count(*) from missing', /^canary query "select count\(\*\) from missing" fails: .*missing/],
    ['select id from orders', /gives 1000 rows of 1 columns, not one value/],
    ['select 1, 2', /gives 1 rows of 2 columns, not one value/],
    [`select repeat('x', 1001)`, /gives 1001 characters/],
    [`select setval('counter', 1)`, /fails: .*/],
  ])('that cannot be asked leave no point: %s', async (query, message) => {
    await server.run(database, 'create sequence counter');
    const shop = await withCanary([{ query }]);
    await expect(backUp(shop)).rejects.toMatchObject({ name: 'PlanInvalid', message: expect.stringMatching(message) });
    expect(await listPoints(shop.home.points)).toEqual([]);
  });
});
