import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { DockerEngine } from '../../activities/docker/index.ts';
import { compareDualRunHandler } from '../../activities/effects/compare-dual-run.ts';
import { storeDrivers } from '../../activities/stores/registry.ts';
import { SwitchbackError } from '../../runbook/errors.ts';
import type { Comparison, OperationInputs } from '../../runbook/operations.ts';
import { performWith, TestTarget } from '../real/effect-context.ts';
import { PostgresServer } from './postgres-server.ts';
import { until } from './until.ts';

const handler = compareDualRunHandler({ stores: storeDrivers(new DockerEngine()) });
let server: PostgresServer;
let left: string;
let right: string;
let target: TestTarget;

const schema = `
  create table orders (id bigint primary key, customer text, price numeric(10, 2), at timestamptz, tags text[], doc jsonb);
  create sequence counter;
  insert into orders select n, 'c' || n % 7, n / 4.0, '2024-01-01'::timestamptz + make_interval(secs => n), array['t' || n], jsonb_build_object('n', n)
    from generate_series(1, 30000) n;`;

beforeAll(async () => {
  server = await PostgresServer.start();
  await server.run('postgres', 'create database base');
  await server.run('base', schema);
});
afterAll(() => server.stop());
beforeEach(async () => {
  [left, right] = [await server.database('base'), await server.database('base')];
  target = await TestTarget.make({
    project: 'shop',
    stores: { old: { kind: 'postgres', url: '${env:OLD}' }, new: { kind: 'postgres', url: '${env:NEW}' } },
    secrets: { OLD: server.url(left), NEW: server.url(right) },
  });
});
afterEach(() => target.remove());

const orders: Comparison = {
  left: { store: 'old', query: 'select * from orders' },
  right: { store: 'new', query: 'select * from orders -- all of them\n;' },
  key: ['id'],
};
const between = (mine: string, other: string, ...key: string[]): Comparison => ({
  left: { store: 'old', query: mine },
  right: { store: 'new', query: other },
  key,
});
const compare = (
  comparison: Comparison,
  more: Partial<OperationInputs['compareDualRun']> = {},
  signal?: AbortSignal,
) => {
  const input = { comparisons: [comparison], forSeconds: 0, everySeconds: 0, pass: 1, ...more };
  return performWith(handler, target.context('compareDualRun', input, signal === undefined ? {} : { signal }));
};

interface Last {
  equal: boolean;
  leftRows: number;
  rightRows: number;
  missing: number;
  extra: number;
  different: number;
  settled: number;
  sample: { kind: string; key: Record<string, string>; columns?: string[] }[];
}
const lastOf = (outcome: Awaited<ReturnType<typeof compare>>) =>
  (outcome.performed.facts['last'] as unknown as Last[])[0]!;

/** What a comparison that fails says about the differences. */
async function differences(comparison: Comparison): Promise<Pick<Last, 'missing' | 'extra' | 'different' | 'sample'>> {
  const error = await compare(comparison).then(
    () => undefined,
    (failure: unknown) => failure,
  );
  if (!(error instanceof SwitchbackError) || error.name !== 'ValidationMismatch') {
    throw error instanceof Error ? error : new Error('they are equal');
  }
  const { missing, extra, different, sample } = error.facts;
  return { missing, extra, different, sample: JSON.parse(String(sample))[0] } as never;
}
const both = async (sql: string) => {
  await server.run(left, sql);
  await server.run(right, sql);
};

describe('[K13] a comparison by key', () => {
  it('finds two equal tables equal, by chunks alone', async () => {
    const outcome = await compare(orders);
    expect(lastOf(outcome)).toEqual({
      what: 'old and new',
      equal: true,
      leftRows: 30000,
      rightRows: 30000,
      missing: 0,
      extra: 0,
      different: 0,
      settled: 0,
      sample: [],
    });
    expect(target.told.some((progress) => progress.unit === 'rows')).toBe(false);
  });

  it('finds what is missing, extra and different, with keys and columns', async () => {
    await server.run(
      right,
      `
      delete from orders where id in (7, 29000);
      insert into orders (id) values (-5), (40000);
      update orders set price = 0, customer = 'x' where id = 12345;
      update orders set tags = null where id = 3`,
    );
    expect(await differences(orders)).toEqual({
      missing: 2,
      extra: 2,
      different: 2,
      sample: [
        { kind: 'extra', key: { id: '-5' } },
        { kind: 'different', key: { id: '3' }, columns: ['tags'] },
        { kind: 'missing', key: { id: '7' } },
        { kind: 'different', key: { id: '12345' }, columns: ['customer', 'price'] },
        { kind: 'missing', key: { id: '29000' } },
        { kind: 'extra', key: { id: '40000' } },
      ],
    });
    // Only the chunks around these were read row by row.
    const read = Math.max(
      ...target.told.filter((progress) => progress.unit === 'rows').map((progress) => progress.done ?? 0),
    );
    expect(read).toBeLessThan(60_000);
  });

  it('counts every difference though it shows twenty', async () => {
    await server.run(right, 'update orders set price = price + 1 where id % 20 = 0');
    const found = await differences(orders);
    expect(found).toMatchObject({ missing: 0, extra: 0, different: 1500 });
    expect(found.sample).toHaveLength(20);
  });

  it('compares an empty side', async () => {
    await server.run(right, 'truncate orders');
    expect(await differences(orders)).toMatchObject({ missing: 30000, extra: 0 });
    await server.run(left, 'truncate orders');
    expect((await compare(orders)).outcome).toBe('done');
  });

  const keys: [what: string, type: string, values: string[]][] = [
    ['text in any script', 'text', ['a', 'B', 'ä', 'Z', 'z', '', ' ', '€', '𝔸', 'a b', 'A', "'", '"', '\\']],
    [
      'uuid',
      'uuid',
      [
        '00000000-0000-0000-0000-00000000000f',
        'ffffffff-0000-0000-0000-000000000000',
        '7fffffff-ffff-ffff-ffff-ffffffffffff',
      ],
    ],
    ['smallint', 'smallint', ['-32768', '0', '32767']],
    ['bigint at its ends', 'bigint', ['-9223372036854775808', '-1', '0', '1', '9223372036854775807']],
    ['timestamp', 'timestamptz', ['2024-01-01', '1999-12-31 23:59:59.999999', 'infinity']],
    ['numeric', 'numeric', ['1.50', '-1', '100000000000000000000.01', '2']],
    ['character', 'char(5)', ['a', 'b']],
    ['an enum', 'mood', ['sad', 'happy']],
  ];
  it.each(keys)('knows keys of %s', async (_what, type, values) => {
    await both(`create type mood as enum ('happy', 'sad'); create table t (k ${type} primary key, n int)`);
    const all = values.map((value) => `('${value.replaceAll("'", "''")}', 1)`).join(', ');
    await both(`insert into t values ${all}`);
    const comparison = between('table t', 'table t', 'k');
    expect(lastOf(await compare(comparison))).toMatchObject({ equal: true, leftRows: values.length });
    const where = (value: string) => `k = '${value.replaceAll("'", "''")}'`;
    await server.run(right, `update t set n = 2 where ${where(values[1]!)}; delete from t where ${where(values[0]!)}`);
    const found = await differences(comparison);
    expect(found).toMatchObject({ missing: 1, extra: 0, different: 1 });
    expect(found.sample.find(({ kind }) => kind === 'different')).toMatchObject({ columns: ['n'] });
  });

  it('knows keys of several columns, of mixed types', async () => {
    await both(`create table t (a int, b text, c uuid default gen_random_uuid(), n int, primary key (a, b))`);
    await both(
      `insert into t (a, b, c, n) select n % 50, 'b' || n, '00000000-0000-0000-0000-000000000000', n from generate_series(1, 5000) n`,
    );
    const comparison = between('table t', 'select b, n, c, a from t', 'a', 'b');
    expect(lastOf(await compare(comparison))).toMatchObject({ equal: true });
    await server.run(right, `delete from t where n = 17; update t set n = 0 where n = 4999`);
    expect(await differences(comparison)).toMatchObject({
      missing: 1,
      different: 1,
      sample: [
        { kind: 'missing', key: { a: '17', b: 'b17' } },
        { kind: 'different', key: { a: '49', b: 'b4999' }, columns: ['n'] },
      ],
    });
  });

  it('takes values for equal that mean the same in other types', async () => {
    await server.run(
      left,
      `create table t (id int primary key, n int, price numeric(10, 2), at timestamp, word varchar(20), doc json, f float8, flag bool);
      insert into t select n, n, n / 4.0, '2024-01-01 12:00:00'::timestamp + make_interval(secs => n), 'w' || n, json_build_object('b', 1, 'a', n), n / 8.0, n % 2 = 0 from generate_series(1, 3000) n`,
    );
    await server.run(
      right,
      `create table t (id bigint primary key, n numeric, price numeric(20, 6), at timestamptz, word text, doc jsonb, f numeric, flag bool);
      set timezone = 'UTC';
      insert into t select n, n, n / 4.0, '2024-01-01 13:00:00+01'::timestamptz + make_interval(secs => n), 'w' || n, jsonb_build_object('a', n, 'b', 1), n / 8.0, n % 2 = 0 from generate_series(1, 3000) n`,
    );
    const comparison = between('table t', 'table t', 'id');
    expect(lastOf(await compare(comparison))).toMatchObject({ equal: true, leftRows: 3000 });
    await server.run(
      right,
      `update t set price = price + 0.000001 where id = 5; update t set at = at + interval '1 microsecond' where id = 6`,
    );
    expect(await differences(comparison)).toMatchObject({
      different: 2,
      sample: [{ columns: ['price'] }, { columns: ['at'] }],
    });
  });

  it('compares across encodings of the servers', async () => {
    await server.run(
      'postgres',
      `create database latin template template0 encoding 'LATIN1' lc_collate 'C' lc_ctype 'C'`,
    );
    await server.run(
      'latin',
      `create table t (k text primary key, w text); insert into t values ('ä', 'ö'), ('z', 'ß'), ('a', 'a')`,
    );
    await server.run(
      left,
      `create table t (k text primary key, w text); insert into t values ('ä', 'ö'), ('z', 'ß'), ('a', 'a')`,
    );
    await target.remove();
    target = await TestTarget.make({
      project: 'shop',
      stores: { old: { kind: 'postgres', url: '${env:OLD}' }, new: { kind: 'postgres', url: '${env:NEW}' } },
      secrets: { OLD: server.url(left), NEW: server.url('latin') },
    });
    const comparison = between('table t', 'table t', 'k');
    expect(lastOf(await compare(comparison))).toMatchObject({ equal: true, leftRows: 3 });
    await server.run('latin', `update t set w = 'o' where k = 'ä'`);
    expect(await differences(comparison)).toMatchObject({ different: 1, sample: [{ key: { k: 'ä' } }] });
  });

  it('compares old and new shape of one database as of one moment, while it is written to', async () => {
    await server.run(
      left,
      'create view shaped as select id, customer as name, (price * 100)::int as cents from orders',
    );
    let stop = false;
    const writer = server.with(left, async (client) => {
      for (let n = 50_000; !stop; n += 1)
        await client.query(`insert into orders (id, customer, price) values ($1, 'w', 1)`, [n]);
    });
    const same: Comparison = {
      left: { store: 'old', query: 'select id, customer as name, (price * 100)::int as cents from orders' },
      right: { store: 'old', query: 'select * from shaped' },
      key: ['id'],
    };
    const outcome = await compare(same, { forSeconds: 60, pass: 3 }).finally(() => (stop = true));
    await writer;
    expect(outcome.performed.facts).toMatchObject({ passes: 3, samples: 3 });
    expect(lastOf(outcome)).toMatchObject({ equal: true, settled: 0 });
  });

  it.each([
    [
      'a key that is not unique',
      between('select id % 10 as k, id from orders', 'select id % 10 as k, id + 1 as id from orders', 'k'),
      /occurs twice/,
    ],
    [
      'a key that is null',
      between('select nullif(id, 5) as id from orders', 'table orders', 'id'),
      /no value in the key|different columns/,
    ],
    ['a key that is not there', between('table orders', 'table orders', 'nope'), /key column nope/],
    [
      'keys of other types',
      between('select id, price from orders', 'select id::text as id, price from orders', 'id'),
      /is bigint in .* and text in/,
    ],
    [
      'two columns of one name',
      between('select id, 1 as x, 2 as x from orders', 'table orders', 'id'),
      /two columns called x/,
    ],
    ['a query that writes', between('delete from orders returning id', 'table orders', 'id'), /syntax error/],
    [
      'a function that writes',
      between(`select id, nextval('counter') from orders`, `select id, nextval('counter') from orders`, 'id'),
      /read-only transaction/,
    ],
    [
      'more than a query',
      between('select 1 as id) q; drop table orders; select * from (select 1 as id', 'table orders', 'id'),
      /multiple commands/,
    ],
  ])('refuses %s', async (_what, comparison, message) => {
    await expect(compare(comparison)).rejects.toMatchObject({ message: expect.stringMatching(message) });
    expect(await server.value(left, 'select count(*)::int from orders')).toBe(30000);
  });

  it('says which columns one side lacks', async () => {
    const error = compare(between('select id, price from orders', 'select id, customer from orders', 'id'));
    await expect(error).rejects.toMatchObject({
      name: 'ValidationMismatch',
      message: expect.stringContaining('store new lacks price, store old lacks customer'),
    });
  });

  it('can be cancelled in the middle', async () => {
    const abort = new AbortController();
    const slow = between(
      'select id, pg_sleep(0.01) is null as s from orders',
      'select id, false as s from orders',
      'id',
    );
    const running = compare(slow, {}, abort.signal).catch((error: unknown) => error);
    await until(
      'it runs',
      async () => (await sessions(`query ~ 'pg_sleep.0.01' and state = 'active' and pid <> pg_backend_pid()`)) > 0,
    );
    abort.abort(new Error('stop it'));
    expect(await running).toMatchObject({ message: 'stop it' });
    await until('it has gone', async () => (await sessions(`application_name like 'switchback/%'`)) === 0);
  });
});

const sessions = async (where: string) =>
  Number(await server.value(left, `select count(*)::int from pg_stat_activity where ${where}`));

describe('a dual run', () => {
  it('passes when enough samples in a row were equal', async () => {
    const outcome = await compare(orders, { forSeconds: 60, pass: 3 });
    expect(outcome.performed.facts).toMatchObject({ passes: 3, samples: 3 });
    expect(outcome.performed.summary).toContain('equal 3 times in a row');
  });

  it('fails when its time is over before they were', async () => {
    await expect(compare(orders, { forSeconds: 0, pass: 2 })).rejects.toMatchObject({
      name: 'ValidationMismatch',
      facts: { passes: 1, samples: 1, needed: 2 },
    });
  });

  it('does not take writes on their way for a divergence', async () => {
    await server.run(
      left,
      `insert into orders (id, customer) values (60000, 'late'); update orders set price = 9 where id = 77; delete from orders where id = 78`,
    );
    // The replica catches up when it has been looked at once.
    const running = compare(orders, { forSeconds: 30 });
    await until('a look', () => target.told.some((progress) => progress.unit === 'rows'));
    await server.run(
      right,
      `insert into orders (id, customer) values (60000, 'late'); update orders set price = 9 where id = 77; delete from orders where id = 78`,
    );
    expect(lastOf(await running)).toMatchObject({ equal: true, settled: 3 });
  });

  it('passes over a replica that lags a little behind a busy row', async () => {
    let stop = false;
    const writer = (async () => {
      await server.with(left, async (mine) =>
        server.with(right, async (other) => {
          for (let n = 1; !stop; n += 1) {
            await mine.query('update orders set price = $1 where id = 5', [n]);
            await pause(30);
            await other.query('update orders set price = $1 where id = 5', [n]);
            await pause(30);
          }
        }),
      );
    })();
    const outcome = await compare(orders, { forSeconds: 60 }).finally(() => (stop = true));
    await writer;
    expect(lastOf(outcome)).toMatchObject({ equal: true });
  });

  it('sees a divergence that stays, with the rows that it is in', async () => {
    await server.run(right, 'update orders set price = 0 where id in (3, 9)');
    const error = compare(orders, { forSeconds: 1 });
    await expect(error).rejects.toMatchObject({
      name: 'ValidationMismatch',
      message: expect.stringMatching(/0 missing, 0 extra, 2 different of 30000 rows, e\.g\. different id=3 in price/),
    });
  });

  it('starts counting again after a divergence, and passes when it has healed', async () => {
    await server.run(right, 'update orders set price = 0 where id = 3');
    const running = compare(orders, { forSeconds: 120, everySeconds: 0, pass: 2 });
    await until('a look', () => target.told.some((progress) => progress.unit === 'samples'));
    await server.run(right, 'update orders set price = 0.75 where id = 3');
    const { passes, samples } = (await running).performed.facts;
    expect(passes).toBe(2);
    expect(samples).toBeGreaterThan(2);
  });

  it('goes on when a server does not answer for a moment', async () => {
    await server.run('postgres', `alter database ${right} allow_connections false`).catch(() => undefined);
    const running = compare(orders, { forSeconds: 120, everySeconds: 0, pass: 1 }).catch((error: unknown) => error);
    await until('a sample', () => target.told.some((progress) => progress.unit === 'samples'));
    await server.run('postgres', `alter database ${right} allow_connections true`);
    expect(await running).toMatchObject({ outcome: 'done' });
  });
});
