import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { DockerEngine } from '../../activities/docker/index.ts';
import { applySqlHandler } from '../../activities/effects/apply-sql.ts';
import { storeDrivers } from '../../activities/stores/registry.ts';
import type { OperationInputs } from '../../runbook/operations.ts';
import { performWith, TestTarget } from '../real/effect-context.ts';
import { PostgresServer } from './postgres-server.ts';

const handler = applySqlHandler({ stores: storeDrivers(new DockerEngine()) });
let server: PostgresServer;
let database: string;
let target: TestTarget;

const schema = `
  create type pay as enum ('pending', 'paid', 'refunded');
  create type addr as (street text, city text);
  create domain price as numeric(10, 2) check (value >= 0);
  create domain scan_id as oid;
  create table invoices (id bigint generated always as identity primary key, state pay not null default 'pending',
    states pay[] default '{pending}', ship addr, amount price, scan scan_id, note text);
  insert into invoices (state, states, ship, amount, note)
    select (array['pending', 'paid', 'refunded'])[1 + i % 3]::pay, array['paid', 'refunded']::pay[], row('Road ' || i, 'Town')::addr, i, 'n' || i
      from generate_series(1, 30) i;
  update invoices set scan = lo_from_bytea(0, convert_to('scan of ' || id, 'utf8')) where id <= 5;
  create function shout(text) returns text language sql as 'select $1 || chr(33)';
  create function stamp() returns trigger language plpgsql as 'begin new.note := shout(new.note); return new; end';
  create trigger stamp before insert on invoices for each row execute function stamp();
  create publication cdc for table invoices;
  create view open_invoices as select * from invoices where state = 'pending';
  create schema lib;
  create table lib.kinds (id int primary key, kind pay);
  create table lines (id serial primary key, kind int references lib.kinds);
  select setval('lines_id_seq', 40);`;

beforeAll(async () => {
  server = await PostgresServer.start();
  await server.run('postgres', 'create database base');
  await server.run('base', schema);
  await server.run('postgres', 'create role app login; create role other login');
});
afterAll(() => server.stop());
beforeEach(async () => {
  database = await server.database('base');
  target = await TestTarget.make({
    project: 'books',
    stores: { db: { kind: 'postgres', url: '${env:DB_URL}' } },
    secrets: { DB_URL: server.url(database) },
    protect: [{ store: 'db', tables: ['public.*'], allow: 'nothing' }],
  });
});
afterEach(() => target.remove());

let ids = 0;
function apply(statement: string, more: Partial<OperationInputs['applySql']> = {}) {
  const input = { store: 'db', source: { statement }, transactional: true, expand: false, ...more };
  return performWith(handler, target.context('applySql', input, { id: `a/apply/${(ids += 1)}-applySql` }));
}
const state = () =>
  server.value(
    database,
    `select jsonb_build_object('rows', (select jsonb_agg(to_jsonb(i) order by id) from public.invoices i),
       'scans', (select jsonb_agg(encode(data, 'hex') order by loid, pageno) from pg_largeobject),
       'next', (select last_value from public.lines_id_seq))::text`,
  );

/** Each hides what it does in SQL that is put together when it runs, so that nothing but the comparison can stop it. */
const hidden = (sql: string) => `do $x$ begin execute ${sql.split('').map((c) => `chr(${c.codePointAt(0)})`).join(' || ')}; end $x$`; // prettier-ignore

describe('[K9] what a protected table is made of, changed where no text shows it', () => {
  it.each([
    ['labels that change places', "alter type pay rename value 'paid' to 'x1'"],
    ['an attribute that is dropped', 'alter type addr drop attribute city cascade'],
    ['an attribute that is added', 'alter type addr add attribute zip text cascade'],
    ['a label that is added', "alter type pay add value 'later'"],
    ['large objects that are removed', 'select lo_unlink(scan) from invoices where scan is not null'],
    ['large objects that are written', "select lo_put(scan, 0, 'XXXX') from invoices where scan is not null"],
    ['a trigger function', "create or replace function stamp() returns trigger language plpgsql as 'begin return null; end'"], // prettier-ignore
    ['a function that a trigger function calls', "create or replace function shout(text) returns text language sql as 'select null::text'"], // prettier-ignore
    ['a constraint of a domain', 'alter domain price drop constraint price_check'],
    ['a default of a domain', 'alter domain price set default 1'],
    ['a publication', 'drop publication cdc'],
    ['a table of a publication', 'alter publication cdc drop table invoices'],
    ['a view', "create or replace view open_invoices as select * from invoices where state = 'paid'"],
    ['a search path', 'alter role app set search_path = lib, public'],
    ['rights past all others', 'alter role app bypassrls'],
    ['a table that hides another', 'create schema other; create table other.invoices (like public.invoices)'],
    ['a cast that is applied by itself', 'create cast (text as pay) with inout as assignment'],
    ['the catalogue itself', "update pg_enum set enumlabel = 'x' where enumlabel = 'paid'"],
    ['a table that becomes a part', 'create table lib.more (like invoices); alter table lib.more inherit invoices'],
    ['a sequence that is set back', "select setval('lines_id_seq', 1)"],
    ['a server function', "create or replace function pg_catalog.upper(text) returns text language sql as 'select $1'"],
    ['foreign keys that are switched off', 'alter table lib.kinds disable trigger all'],
    ['an extension that takes a table', 'create extension ltree; alter extension ltree add table invoices'],
    ['an event trigger', "create function lib.e() returns event_trigger language plpgsql as 'begin end'; create event trigger e on ddl_command_start execute function lib.e()"], // prettier-ignore
  ])('%s', async (_name, sql) => {
    const before = await state();
    const script = sql.split(/; (?=create|alter)/).map(hidden).join('; '); // prettier-ignore
    await expect(apply(script)).rejects.toMatchObject({ name: 'Protected', facts: { store: 'db' } });
    // A sequence goes back with no rollback, so that it is put right again.
    expect(await state()).toBe(before);
  });

  it.each([
    'create table lib.orders (id serial primary key, kind pay, at timestamptz default now()); insert into lib.orders (kind) values ($$paid$$)',
    'create type lib.mood as enum ($$a$$); alter type lib.mood rename value $$a$$ to $$b$$',
    "create function lib.f() returns int language sql as 'select 1'; create or replace function lib.f() returns int language sql as 'select 2'",
    "alter role app set statement_timeout = '5s'",
    'select lo_create(0)',
    'alter table lib.kinds add column note text; update lib.kinds set note = $$x$$',
    'select 1 into lib.made; drop table lib.made',
  ])('lets pass what no protected table is made of: %s', async (sql) => {
    await expect(apply(sql)).resolves.toMatchObject({ outcome: 'done' });
  });

  it('sends no second statement, whatever a text looks like to the server', async () => {
    await server.run('postgres', `alter database ${database} set standard_conforming_strings = off`);
    const text = "alter type lib.mood add value E'x'\n'\\''; drop table public.invoices; select 1 --'";
    await expect(apply(text, { transactional: false, proof: 'select true' })).rejects.toThrow(
      /outside of a transaction/,
    );
    const trick = "select '\\''; drop table public.invoices; --'";
    await expect(apply(trick)).resolves.toMatchObject({ outcome: 'done' });
    expect(await server.value(database, 'select count(*)::int from public.invoices')).toBe(30);
  });

  it('says what a step changed in the server beside the database', async () => {
    const done = await apply('create role reporter; grant reporter to other');
    expect(done.performed.facts).toMatchObject({ globals: ['membership of other in reporter', 'role reporter'] });
    await server.run('postgres', 'drop role reporter');
  });

  it('asks what a statement without a transaction would do before it runs', async () => {
    const label = apply("alter type pay add value 'later'", { transactional: false, proof: 'select false' });
    await expect(label).rejects.toMatchObject({ name: 'Protected' });
    expect(await server.value(database, "select count(*)::int from pg_enum where enumlabel = 'later'")).toBe(0);
  });
});
