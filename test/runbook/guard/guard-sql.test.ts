import { describe, expect, it } from '@jest/globals';
import { loadSqlParser } from '../../../activities/sql/index.ts';
import * as guard from '../../../runbook/guard/index.ts';
import type { ProtectedResource } from '../../../runbook/compiled-plan.ts';

const parser = await loadSqlParser();
const guardSql = (sql: string, protect: ProtectedResource[], store: string, options: guard.GuardSqlOptions) =>
  guard.guardSql(sql, protect, store, options, parser);

const strict: ProtectedResource[] = [{ store: 'shop', tables: ['public.orders'], allow: 'nothing' }];
const expand: ProtectedResource[] = [{ store: 'shop', tables: ['public.orders'], allow: 'expand' }];
const everything: ProtectedResource[] = [{ store: 'shop', tables: ['*'], allow: 'expand' }];
const bySchema: ProtectedResource[] = [{ store: 'shop', tables: ['archive.*'], allow: 'nothing' }];

const errors = (sql: string, protect = strict, made?: ReadonlySet<string>, transactional = true) =>
  guardSql(sql, protect, 'shop', { transactional, ...(made === undefined ? {} : { made }) })
    .filter(({ severity }) => severity === 'error')
    .map(({ message }) => message);
const warnings = (sql: string, protect = strict) =>
  guardSql(sql, protect, 'shop', { transactional: true })
    .filter(({ severity }) => severity === 'warning')
    .map(({ message }) => message);

describe('[K9] what steps may not do beside protected tables', () => {
  it.each([
    ['delete from switchback.ledger', /reaches the schema switchback/],
    ['drop schema switchback cascade', /reaches the schema switchback/],
    ['revoke usage on schema public from app', /reaches everything in the schema public/],
    ['revoke usage on type pay from app', /changes who may use the type pay/],
    ['revoke connect on database shop from app', /changes who may use the database shop/],
    ['alter database shop connection limit 0', /changes who may use the database shop/],
    ["alter publication cdc set (publish = 'insert')", /changes the publication cdc/],
    ["create user mapping for app server far options (user 'x')", /changes the server far/],
    ['alter trigger t on orders depends on extension x', /DEPENDS ON EXTENSION on orders/],
    ["do $$ begin execute format('drop table %I', 'orders'); end $$", /DROP TABLE on orders/],
    ["create procedure p() language sql as 'delete from public.orders'; call p()", /DELETE on public.orders/],
  ])('%s', (sql, message) => {
    expect(errors(sql).join()).toMatch(message);
  });

  it.each([
    'revoke create on schema public from public',
    'revoke all on function f() from public',
    'create type pay as enum (); revoke usage on type pay from app',
    "do $$ begin execute format('drop table %I', 'other'); end $$",
    'create role switchback',
  ])('lets pass: %s', (sql) => {
    expect(errors(sql)).toEqual([]);
  });

  it.each([
    ['refresh materialized view concurrently totals', /would run without a transaction/],
    ['create index concurrently i on other (f(a))', /would run without a transaction, and it calls f\(\)/],
    [
      "create index concurrently i on other (a) where 'a' ### 'b'",
      /would run without a transaction, and it uses the operator ###/,
    ],
  ])('outside of a transaction: %s', (sql, message) => {
    expect(errors(sql, strict, undefined, false).join()).toMatch(message);
  });
});

describe('[K9] what steps may not do to protected tables', () => {
  const refused: [string, string][] = [
    ['drop table orders', 'DROP TABLE on orders, which is protected (shop: public.orders)'],
    ['DROP TABLE IF EXISTS public.orders CASCADE', 'DROP TABLE on public.orders'],
    ['drop table a, b, "public"."orders"', 'DROP TABLE on public.orders'],
    ['drop table shop.public.orders', 'DROP TABLE on public.orders'],
    ['/* drop */ drop /* a -- b /* nested */ */ table -- x\n orders', 'DROP TABLE on orders'],
    ['DROP TABLE U&"\\006frders"', 'DROP TABLE on orders'],
    ['truncate orders', 'TRUNCATE on orders'],
    ['TRUNCATE TABLE ONLY other, orders *', 'TRUNCATE on orders'],
    ['truncate other cascade', 'TRUNCATE … CASCADE reaches everything that depends on it'],
    ['delete from orders', 'DELETE on orders'],
    ['DELETE FROM ONLY public.orders WHERE false', 'DELETE on public.orders'],
    ['update orders set a = 1', 'UPDATE on orders'],
    ['update orders * set a = 1', 'UPDATE on orders'],
    ['insert into orders values (1)', 'INSERT on orders'],
    ['insert into orders select 1 on conflict do nothing', 'INSERT on orders'],
    ['merge into orders using x on true when matched then delete', 'MERGE on orders'],
    ['with gone as (delete from orders returning 1) select * from gone', 'DELETE on orders'],
    ['with x as (select 1) update orders set a = 1', 'UPDATE on orders'],
    ['explain analyze delete from orders', 'DELETE on orders'],
    ['prepare gone as delete from orders', 'DELETE on orders'],
    ['create table copy as with gone as (delete from orders returning *) select * from gone', 'DELETE on orders'],
    ["copy orders from '/tmp/x'", 'COPY … FROM on orders'],
    ['alter table orders rename to orders_old', 'ALTER TABLE … RENAME TO on orders'],
    ['alter table orders rename column a to b', 'ALTER TABLE … RENAME COLUMN on orders'],
    ['alter table orders drop column a', 'ALTER TABLE … DROP COLUMN a on orders'],
    ['alter table orders add column b int, drop a', 'ALTER TABLE … DROP COLUMN a on orders'],
    ['alter table only public.orders alter column a type int using a::int', 'ALTER TABLE … ALTER COLUMN a TYPE on'],
    ['alter table orders alter a set not null', 'ALTER TABLE … ALTER COLUMN on orders'],
    ['alter table orders set schema archive', 'ALTER TABLE … SET SCHEMA on orders'],
    ['alter table orders detach partition p', 'ALTER TABLE … DETACH PARTITION on orders'],
    ['alter table orders disable trigger all', 'ALTER TABLE … DISABLE TRIGGER ALL on orders'],
    ['alter table orders owner to eve', 'ALTER TABLE … OWNER TO on orders'],
    ['alter table if exists orders drop constraint x', 'ALTER TABLE … DROP CONSTRAINT on orders'],
    ['alter table all in tablespace a set tablespace b', 'ALTER TABLE ALL reaches the whole database'],
    ['drop trigger audit on orders', 'DROP TRIGGER on orders'],
    ['alter policy p on orders using (true)', 'ALTER POLICY on orders'],
    ['create rule r as on insert to orders do instead nothing', 'CREATE RULE on orders'],
    ['create or replace trigger t before insert on orders execute function f()', 'CREATE OR REPLACE TRIGGER on orders'],
    ['revoke all on orders from shop', 'REVOKE on orders'],
    ['revoke all on all tables in schema public from shop', 'REVOKE reaches everything in the schema public'],
    ['drop schema public cascade', 'DROP SCHEMA reaches everything in the schema public'],
    ['alter schema public rename to old', 'ALTER SCHEMA … RENAME TO reaches everything in the schema public'],
    ['drop owned by shop', 'DROP OWNED reaches the whole database'],
    ['reassign owned by shop to eve', 'REASSIGN OWNED reaches the whole database'],
    ['drop type mood cascade', 'DROP TYPE … CASCADE reaches everything that depends on it'],
    ['drop extension citext cascade', 'DROP EXTENSION … CASCADE reaches'],
    ['drop function f() cascade', 'DROP FUNCTION … CASCADE reaches'],
    ['cluster orders', 'CLUSTER on orders'],
    ['set search_path = x; drop table orders', 'DROP TABLE on orders'],
    ["select set_config('search_path', 'public', true); truncate orders", 'TRUNCATE on orders'],
    [
      'create table orders (a int); drop table if exists orders2; select 1; drop table public.orders',
      'CREATE TABLE on orders',
    ],
    ['create table if not exists orders (a int); drop table orders', 'DROP TABLE on orders'],
    ['do $$ begin drop table orders; end $$', 'DROP TABLE on orders'],
    ["do 'begin delete from orders; end'", 'DELETE on orders'],
    ['do $a$ begin if true then truncate orders; else perform 1; end if; end $a$', 'TRUNCATE on orders'],
    ['do $$ begin for r in select 1 loop update orders set a = 1; end loop; end $$', 'UPDATE on orders'],
    ["do $$ begin execute 'drop table orders'; end $$", 'DROP TABLE on orders'],
    ["do $$ begin execute format('drop table public.orders%s', ''); end $$", 'DROP TABLE on public.orders'],
    ["do $$ begin execute E'drop\\ttable\\x20orders'; end $$", 'DROP TABLE on orders'],
    ['create table x (o text references orders on delete cascade)', 'CREATE TABLE … REFERENCES on orders'],
    ['create table p partition of orders for values in (1)', 'CREATE TABLE … PARTITION on orders'],
    ['do $$ declare r record; begin for r in delete from orders returning * loop end loop; end $$', 'DELETE on orders'],
    ["do $$ begin for r in execute 'drop table orders' loop end loop; end $$", 'DROP TABLE on orders'],
    ['-- x\rdrop table orders', 'DROP TABLE on orders'],
    ['comment on table x is $$;$$; drop table orders', 'DROP TABLE on orders'],
    ["select 'it''s'; drop table orders", 'DROP TABLE on orders'],
    ["select E'it\\'s'; drop table orders", 'DROP TABLE on orders'],
    ['select $tag$ drop table a; $tag$; drop table orders', 'DROP TABLE on orders'],
    ['create function f() returns int begin atomic select 1; select 2; end; drop table orders', 'DROP TABLE on orders'],
    ["alter type mood add value E'x'\n'\\''; drop table public.orders; select 1 --'", 'DROP TABLE on public.orders'],
    [
      "alter type pay rename value 'paid' to 'x'",
      'ALTER TYPE … RENAME VALUE changes the type pay, and shop: public.orders',
    ],
    ['alter type addr drop attribute city cascade', 'ALTER TYPE … DROP ATTRIBUTE changes the type addr'],
    ['alter type pay rename to pays', 'ALTER TYPE … RENAME TO changes the type pay'],
    ['select lo_unlink(oid) from pg_largeobject_metadata', 'lo_unlink() changes large objects'],
    ["select lo_put(1, 0, 'x')", 'lo_put() changes large objects'],
    ['do $$ begin perform lo_unlink(scan) from orders; end $$', 'lo_unlink() changes large objects'],
    ['alter large object 1 owner to eve', 'ALTER LARGE OBJECT … OWNER TO changes'],
    [
      "create or replace function stamp() returns trigger language plpgsql as 'begin return null; end'",
      'changes the trigger function stamp()',
    ],
    ['alter domain price drop constraint price_check', 'ALTER DOMAIN … DROP CONSTRAINT changes the domain price'],
    ['drop publication cdc', 'DROP PUBLICATION changes the publication cdc'],
    ['alter publication cdc drop table other', 'ALTER PUBLICATION changes the publication cdc'],
    ['alter publication cdc add table orders', 'ALTER PUBLICATION on orders'],
    [
      'alter role owner set search_path = shadow, public',
      'ALTER ROLE … SET search_path changes what later statements of role owner mean',
    ],
    [
      "alter database shop set session_replication_role = 'replica'",
      'changes what later statements of database shop mean',
    ],
    ['alter role app bypassrls', 'changes what app may do with every table'],
    ['drop cast (text as pay)', 'DROP CAST changes'],
    ['create cast (text as pay) with inout as implicit', 'changes casts of text as pay'],
    ['alter table child inherit orders', 'ALTER TABLE … ADD INHERIT on orders'],
    ['alter table orders attach partition p for values in (1)', 'ALTER TABLE … ATTACH PARTITION on orders'],
    ['alter extension ltree add table orders', 'ALTER EXTENSION … ADD TABLE on orders'],
    ["select setval('orders', 1)", 'setval() on orders'],
    ["update pg_enum set enumlabel = 'x'", 'UPDATE on pg_enum reaches the whole database'],
    [
      'create event trigger e on ddl_command_start execute function f()',
      'CREATE EVENT TRIGGER reaches the whole database',
    ],
    [
      'create function f() returns int language sql as $$ delete from orders returning 1 $$; select f()',
      'DELETE on orders',
    ],
    [
      'select 1; create function public.f() returns void language plpgsql as $$ begin truncate orders; end $$; do $$ begin perform f(); end $$',
      'TRUNCATE on orders',
    ],
    [
      'create view v as select 1; with x as (delete from orders returning 1) select * into y from x',
      'DELETE on orders',
    ],
  ];
  it.each(refused)('%s', (sql, message) => {
    expect(errors(sql).join('\n')).toContain(message);
  });

  const allowed: string[] = [
    '',
    '-- drop table orders',
    '/* drop table orders; */',
    "select 'drop table orders'",
    'select $$drop table orders$$',
    'select "drop table orders" from x',
    'select * from orders for update',
    'create table other as select * from orders',
    'insert into other select * from orders',
    'insert into other values (1) on conflict (a) do update set a = 2',
    'delete from archive.orders',
    'drop table orders_v2',
    'update other set orders = 1',
    'create table audit (a int); alter table audit drop column a; drop table audit',
    'alter table other add constraint c check (a > 0), add column b int',
    'create function f() returns trigger language plpgsql as $$ begin delete from orders; return null; end $$',
    'create function f() returns int begin atomic select 1; select case when true then 2 else 3 end; end',
    "comment on table orders is 'x'",
    'analyze orders',
    'do $$ declare n int; begin select count(*) into n from orders; perform f(n); end $$',
    'do $$ begin create trigger t after update on other for each row execute function f(); grant execute on function f() to a; end $$',
    'lock table orders in share mode',
    'select 1 into x; drop table x',
    "create type mood as enum ('a'); alter type mood rename value 'a' to 'b'",
    "alter role app set statement_timeout = '5s'",
    'create role reporter; alter role reporter set search_path = reporting',
    'alter role app nologin; grant reporter to app',
    'select lo_create(0)',
    'create or replace function tidy() returns int language sql as $$ select 1 $$',
    'create publication p for table other; alter publication p add table third',
    'create extension if not exists pg_trgm',
    "set local lock_timeout = '3s'",
    'grant usage on schema public to shop',
    "copy other from '/tmp/x'",
    "select a from b where c = any($1) and d = '$$'",
  ];
  it.each(allowed)('lets pass: %s', (sql) => {
    expect(errors(sql)).toEqual([]);
  });

  it('says where, in the script', () => {
    const sql = 'select 1;\n\n  drop table orders;';
    const [found] = guardSql(sql, strict, 'shop', { transactional: true });
    expect(sql.slice(found?.start, found?.end)).toBe('drop table orders');
  });

  it('looks only at protections of the same store', () => {
    expect(guardSql('drop table orders', strict, 'other', { transactional: true })).toEqual([]);
  });

  it('takes globs in schema and table', () => {
    expect(errors('drop table archive.y2019', bySchema)).toHaveLength(1);
    expect(errors('drop table y2019', bySchema)).toEqual([]);
    expect(errors('set search_path = archive; drop table y2019', bySchema)).toHaveLength(1);
    expect(errors('drop table anything.at_all', everything)).toHaveLength(1);
    expect(errors('drop schema archive', bySchema)).toHaveLength(1);
    expect(errors('drop schema other', bySchema)).toEqual([]);
    expect(errors('drop table "Orders"')).toEqual([]);
    expect(errors('drop table ORDERS')).toHaveLength(1);
  });
});

describe('allow: expand', () => {
  const additive = [
    'alter table orders add column channel text',
    'alter table orders add column if not exists n int not null default 0',
    'alter table orders add id bigint generated always as identity',
    'alter table orders add constraint positive check (amount > 0) not valid',
    'alter table orders alter column a drop not null',
    'create index by_customer on orders (customer)',
    'create trigger t after insert on orders for each row execute function f()',
    'create table lines (o text references orders)',
    'grant select on orders to reporting',
  ];
  it.each(additive)('allows %s', (sql) => {
    expect(errors(sql, expand)).toEqual([]);
    expect(errors(sql, strict)).toHaveLength(1);
  });

  it.each([
    'alter table orders add column channel text not null',
    'alter table orders alter a set default 1',
    'alter table orders add column a int, drop column b',
    'insert into orders values (1)',
    'drop trigger t on orders',
  ])('still refuses %s', (sql) => {
    expect(errors(sql, expand)).toHaveLength(1);
  });

  it('lets an undo remove what its step has made', () => {
    const made = new Set(['trigger audit public.orders', 'public.orders_v2']);
    const undo = 'drop trigger audit on orders; alter table orders_v2 rename to kept';
    expect(errors(undo, everything, made)).toEqual([]);
    expect(errors(undo, everything)).toHaveLength(2);
  });

  it('knows names by the 63 bytes that PostgreSQL keeps of them', () => {
    const long = 'a'.repeat(63);
    expect(errors(`drop table ${long}bcd`, [{ store: 'shop', tables: [long], allow: 'nothing' }])).toHaveLength(1);
  });

  it('does not let a strict entry be widened by another one', () => {
    const both: ProtectedResource[] = [...expand, { store: 'shop', tables: ['public.*'], allow: 'nothing' }];
    expect(errors('alter table orders add column c int', both)[0]).toContain('shop: public.*');
  });
});

describe('what no step may hold', () => {
  it.each([
    ['begin; select 1; commit', 'BEGIN controls the transaction'],
    ['start transaction', 'START TRANSACTION controls the transaction'],
    ['rollback to savepoint x', 'ROLLBACK controls the transaction'],
    ["prepare transaction 'x'", 'PREPARE TRANSACTION controls the transaction'],
    ['do $$ begin commit; end $$', 'COMMIT controls the transaction'],
    ["copy t from program 'rm -rf /'", 'COPY … PROGRAM runs a command on the database server'],
    ["copy (select 1) to program 'sh'", 'COPY … PROGRAM runs a command'],
    ["copy t to '/etc/passwd'", 'COPY … TO writes a file on the database server'],
    ['copy t from stdin', 'needs psql'],
    ['\\i other.sql', '`\\i other.sql` is a command of psql, not SQL'],
    ['select 1 \\gexec', '`\\gexec` is a command of psql'],
    ['\\! rm -rf /', 'is a command of psql'],
    ["select 'open", 'has no end'],
    ['select $a$ open $b$', 'has no end'],
    ['/* open', 'has no end'],
    ["select dblink_exec('dbname=shop', 'drop table orders')", 'dblink works in a session of its own'],
    ['frobnicate orders', 'syntax error at or near "frobnicate"'],
    ['commit and chain', 'COMMIT controls the transaction'],
    ["select lo_export(1, '/tmp/x')", 'writes a file on the database server'],
    ['set session_replication_role = replica', 'switches off foreign keys and triggers'],
    ["select set_config('session_replication_role', 'replica', true)", 'switches off foreign keys and triggers'],
    ["select cron.schedule('x', '* * * * *', 'delete from orders')", 'puts work off until after the step'],
    ["select pg_drop_replication_slot('cdc')", 'what its reader has not read is lost'],
    ['set track_counts = off', 'SET track_counts switches off'],
    ['create index concurrently i on t (a)', 'CREATE INDEX cannot run inside a transaction'],
    ['vacuum t', 'VACUUM cannot run inside a transaction'],
    ['create database x', 'without one nothing would guard it'],
  ])('%s', (sql, message) => {
    expect(errors(sql, [])[0]).toContain(message);
  });

  it('keeps what needs a transaction out of steps without one', () => {
    expect(errors('create index concurrently i on t (a)', [], undefined, false)).toEqual([]);
    expect(errors("alter type mood add value 'x'", [], undefined, false)).toEqual([]);
    expect(errors('update t set a = 1', [], undefined, false)[0]).toBe('UPDATE would run without a transaction');
  });
});

describe('what cannot be read', () => {
  it.each([
    [
      "do $$ begin execute 'drop table ' || name; end $$",
      'DO may touch protected tables: it runs SQL that it puts together itself',
    ],
    ['do language plpython3u $$ pass $$', 'its language is plpython3u'],
    ['call tidy_up()', 'CALL may touch protected tables'],
    ["do $$ begin execute format('alter table %I rename to x', t); end $$", 'whose name is put in when it runs'],
    ['select tidy_up()', 'it calls tidy_up()'],
  ])('is said: %s', (sql, message) => {
    expect(errors(sql, everything)).toEqual([]);
    expect(warnings(sql, everything).join()).toContain(message);
  });

  it('is not said where nothing is protected', () => {
    expect(warnings('call tidy_up()', [])).toEqual([]);
  });
});
