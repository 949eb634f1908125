import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { DockerEngine } from '../../activities/docker/index.ts';
import { applySqlHandler } from '../../activities/effects/apply-sql.ts';
import { findPoint } from '../../activities/points/index.ts';
import { storeDrivers } from '../../activities/stores/registry.ts';
import type { CompiledPlan } from '../../runbook/compiled-plan.ts';
import type { OperationInputs } from '../../runbook/operations.ts';
import { performWith, TestTarget } from '../real/effect-context.ts';
import { PostgresServer, sentinel, sentinelMark } from './postgres-server.ts';
import { until } from './until.ts';

const handler = applySqlHandler({ stores: storeDrivers(new DockerEngine()) });
let server: PostgresServer;
let database: string;
let target: TestTarget;

beforeAll(async () => {
  server = await PostgresServer.start();
  await server.run('postgres', 'create database base');
  await server.run('base', schema);
});
afterAll(() => server.stop());
beforeEach(async () => {
  database = await server.database('base');
});
afterEach(() => target.remove());

const schema = `
  create type mood as enum ('happy', 'sad');
  create table customers (id bigint generated always as identity primary key, email text not null unique);
  create table orders (
    id bigint generated always as identity primary key,
    customer bigint not null references customers on delete cascade,
    price numeric(10, 2) not null check (price >= 0),
    mood mood not null default 'happy',
    at timestamptz not null default now());
  create index orders_at on orders (at);
  create function touch() returns trigger language plpgsql as 'begin new.at = now(); return new; end';
  create trigger orders_touch before update on orders for each row execute function touch();
  create view recent as select * from orders where at > now() - interval '1 day';
  create table log (id int, what text);
  create table empty (id int);
  create schema app;
  create table app.settings (name text primary key, value text);
  create table parts (id int, day date) partition by range (day);
  create table app.parts_2024 partition of parts for values from ('2024-01-01') to ('2025-01-01');
  insert into customers (email) select 'c' || n || '@example.org' from generate_series(1, 20) n;
  insert into orders (customer, price) select 1 + n % 20, n from generate_series(1, 200) n;
  insert into parts select n, '2024-02-03' from generate_series(1, 10) n;
  insert into log select n, 'line ' || n from generate_series(1, 50) n;`;

type Protect = Extract<CompiledPlan['protect'][number], { store: string }>;
const shielded: Protect = { store: 'shop', tables: ['public.*'], allow: 'expand' };
const frozen: Protect = { store: 'shop', tables: ['public.*'], allow: 'nothing' };

async function targetWith(...protect: Protect[]): Promise<TestTarget> {
  target = await TestTarget.make({
    project: 'shop',
    stores: { shop: { kind: 'postgres', url: '${env:SHOP_URL}' } },
    secrets: { SHOP_URL: server.url(database) },
    protect,
  });
  return target;
}

type Input = Partial<OperationInputs['applySql']>;
const step = (statement: string, more: Input = {}): OperationInputs['applySql'] => ({
  store: 'shop',
  source: { statement },
  transactional: true,
  expand: false,
  ...more,
});

let ids = 0;
const apply = (statement: string, more: Input & { id?: string; undoes?: string } = {}) => {
  const { id = `shop/apply/${(ids += 1)}-applySql`, undoes, ...input } = more;
  const context = target.context('applySql', step(statement, input), { id });
  if (undoes !== undefined) Object.assign(context.operation, { undoes: [undoes] });
  return performWith(handler, context);
};

const rows = (table: string) => server.value(database, `select count(*)::int from ${table}`);

describe('a step of SQL', () => {
  it('is applied once, however often it is attempted', async () => {
    await targetWith();
    const add = 'insert into log values (51, $$more$$); insert into log values (52, $$more$$)';
    const first = await apply(add, { id: 'a/apply/01' });
    expect(first.outcome).toBe('done');
    expect(first.performed.facts).toMatchObject({ statements: 2, rows: 2 });
    const second = await apply(add, { id: 'a/apply/01' });
    expect(second.outcome).toBe('adopted');
    expect(await rows('log')).toBe(52);
    expect(
      await server.run(database, 'select target, run, operation, epoch, attempt from switchback.ledger'),
    ).toMatchObject({
      rows: [{ target: 'shop', run: 'run-1', operation: 'a/apply/01', epoch: '1', attempt: 1 }],
    });
  });

  it('leaves nothing of itself when one of its statements fails', async () => {
    await targetWith();
    const bad = 'create table extra (id int);\ninsert into extra values (1);\ninsert into extra values (1, 2)';
    await expect(apply(bad)).rejects.toMatchObject({
      name: 'StepFailed',
      message: expect.stringMatching(/more expressions.*line 3/),
    });
    expect(await server.value(database, `select to_regclass('extra')`)).toBeNull();
    expect(await server.value(database, `select count(*)::int from switchback.ledger`)).toBe(0);
  });

  it.each([
    'commit',
    'rollback',
    'begin',
    'savepoint a',
    'do $$ begin commit; end $$',
    'insert into log values (60); commit; drop table log',
  ])('has no transaction control of its own: %s', async (control) => {
    await targetWith();
    await expect(apply(`insert into log values (99, 'x'); ${control}`)).rejects.toMatchObject({ name: 'Unsupported' });
    expect(await rows('log')).toBe(50);
  });

  it('of an attempt that was overtaken is refused by the database itself', async () => {
    await targetWith();
    await apply('select 1', { id: 'a/apply/01' });
    await server.run(database, `update switchback.fence set epoch = 2, operation = 'b/apply/01'`);
    await expect(apply(`insert into log values (99, 'x')`, { id: 'a/apply/02' })).rejects.toMatchObject({
      name: 'LeaseLost',
    });
    expect(await rows('log')).toBe(50);
  });

  it('is not committed when the lease is lost while it runs', async () => {
    await targetWith();
    const context = target.context('applySql', step(`insert into log values (99, 'x')`), { id: 'a/apply/03' });
    const prepared = await handler.prepare(context.operation.input, context);
    target.leaseLost = true;
    await expect(handler.perform(context.operation.input, context, prepared)).rejects.toMatchObject({
      name: 'LeaseLost',
    });
    expect(await rows('log')).toBe(50);
  });

  it('ends what an earlier attempt left running', async () => {
    await targetWith();
    const before = target.context('applySql', step(`insert into log values (99, 'x'); select pg_sleep(60)`), {
      id: 'a/apply/04',
    });
    const zombie = handler
      .perform(before.operation.input, before, { undo: before.operation.undo, facts: {} })
      .catch((error: unknown) => error);
    await until('sessions come and go', async () => (await running('%/a/apply/04/1')) === 1);
    const after = await apply(`insert into log values (99, 'x')`, { id: 'a/apply/04' });
    expect(after.outcome).toBe('done');
    expect(await zombie).toMatchObject({ name: 'Unreachable' });
    expect(await rows('log')).toBe(51);
  });

  it('is cancelled in the server when it is cancelled here', async () => {
    await targetWith();
    const abort = new AbortController();
    const context = target.context('applySql', step('select pg_sleep(60)'), { id: 'a/apply/05', signal: abort.signal });
    const running_ = handler.perform(context.operation.input, context, { undo: context.operation.undo, facts: {} });
    await until('sessions come and go', async () => (await running('%/a/apply/05/1')) === 1);
    abort.abort(new Error('stop it'));
    await expect(running_).rejects.toThrow('stop it');
    await until('sessions come and go', async () => (await running('%/a/apply/05/%')) === 0);
  });

  it('that waits too long for a lock gives up, and may be tried again', async () => {
    await targetWith();
    await server.with(database, async (client) => {
      await client.query('begin; lock table log');
      const lockers = apply(`set local lock_timeout = '200ms'; alter table log add column note text`);
      await expect(lockers).rejects.toMatchObject({ name: 'Busy' });
      await client.query('rollback');
    });
  });

  it('tells no secret when the server cannot be reached or refuses', async () => {
    await targetWith();
    for (const url of [
      server.url('nowhere'),
      server.url(database).replace('127.0.0.1', '127.0.0.2'),
      `postgres://${sentinel}@:x`,
    ]) {
      const { context } = { context: target.context('applySql', step('select 1')) };
      context.secret = async () => url;
      const error = await handler
        .observe(context.operation.input, context, undefined)
        .catch((failure: unknown) => failure);
      expect(error).toHaveProperty('name', expect.stringMatching(/Unreachable|PreconditionFailed|PlanInvalid/));
      expect(inspected(error)).not.toContain(sentinelMark);
    }
  });
});

describe('[rule 6] the guard', () => {
  const breaks: [what: string, sql: string][] = [
    ['TRUNCATE', 'truncate log'],
    ['TRUNCATE and filling it again', 'create temp table t as table log; truncate log; insert into log table t'],
    ['DROP TABLE', 'drop table log'],
    ['DROP TABLE CASCADE of what it depends on', 'drop table customers cascade'],
    ['DROP and CREATE of the same name', 'drop table log; create table log (id int, what text)'],
    ['DELETE', 'delete from log where id = 1'],
    ['UPDATE', `update log set what = 'x' where id = 1`],
    ['an UPDATE that finds nothing', `update log set what = 'x' where id = -1`],
    ['INSERT', `insert into log values (51, 'x')`],
    [
      'INSERT … ON CONFLICT DO UPDATE',
      `insert into customers (email) values ('c1@example.org') on conflict (email) do update set email = 'x'`,
    ],
    ['MERGE', `merge into log using (select 1 as id) s on log.id = s.id when matched then delete`],
    ['DELETE in a CTE', 'with gone as (delete from log returning id) select count(*) from gone'],
    ['DELETE that cascades', 'delete from customers where id = 1'],
    [
      'UPDATE in a function',
      `create function app.f() returns void language sql as 'update public.log set what = null'; select app.f()`,
    ],
    ['DELETE with EXECUTE in a DO block', `do $$ begin execute 'del' || 'ete from log'; end $$`],
    [
      'a trigger function that deletes',
      `create function app.t() returns trigger language plpgsql as 'begin delete from public.log; return new; end';
        create trigger t after insert on app.settings execute function app.t(); insert into app.settings values ('a', 'b')`,
    ],
    [
      'a constraint trigger that deletes at the commit',
      `create function app.t() returns trigger language plpgsql as 'begin delete from public.log; return new; end';
        create constraint trigger t after insert on app.settings deferrable initially deferred for each row execute function app.t();
        insert into app.settings values ('a', 'b')`,
    ],
    [
      'writing with the counters off',
      `do $$ begin execute 'set track' || chr(95) || 'counts = off'; end $$; delete from log where id = 1; set local work_mem = '4MB'`,
    ],
    ['RENAME', 'alter table log rename to old_log'],
    ['two RENAMEs', 'alter table log rename to old_log; create table log (like old_log)'],
    ['SET SCHEMA', 'alter table log set schema app'],
    ['renaming the schema', 'alter schema public rename to old; create schema public'],
    ['DROP COLUMN', 'alter table log drop column what'],
    ['RENAME COLUMN', 'alter table log rename column what to why'],
    ['ALTER TYPE', 'alter table log alter column id type bigint'],
    ['ALTER TYPE without a rewrite', 'alter table log alter column what type varchar'],
    ['SET NOT NULL', 'alter table log alter column id set not null'],
    ['DROP NOT NULL', 'alter table orders alter column at drop not null'],
    ['SET DEFAULT', 'alter table log alter column id set default 1'],
    ['ADD COLUMN NOT NULL on an empty table', 'alter table empty add column n int not null'],
    ['a column that rewrites the table', 'alter table log add column u uuid default gen_random_uuid()'],
    ['DROP CONSTRAINT', 'alter table orders drop constraint orders_price_check'],
    ['ADD CONSTRAINT', 'alter table log add constraint positive check (id > 0)'],
    ['DROP INDEX', 'drop index orders_at'],
    ['a unique index on what is written already', 'create unique index on log (what)'],
    ['ALTER INDEX RENAME', 'alter index orders_at rename to orders_when'],
    ['DROP TRIGGER', 'drop trigger orders_touch on orders'],
    ['DISABLE TRIGGER', 'alter table orders disable trigger orders_touch'],
    ['DISABLE TRIGGER ALL', 'alter table orders disable trigger all'],
    ['CREATE RULE', 'create rule r as on insert to log do instead nothing'],
    ['row security', 'alter table log enable row level security'],
    ['CREATE POLICY', 'create policy p on log using (false)'],
    ['OWNER TO', 'create role somebody; alter table log owner to somebody'],
    ['REVOKE', 'revoke insert on log from postgres'],
    ['DROP VIEW', 'drop view recent'],
    ['an enum value renamed', `alter type mood rename value 'sad' to 'gloomy'`],
    ['CLUSTER', 'cluster orders using orders_pkey'],
    ['SET UNLOGGED', 'alter table log set unlogged'],
    ['a partition, whatever its name', 'delete from app.parts_2024'],
    ['DETACH PARTITION', 'alter table parts detach partition app.parts_2024'],
    ['RESTART IDENTITY', 'alter sequence orders_id_seq restart'],
    ['a table as another role', `create role r superuser; set role r; delete from log`],
    [
      'a search path that hides the catalogue',
      `create temp table pg_class (x int); set search_path = pg_temp, public; truncate log`,
    ],
    [
      'what another statement undoes half of',
      `update log set what = 'x'; do $$ begin delete from app.settings; raise 'no'; exception when others then null; end $$`,
    ],
  ];
  it.each(breaks)('aborts %s', async (what, sql) => {
    await targetWith(shielded);
    // PostgreSQL 15 is the first that knows it.
    if (what === 'MERGE' && Number(await server.value('postgres', 'show server_version_num')) < 150_000) return;
    const before = await snapshotOf(database);
    await expect(apply(sql)).rejects.toMatchObject({
      name: 'Protected',
      facts: { store: 'shop', table: expect.any(String), changed: expect.any(String) },
    });
    expect(await snapshotOf(database)).toEqual(before);
    await server.run(database, 'drop role if exists somebody; drop role if exists r');
  });

  const additions: [what: string, sql: string][] = [
    ['a nullable column', 'alter table log add column note text'],
    ['a column with a default', `alter table log add column kind text not null default 'plain'`],
    ['a column with a constraint of its own', 'alter table log add column n int check (n > 0)'],
    ['an index', 'create index on log (id)'],
    ['a trigger', 'create trigger t before insert on log for each row execute function touch()'],
    ['a table that refers to a protected one', 'create table notes (id int, customer bigint references customers)'],
    ['a view', 'create view logs as table log'],
    ['an enum value', `alter type mood add value 'angry'`],
    ['GRANT', 'grant select on log to pg_monitor'],
    ['a partition', `create table parts_2025 partition of parts for values from ('2025-01-01') to ('2026-01-01')`],
    ['REFRESH of a materialised view', 'create materialized view m as table log; refresh materialized view m'],
  ];
  it.each(additions)('lets %s through where the plan allows to expand, and only there', async (_what, sql) => {
    await targetWith(frozen);
    await expect(apply(sql)).rejects.toMatchObject({
      name: 'Protected',
      hint: expect.stringContaining('allow: expand'),
    });
    await target.remove();
    await targetWith(shielded);
    expect((await apply(sql)).outcome).toBe('done');
  });

  it('lets steps read, and write to what is not protected', async () => {
    await targetWith({ ...frozen, tables: ['public.orders', 'public.customers'] });
    const sql = `create temp table t as select * from orders for update; insert into app.settings select id, 'x' from t; delete from log`;
    expect((await apply(sql)).performed.facts).toMatchObject({ rows: 250 });
  });

  it('does not take for a write what was rolled back inside the step', async () => {
    await targetWith(shielded);
    await apply(`do $$ begin delete from log; raise 'no'; exception when raise_exception then null; end $$`);
    expect(await rows('log')).toBe(50);
  });

  it('protects a table whose name holds a dot', async () => {
    await server.run(database, 'create table "odd.name" (id int); insert into "odd.name" values (1)');
    await targetWith(shielded);
    await expect(apply('delete from "odd.name"')).rejects.toMatchObject({ name: 'Protected' });
  });

  it("lets the plan's later steps fill what its earlier steps made, and nothing else", async () => {
    await targetWith(shielded);
    await apply('create table orders_v2 (id bigint primary key, cents bigint)');
    expect((await apply('insert into orders_v2 select id, price * 100 from orders')).performed.facts).toMatchObject({
      rows: 200,
    });
    await expect(apply('insert into orders_v2 values (999, 1); delete from log')).rejects.toMatchObject({
      name: 'Protected',
    });
  });
});

describe('taking a step back', () => {
  it('run → roll back → run again → complete: an undo removes what its step added', async () => {
    await targetWith(shielded);
    const before = await snapshotOf(database);
    const forward =
      'alter table orders add column note text; create index orders_note on orders (note); create table notes (id int)';
    const back = 'drop table notes; alter table orders drop column note';
    await apply(forward, { id: 'p/apply/01' });
    await apply(back, { id: 'rollback-1/01', undoes: 'run-1/p/apply/01' });
    expect(await snapshotOf(database)).toEqual(before);
    const again = await apply(forward, { id: 'p/apply/01' });
    expect(again.outcome).toBe('done');
    expect(again.performed.facts['added']).toHaveLength(3);
    expect(await server.value(database, `select to_regclass('notes')::text`)).toBe('notes');
  });

  it('still refuses what the step had not added', async () => {
    await targetWith(shielded);
    await apply('alter table orders add column note text', { id: 'p/apply/01' });
    await expect(
      apply('alter table orders drop column note; drop index orders_at', { id: 'r/01', undoes: 'run-1/p/apply/01' }),
    ).rejects.toMatchObject({
      name: 'Protected',
      message: expect.stringContaining('lost its index orders_at'),
    });
  });

  it('archives the data that it discards, with the rows that were written until it ran', async () => {
    await targetWith(shielded);
    await apply('create table notes (id int primary key, text text)', { id: 'p/apply/01' });
    await server.run(database, `insert into notes select n, 'note ' || n from generate_series(1, 30) n`);
    const { performed } = await apply('drop table notes', { id: 'r/01', undoes: 'run-1/p/apply/01' });
    expect(performed.facts['archived']).toMatchObject({ tables: ['public.notes'], rows: 30 });
    const { point } = performed.facts['archived'] as { point: string };
    const kept = await findPoint(target.home.points, point, 'run-1');
    expect(kept.manifest).toMatchObject({
      state: 'sealed',
      source: { kind: 'postgres-tables', resource: 'store:shop' },
    });
    expect(kept.manifest.canary).toMatchObject({ fingerprint: { tables: { 'public.notes': { rows: 30 } } } });
    // What was kept can be brought back by the tools that everybody has.
    await pgRestore(kept.folder, database);
    expect(await rows('notes')).toBe(30);
  });

  it.each(['drop table notes', 'drop view of_log'])(
    '[T4] is adopted by a retry, and by a rollback that was planned again, that nobody told of its end: %s',
    async (back) => {
      await targetWith(shielded);
      await apply('create table notes (id int); create view of_log as select * from log', { id: 'p/apply/01' });
      const undo = (id: string) => apply(back, { id, undoes: 'run-1/p/apply/01' });
      expect((await undo('rollback-1/01')).outcome).toBe('done');
      expect((await undo('rollback-1/01')).outcome).toBe('adopted');
      expect((await undo('rollback-2/01')).outcome).toBe('adopted');
    },
  );

  it('archives nothing when nothing is discarded', async () => {
    await targetWith(shielded);
    await apply('create index extra on log (id)', { id: 'p/apply/01' });
    const { performed } = await apply('drop index extra', { id: 'r/01', undoes: 'run-1/p/apply/01' });
    expect(performed.facts).not.toHaveProperty('archived');
  });

  it('keeps the undo as it was, though its file is edited later', async () => {
    await targetWith();
    await target.write('up.sql', 'create table u (id int)');
    await target.write('down.sql', 'drop table u');
    await target.seal('up.sql', 'down.sql');
    const context = target.context('applySql', step('', { source: { file: 'up.sql' } }), { id: 'p/apply/01' });
    const undo = {
      by: 'operation' as const,
      summary: 'drop u',
      lossy: true,
      kind: 'applySql' as const,
      input: step('', { source: { file: 'down.sql' } }),
      effects: [],
    };
    Object.assign(context.operation, { undo });
    const { prepared } = await performWith(handler, context);
    const input = (prepared.undo as { input: OperationInputs['applySql'] }).input;
    expect(input.source).toEqual({ digest: expect.stringMatching(/^[0-9a-f]{64}$/) });
    const back = target.context('applySql', input, { id: 'r/01' });
    expect((await performWith(handler, back)).outcome).toBe('done');
    expect(await server.value(database, `select to_regclass('u')`)).toBeNull();
  });
});

describe('SQL outside of a transaction', () => {
  const proof = `select exists (select from pg_index where indexrelid = to_regclass('log_id') and indisvalid)`;
  const index = 'create index concurrently log_id on log (id)';

  it('is applied, proven and adopted by its proof', async () => {
    await targetWith(shielded);
    const more = { transactional: false, proof, id: 'p/apply/01' };
    expect((await apply(index, more)).outcome).toBe('done');
    expect((await apply(index, more)).outcome).toBe('adopted');
    const undo = {
      transactional: false,
      proof: `select to_regclass('log_id') is null`,
      id: 'r/01',
      undoes: 'run-1/p/apply/01',
    };
    expect((await apply('drop index concurrently log_id', undo)).outcome).toBe('done');
  });

  it('makes no unique index on what the application writes already', async () => {
    await targetWith(shielded);
    const unique = 'create unique index concurrently log_id on log (id)';
    await expect(apply(unique, { transactional: false, proof })).rejects.toMatchObject({ name: 'Protected' });
    expect(await server.value(database, `select to_regclass('log_id')`)).toBeNull();
  });

  it('clears away what an interrupted attempt left', async () => {
    await targetWith();
    await server.run(database, `insert into log values (1, 'twice')`);
    const unique = 'create unique index concurrently log_id on log (id)';
    await expect(apply(unique, { transactional: false, proof, id: 'p/apply/01' })).rejects.toMatchObject({
      name: 'StepFailed',
    });
    expect(await server.value(database, `select indisvalid from pg_index where indexrelid = 'log_id'::regclass`)).toBe(
      false,
    );
    await server.run(database, `delete from log where what = 'twice'`);
    expect((await apply(unique, { transactional: false, proof, id: 'p/apply/01' })).outcome).toBe('done');
  });

  it('is only for statements that cannot touch a row', async () => {
    await targetWith(shielded);
    for (const sql of [
      'delete from log',
      'vacuum full log',
      'vacuum (verbose, full) log',
      'create index on log (id)',
      `${index}; truncate log`,
    ]) {
      await expect(apply(sql, { transactional: false, proof: 'select false' })).rejects.toMatchObject({
        name: 'Unsupported',
      });
    }
    await expect(apply(index, { transactional: false })).rejects.toMatchObject({ name: 'PlanInvalid' });
    expect(await rows('log')).toBe(50);
  });

  it('drops no index of a protected table', async () => {
    await targetWith(shielded);
    const drop = apply('drop index concurrently public.orders_at', {
      transactional: false,
      proof: `select to_regclass('orders_at') is null`,
    });
    await expect(drop).rejects.toMatchObject({
      name: 'Protected',
      message: expect.stringContaining('lost its index orders_at'),
    });
    expect(await server.value(database, `select to_regclass('orders_at')::text`)).toBe('orders_at');
  });

  it('fails when its proof still says no', async () => {
    await targetWith();
    await expect(apply(index, { transactional: false, proof: 'select false' })).rejects.toMatchObject({
      name: 'ValidationMismatch',
    });
  });
});

/** All that the guard is about, as text. */
async function snapshotOf(name: string): Promise<unknown> {
  const dump = await server.run(
    name,
    `select (select jsonb_object_agg(oid::regclass::text, relfilenode) from pg_class where relnamespace in ('public'::regnamespace, 'app'::regnamespace) and relkind in ('r', 'i', 'S')) as files,
       (select jsonb_agg(t) from log t) as log, (select count(*) from orders) as orders, (select count(*) from customers) as customers,
       (select jsonb_agg((attrelid::regclass::text, attname, atttypid::regtype::text) order by attrelid, attnum) from pg_attribute where attrelid in (select oid from pg_class where relnamespace = 'public'::regnamespace) and not attisdropped) as columns,
       (select jsonb_agg((tgname, tgenabled) order by oid) from pg_trigger) as triggers`,
  );
  return dump.rows[0];
}

const running = async (name: string) =>
  server.value(
    database,
    `select count(*)::int from pg_stat_activity where application_name like 'switchback/run-1${name.slice(1)}' and query ~ 'pg_sleep' and state = 'active'`,
  );

async function pgRestore(folder: string, into: string): Promise<void> {
  const { execa } = await import('execa');
  await execa(`${server.binaries}/pg_restore`, ['-d', server.url(into), `${folder}/dump`]);
}

const inspected = (error: unknown) =>
  `${String(error)} ${JSON.stringify(error, Object.getOwnPropertyNames(error))} ${String((error as Error).stack)}`;
