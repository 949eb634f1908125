import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { loadSqlParser } from '../../activities/sql/index.ts';
import type { ProtectedResource } from '../../runbook/compiled-plan.ts';
import { guardSql } from '../../runbook/guard/index.ts';
import { randomFrom } from '../runbook/random.ts';
import { PostgresServer } from './postgres-server.ts';

const protect: ProtectedResource[] = [{ store: 'shop', tables: ['public.orders'], allow: 'nothing' }];

/** What hurts, and what hides it: quotes, comments, dollar quotes, bodies, and pieces of them in the wrong place. */
const harmful = [
  'drop table orders', 'DROP TABLE "orders"', 'truncate orders', 'delete from orders', 'update orders set a = 2', 'insert into orders values (9)',
  'alter table orders drop column a', 'alter table orders rename to gone', 'with x as (delete from orders returning 1) select 1',
  'drop table U&"\\006frders"', 'alter table only orders add b int, drop a', 'drop table "public" . orders', 'drop /**/ table/*;*/orders', 'drop schema public cascade',
  'alter table orders set schema other', "do 'begin delete from orders; end'", 'do $x$ begin for i in 1..1 loop truncate orders; end loop; end $x$', "do $$ begin execute 'drop table orders'; end $$",
  'merge into orders using (select 1) s on true when matched then delete', 'select 1 into kept; drop table orders',
  'do $f$ declare r record; begin for r in delete from orders returning * loop null; end loop; end $f$', 'create table child () inherits (orders); insert into child values (3)',
]; // prettier-ignore
const disguises = ["'", '"', '$$', '$a$', '$b$', '/*', '*/', '--', '\n', '\r', '\t', ';', '; ', "E'", "\\'", '\\', "''", '""', "U&'", 'select ', 'select 1', ' as ', '(', ')', ' ', '1', 'a', '$1', '/', '*', '-', 'begin atomic ', 'end', "N'", "x'", '\ufeff', '\u00a0', 'é', 'set search_path = public; ']; // prettier-ignore

const parser = await loadSqlParser();
let server: PostgresServer;
let client: pg.Client;
beforeAll(async () => {
  server = await PostgresServer.start();
  client = new pg.Client({ connectionString: server.url(await server.database()) });
  await client.connect();
  await client.query('create schema other; create table orders (a int); insert into orders values (1)');
});
afterAll(async () => {
  await client.end();
  await server.stop();
});

/** Whether the protected table is exactly as it was, seen from inside the transaction. */
async function untouched(): Promise<boolean> {
  const { rows } = await client.query<{ same: boolean }>(
    `select to_regclass('public.orders') is not null and
       (select array_agg(attname::text order by attnum) = array['a'] from pg_attribute
         where attrelid = to_regclass('public.orders') and attnum > 0 and not attisdropped) as same`,
  );
  if (rows[0]?.same !== true) return false;
  const { rows: found } = await client.query<{ all: string }>('select array_agg(a)::text as all from public.orders');
  return found[0]?.all === '{1}';
}

describe('[K9] the guard against PostgreSQL itself', () => {
  it('has refused every script that a server runs and that touches the protected table', async () => {
    // Another one each time; a failure names it, and SQL_SEED repeats it.
    const seed = Number(process.env['SQL_SEED'] ?? Date.now() % 1_000_000_007);
    const random = randomFrom(seed);
    let ran = 0;
    let touched = 0;
    const missed: string[] = [];
    for (let round = 0; round < Number(process.env['SQL_ROUNDS'] ?? 3000); round++) {
      const pieces = Array.from({ length: random(6) }, () => disguises[random(disguises.length)] ?? '');
      pieces.splice(random(pieces.length + 1), 0, harmful[random(harmful.length)] ?? '');
      if (random(3) === 0) pieces.splice(random(pieces.length + 1), 0, '; ');
      const script = pieces.join(random(4) === 0 ? ' ' : '');
      await client.query('begin');
      try {
        // As the worker runs a step: END and COMMIT are refused there.
        await client.query(`do ${pg.escapeLiteral(`begin execute ${pg.escapeLiteral(script)}; end`)}`);
        ran++;
        if (!(await untouched())) {
          touched++;
          const found = guardSql(script, protect, 'shop', { transactional: true }, parser);
          if (!found.some(({ severity }) => severity === 'error')) missed.push(`SQL_SEED=${seed}: ${script}`);
        }
      } catch {
        // Most scripts are no SQL: the server refuses them, and so nothing happens.
      }
      await client.query('rollback');
    }
    expect(missed).toEqual([]);
    // The test would say nothing if the server refused everything.
    expect(touched).toBeGreaterThan(ran / 20);
    if (process.env['SQL_ROUNDS'] !== undefined) console.info({ seed, ran, touched, missed: missed.length });
    expect(ran).toBeGreaterThan(touched);
  });
});
