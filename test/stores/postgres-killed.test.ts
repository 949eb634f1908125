import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { execa } from 'execa';
import { listPoints, readPoint, verifyPoint } from '../../activities/points/index.ts';
import type { Canary } from '../../activities/stores/postgres/canary.ts';
import type { Order, Told } from './attempt-in-child.ts';
import { PostgresServer } from './postgres-server.ts';
import { until } from './until.ts';

const here = (file: string) => fileURLToPath(new URL(file, import.meta.url));
let server: PostgresServer;
let database: string;
let root: string;

beforeAll(async () => {
  server = await PostgresServer.start();
  await server.run('postgres', 'create database base');
  await server.run(
    'base',
    `create table t (id int primary key, what text); insert into t select n, 'row ' || n from generate_series(1, 500) n`,
  );
});
afterAll(() => server.stop());
beforeEach(async () => {
  database = await server.database('base');
  root = await mkdtemp(join(tmpdir(), 'sbt-pg-killed-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

type Asked = Pick<Order, 'kind' | 'input' | 'id' | 'attempt'> & Partial<Order>;
const launch = (order: Asked) => {
  const whole: Order = { root, url: server.url(database), killAt: 0, side: 'before', ...order };
  const argv = ['--import', here('../real/volumes/ts-loader.mjs'), here('attempt-in-child.ts'), JSON.stringify(whole)];
  return execa('node', argv, { reject: false, env: { NODE_OPTIONS: '' } });
};

/** One attempt in a process of its own. Returns nothing when that was killed. */
async function attempt(order: Asked): Promise<Told | undefined> {
  const ended = await launch(order);
  if (ended.signal === 'SIGKILL') return undefined;
  if (ended.exitCode !== 0) throw new Error(ended.stderr);
  return JSON.parse(ended.stdout) as Told;
}

/** Kills attempt after attempt, each one effect further on, until one lives. */
async function killOnward(
  order: Omit<Asked, 'attempt'>,
  afterDeath: (deaths: number) => Promise<void>,
): Promise<{ deaths: number; told: Told }> {
  for (let deaths = 0; deaths < 60; deaths += 1) {
    const told = await attempt({ ...order, attempt: deaths + 1, killAt: deaths + 1 });
    if (told) return { deaths, told };
    await afterDeath(deaths + 1);
  }
  throw new Error('it never lived');
}

const sql = {
  store: 'shop',
  source: { statement: `insert into t values (501, 'new')` },
  transactional: true,
  expand: false,
};
const more = { ...sql, source: { statement: `insert into t values (502, 'more')` } };
const oid = (name: string) => server.value('postgres', `select oid::int from pg_database where datname = '${name}'`);

describe('a step of SQL that is killed again and again', () => {
  it('is applied once, whichever of its effects it died at', async () => {
    const order = { kind: 'applySql', input: sql, id: 'p/apply/01' } as const;
    const { deaths, told } = await killOnward(order, async () => {
      expect(await server.value(database, 'select count(*)::int from t')).toBe(500);
    });
    expect(told).toMatchObject({ outcome: 'done' });
    expect(deaths).toBe(3);
    // The last effect is the commit: after it nothing is done again.
    expect(
      await attempt({ ...order, attempt: 9, id: 'p/apply/02', killAt: 1, side: 'after', input: more }),
    ).toBeUndefined();
    expect(await attempt({ ...order, attempt: 10, id: 'p/apply/02', input: more })).toMatchObject({
      outcome: 'adopted',
    });
    expect(await server.value(database, 'select count(*)::int from t')).toBe(502);
    expect(await server.value(database, 'select count(*)::int from switchback.ledger')).toBe(2);
  });
});

describe('a backup that is killed', () => {
  it('[K10] in the middle of the dump is never called good, and the next attempt makes a whole one', async () => {
    const order = { kind: 'backupStore', input: { store: 'shop', point: 'a' }, id: 'p/backup/01' } as const;
    await server.with(database, async (client) => {
      await client.query('begin; lock table t');
      const child = launch({ ...order, attempt: 1 });
      await until('pg_dump waits', async () => (await dumping()) > 0);
      child.kill('SIGKILL');
      await child;
      expect(await listPoints(join(root, 'home/points'))).toEqual([
        { ref: { run: 'run-1', point: 'a' }, problem: 'interrupted' },
      ]);
      await client.query('rollback');
    });
    const told = await attempt({ ...order, attempt: 2 });
    expect(told).toMatchObject({ outcome: 'done' });
    const point = await readPoint(join(root, 'home/points'), { run: 'run-1', point: 'a' });
    expect((await verifyPoint(point!)).manifest.state).toBe('verified');
    expect((point!.manifest.canary as unknown as Canary).fingerprint.tables['public.t']).toMatchObject({ rows: 500 });
    // The orphan of the first attempt is gone, and so is the file that its password was in.
    await until('no dump is left', async () => (await dumping()) === 0);
    expect(await readdir(join(root, 'home/scratch'))).toEqual([]);
  });
});

const dumping = async () =>
  Number(
    await server.value(
      database,
      `select count(*)::int from pg_stat_activity where application_name like 'switchback/%' and wait_event_type = 'Lock'`,
    ),
  );

describe('a restore that is killed', () => {
  const order = { kind: 'restoreStore', input: { store: 'shop', point: 'a' }, id: 'rollback-1/01' } as const;
  const taken = () =>
    attempt({ kind: 'backupStore', input: { store: 'shop', point: 'a' }, id: 'p/backup/01', attempt: 1 });
  const scratches = async () => (await server.databases()).filter((name) => name.startsWith(`${database}__restore_`));

  it('[M4] at any of its effects leaves the old or the new data, whole, and is finished by a retry', async () => {
    await taken();
    await server.run(database, `insert into t values (501, 'late')`);
    const old = await oid(database);
    const seen = new Set<string>();
    const look = async () => {
      const live = await oid(database);
      expect(live).toEqual(expect.any(Number));
      const kept = (await server.databases()).filter((name) => name.startsWith(`${database}__replaced_`));
      // Old: nothing was replaced. New: the old one is there under the other name.
      if (live === old) expect(kept).toEqual([]);
      else expect(await oid(kept[0]!)).toBe(old);
      const open = await server.value('postgres', `select datallowconn from pg_database where datname = '${database}'`);
      const rows = open ? await server.value(database, 'select count(*)::int from t') : 'closed';
      seen.add(`${live === old ? 'old' : 'new'} ${String(rows)}`);
    };
    const { deaths, told } = await killOnward(order, look);
    expect(told).toMatchObject({ outcome: 'done', facts: { lostRows: 1 } });
    expect(deaths).toBeGreaterThan(8);
    expect([...seen].sort()).toEqual(['old 501', 'old closed']);
    expect(await server.value(database, 'select count(*)::int from t')).toBe(500);
    expect(await scratches()).toEqual([]);

    // Who dies after the commit of the exchange has done everything but say so.
    const again = { ...order, id: 'rollback-2/01' } as const;
    await server.run(database, `insert into t values (501, 'late'), (502, 'later')`);
    expect(await attempt({ ...again, attempt: 1, killAt: 'exchange', side: 'after' })).toBeUndefined();
    expect(await server.value(database, 'select count(*)::int from t')).toBe(500);
    await server.run(database, `insert into t values (501, 'after the exchange')`);
    expect(await attempt({ ...again, attempt: 2 })).toMatchObject({ outcome: 'adopted', facts: { lostRows: 2 } });
    expect(await server.value(database, 'select count(*)::int from t')).toBe(501);
  }, 600_000);

  it('in the middle of pg_restore leaves the live data alone, and the next attempt removes what was half built', async () => {
    await server.run(
      database,
      `create function slowly(int) returns boolean language sql as 'select pg_sleep(0.1) is not null';
       create table slow (id int check (slowly(id))); insert into slow select generate_series(1, 20)`,
    );
    await taken();
    const child = launch({ ...order, attempt: 1 });
    const restoring = async () =>
      Number(
        await server.value(
          'postgres',
          `select count(*)::int from pg_stat_activity where datname like '${database}__restore_%' and query ilike 'copy%'`,
        ),
      );
    await until('it restores', async () => (await restoring()) > 0);
    child.kill('SIGKILL');
    await child;
    expect(await server.value(database, 'select count(*)::int from t')).toBe(500);
    expect(await scratches()).toHaveLength(1);
    expect(await attempt({ ...order, attempt: 2 })).toMatchObject({ outcome: 'done', facts: { lostRows: 0 } });
    expect(await scratches()).toEqual([]);
    expect(await restoring()).toBe(0);
  });
});
