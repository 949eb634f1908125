import { describe, expect, it } from '@jest/globals';
import { loadSqlParser } from '../../../activities/sql/index.ts';
import * as guard from '../../../runbook/guard/index.ts';
import { randomFrom } from '../random.ts';

const parser = await loadSqlParser();
const sqlDiscards = (sql: string) => guard.sqlDiscards(sql, parser);
const sqlIsAdditive = (sql: string) => guard.sqlIsAdditive(sql, parser);
const sqlMakes = (sql: string) => guard.sqlMakes(sql, parser);
const notOneQuery = (sql: string) => guard.notOneQuery(sql, parser);
const readSql = (sql: string) => guard.readSql(sql, parser);

describe('sqlDiscards: what an undo would lose', () => {
  it.each([
    ['drop table orders_v2', ['DROP TABLE orders_v2']],
    ['alter table orders drop column channel', ['ALTER TABLE … DROP COLUMN channel of orders']],
    ['alter table orders alter amount type int', ['ALTER TABLE … ALTER COLUMN amount TYPE of orders']],
    ['truncate a, b', ['TRUNCATE a', 'TRUNCATE b']],
    ['delete from a where b', ['DELETE FROM a']],
    ['drop schema v2 cascade', ['DROP SCHEMA v2']],
    ['drop database x', ['DROP DATABASE']],
    ['do $$ begin drop table x; end $$', ['DROP TABLE x']],
    [
      "do $$ begin execute 'drop table ' || x; end $$",
      ['DROP TABLE %', 'DO: it runs SQL that it puts together itself'],
    ],
    ['call undo_everything()', ['CALL: it calls undo_everything(), and what a function does is not in its call']],
    ['select undo_everything()', ['SELECT: it calls undo_everything(), and what a function does is not in its call']],
    ['select lo_unlink(scan) from orders', ['lo_unlink()']],
    ['alter type addr drop attribute city', ['ALTER TYPE … DROP ATTRIBUTE city of addr']],
    ['alter type addr alter attribute city type int', ['ALTER TYPE … ALTER ATTRIBUTE TYPE city of addr']],
    ['update a set b = 1', ['UPDATE a']],
    ['insert into a values (1) on conflict (b) do update set c = 1', ['INSERT … ON CONFLICT DO UPDATE a']],
    ['create function gone() returns void language sql as $$ delete from a $$; select gone()', ['DELETE FROM a']],
    ["select setval('a_id_seq', 1)", ['setval() of a_id_seq']],
    ['drop extension cron', ['DROP EXTENSION cron']],
  ])('%s', (sql, discards) => {
    expect(sqlDiscards(sql)).toEqual(discards);
  });

  it.each([
    'alter table orders_v2 rename to orders_v2_undone',
    'drop trigger t on orders',
    'drop function f()',
    'drop index i',
    'drop view v',
    'alter table a alter b type text',
    'insert into a values (1)',
    'select count(*) from a',
    "do $$ begin execute format('alter table x rename to %I', 'x_' || now()); end $$",
  ])('loses nothing: %s', (sql) => {
    expect(sqlDiscards(sql)).toEqual([]);
  });
});

describe('sqlIsAdditive: what may stay when the code goes back', () => {
  it.each([
    'create table a (b int); create index on a (b); insert into a values (1); update a set b = 2',
    'alter table orders add column channel text',
    'create function f() returns int language sql as $$ select 1 $$; alter function f() owner to shop',
    "set local lock_timeout = '3s'; comment on table a is 'x'",
    'create function f() returns int language sql as $$ delete from orders $$',
  ])('is: %s', (sql) => {
    expect(sqlIsAdditive(sql)).toBe(true);
  });

  it.each([
    'insert into orders values (1)',
    'create table if not exists a (b int); insert into a values (1)',
    'create or replace view v as select 1',
    'update orders set a = 1',
    'call f()',
    'alter function f() owner to shop',
    'alter table orders add column a int not null',
  ])('is not: %s', (sql) => {
    expect(sqlIsAdditive(sql)).toBe(false);
  });
});

describe('notOneQuery', () => {
  it.each([
    'select 1',
    '(select 1) union (select 2)',
    'with a as (select 1) table a',
    'values (1)',
    'show server_version',
    'select 1;',
  ])('is one: %s', (sql) => {
    expect(notOneQuery(sql)).toBeUndefined();
  });
  it.each([
    ['', 'is empty'],
    ['-- nothing', 'is empty'],
    ['select 1; select 2', 'is more than one statement'],
    ['delete from a', 'does more than read: DELETE'],
    ['with a as (insert into b values (1) returning 1) select * from a', 'does more than read: INSERT'],
    ['set x = 1', 'is no query: SET'],
    ['select 1 \\g out', 'cannot run: `\\g out` is a command of psql, not SQL'],
  ])('is not: %s', (sql, why) => {
    expect(notOneQuery(sql)).toBe(why);
  });
});

describe('splitting', () => {
  it('knows strings, dollar quotes, comments, parentheses and function bodies', () => {
    const script = [
      `insert into a values (';', $$;$$, $x$ ; $x$, E'\\';', b.";")`,
      `create rule r as on insert to a do (select 1; select 2)`,
      `create function f() returns int begin atomic select case when true then 1 end; select 2; end`,
      `/* ; /* ; */ ; */ select 1 -- ;`,
    ];
    expect(readSql(`${script.join(';\n')}\n;;`)).toHaveLength(4);
  });

  it('lists what a script makes, but not what may have been there', () => {
    expect(
      sqlMakes(
        'create table a (b int); create table if not exists c (); create trigger t after insert on a execute function f()',
      ),
    ).toEqual(['public.a', 'trigger t public.a']);
  });

  it('never throws, whatever it reads', () => {
    const random = randomFrom(20_240_601);
    const words = [
      'drop',
      'table',
      'alter',
      'create',
      'or',
      'replace',
      'do',
      '$$',
      '$a$',
      "'",
      '"',
      '(',
      ')',
      ';',
      'on',
      'x',
      '.',
      ',',
      '--',
      '/*',
      '*/',
      '\\',
      'with',
      'as',
      'select',
      'into',
      'execute',
      'format',
      "e'",
      '::',
      'u&"\\',
      '%',
      '\n',
      '1e',
      'begin',
      'end',
      'atomic',
      'cascade',
      'copy',
      'grant',
      'vacuum',
      '\ufeff',
      '🐘',
    ];
    for (let round = 0; round < 2000; round++) {
      const text = Array.from({ length: 1 + random(25) }, () => words[random(words.length)]).join(
        random(3) === 0 ? '' : ' ',
      );
      for (const facts of readSql(text)) {
        expect(facts.start).toBeGreaterThanOrEqual(0);
        expect(facts.end).toBeLessThanOrEqual(text.length);
      }
    }
  });
});

describe('the reading of a script', () => {
  const counting = () => {
    const parsed: string[] = [];
    const counted = { ...parser, parse: (text: string) => (parsed.push(text), parser.parse(text)) };
    return { parsed, counted: { ...counted, parseBody: (text: string) => parser.parseBody(text) } };
  };

  it('happens once for all that is asked of it, and gives the same answers as each by itself', () => {
    const { parsed, counted } = counting();
    const script = 'create table a (id int); drop table b; select f()';
    const ask = (by: typeof counted) => [
      guard.guardSql(script, [], 's', { transactional: true }, by),
      guard.sqlMakes(script, by),
      guard.sqlIsAdditive(script, by),
      guard.sqlDiscards(script, by),
      guard.sqlGlobals(script, by),
    ];
    const first = ask(counted);
    expect(parsed).toEqual([script]);
    expect(ask(counted)).toEqual(first);
    expect(parsed).toEqual([script]);
    const fresh = counting().counted;
    expect(ask({ ...fresh })).toEqual(first);
  });

  it('happens again for a text that could not be read, and keeps no more than a few', () => {
    const { parsed, counted } = counting();
    guard.readSql('drop tabel a', counted);
    guard.readSql('drop tabel a', counted);
    for (const name of ['a', 'b', 'c', 'd', 'e', 'a']) guard.readSql(`drop table ${name}`, counted);
    expect(parsed.filter((text) => text === 'drop tabel a')).toHaveLength(2);
    expect(parsed.filter((text) => text === 'drop table a')).toHaveLength(2);
  });
});
