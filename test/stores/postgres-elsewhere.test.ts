import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { DockerEngine } from '../../activities/docker/index.ts';
import { backupStoreHandler } from '../../activities/effects/backup-store.ts';
import { restoreStoreHandler } from '../../activities/effects/restore-store.ts';
import { storeDrivers } from '../../activities/stores/registry.ts';
import type { Operation, OperationInputs } from '../../runbook/operations.ts';
import { performWith, TestTarget } from '../real/effect-context.ts';
import { PostgresServer } from './postgres-server.ts';

const engine = new DockerEngine();
const stores = storeDrivers(engine);
const restore = restoreStoreHandler({ engine, stores });
let server: PostgresServer;
let database: string;
let target: TestTarget;

beforeAll(async () => {
  server = await PostgresServer.start();
  await server.run('postgres', 'create database base');
  await server.run(
    'base',
    `create table t (id int primary key); insert into t select generate_series(1, 500);
     create role seller; create role "the buyer"; create role nobody_needed; grant seller to "the buyer";
     create table sold (id int); alter table sold owner to seller; grant select on t to "the buyer"`,
  );
});
afterAll(() => server.stop());
beforeEach(async () => {
  database = await server.database('base');
  target = await TestTarget.make({
    project: 'shop',
    stores: {
      shop: { kind: 'postgres', url: '${env:SHOP_URL}' },
    },
    secrets: { SHOP_URL: server.url(database) },
  });
  await performWith(
    backupStoreHandler({ engine, stores }),
    target.context('backupStore', { store: 'shop', point: 'a' }, { id: 'p/backup/01' }),
  );
});
afterEach(() => target.remove());

const context = (input: Partial<OperationInputs['restoreStore']>, id = 'backup/01-restoreStore') =>
  target.context('restoreStore', { store: 'shop', point: 'a', ...input }, { id });
const mine = async () => (await server.databases()).filter((name) => name.startsWith(database));

describe('a restore beside the store’s database', () => {
  it('[M4] makes a new database of the name that was asked for, and leaves the live one alone', async () => {
    await server.run(database, 'insert into t values (501)');
    const identity = target.identities.get('store:shop');
    const named = `${database}_as_it_was`;
    const { performed, prepared } = await performWith(restore, context({ named }));
    expect(performed.summary).toBe(`restored run-1/a as database ${named}, beside store shop; nothing was replaced`);
    expect(await server.value(named, 'select count(*)::int from t')).toBe(500);
    expect(await server.value(database, 'select count(*)::int from t')).toBe(501);
    expect(prepared.undo).toEqual({ by: 'keeping', summary: `database ${named} is new and disturbs nobody` });
    expect(target.identities.get('store:shop')).toBe(identity);
    expect(await mine()).toEqual([database, named]);
    // A further attempt finds it done; another operation finds the name taken.
    expect((await performWith(restore, context({ named }), prepared)).outcome).toBe('adopted');
    await expect(performWith(restore, context({ named }, 'backup/02'))).rejects.toMatchObject({
      name: 'Conflict',
      message: `database ${named} exists already, which a restore never writes over`,
    });
  });

  it('is unknown when somebody else has made a database of that name meanwhile', async () => {
    const named = `${database}_b`;
    const asked = context({ named });
    const prepared = await restore.prepare(asked.operation.input, asked);
    await server.run('postgres', `create database ${named}`);
    expect(await restore.observe(asked.operation.input, context({ named }), prepared)).toBe('unknown');
  });

  it.each([`switchback_scratch_1`, 'x__restore_1', 'semi;colon', ''])('refuses the name %j', async (named) => {
    await expect(performWith(restore, context({ named }))).rejects.toMatchObject({ name: 'PlanInvalid' });
  });

  it('that fails leaves nothing', async () => {
    const named = `${database}_c`;
    const asked = context({ named });
    const prepared = await restore.prepare(asked.operation.input, asked);
    target.leaseLost = true;
    await expect(restore.perform(asked.operation.input, asked, prepared)).rejects.toMatchObject({ name: 'LeaseLost' });
    expect(await mine()).toEqual([database]);
  });
});

describe('roles that are gone', () => {
  it('are named all at once, only those that the dump needs; and made when that is asked for', async () => {
    // Shared by all databases of the test, so another cluster's lack of them is played by another name.
    await server.run(
      'postgres',
      'alter role seller rename to seller_was; alter role "the buyer" rename to buyer_was; drop role nobody_needed',
    );
    try {
      const named = `${database}_d`;
      await expect(performWith(restore, context({ named }))).rejects.toMatchObject({
        name: 'PreconditionFailed',
        message: expect.stringContaining('in rights: seller, the buyer'),
        hint: expect.stringMatching(/CREATE ROLE seller; ALTER ROLE seller WITH .*CREATE ROLE "the buyer";/),
      });
      const { performed } = await performWith(restore, context({ named, createRoles: true }));
      expect(performed.facts['warnings']).toEqual([
        'made the roles seller, the buyer, without passwords: a backup holds none',
      ]);
      expect(await server.value(named, `select pg_has_role('the buyer', 'seller', 'member')`)).toBe(true);
      expect(await server.value(named, `select pg_get_userbyid(relowner) from pg_class where relname = 'sold'`)).toBe(
        'seller',
      );
      expect(await server.value(named, `select count(*)::int from pg_roles where rolname = 'nobody_needed'`)).toBe(0);
    } finally {
      for (const name of await mine()) await server.run('postgres', `drop database ${name} with (force)`);
    }
  });
});

it('an operation of version 1 means what it meant', async () => {
  const old = context({});
  (old.operation as unknown as Operation).version = 1;
  await server.run(database, 'insert into t values (501)');
  const { performed } = await performWith(restore, old);
  expect(performed.facts).toMatchObject({ lostRows: 1, replaced: expect.stringContaining('__replaced_') });
});
