import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { execa } from 'execa';
import { DockerEngine } from '../../activities/docker/index.ts';
import { backupStoreHandler } from '../../activities/effects/backup-store.ts';
import { proveBackupHandler } from '../../activities/effects/prove-backup.ts';
import { restoreStoreHandler } from '../../activities/effects/restore-store.ts';
import { findPoint } from '../../activities/points/index.ts';
import { storeDrivers } from '../../activities/stores/registry.ts';
import { performWith, TestTarget } from '../real/effect-context.ts';
import { PostgresServer, sentinel } from '../stores/postgres-server.ts';

const engine = new DockerEngine();
const stores = storeDrivers(engine);
const minutes = 60_000;
/** Size of the database. Less makes a quick look at the test itself. */
const mebibytes = Number(process.env['SWITCHBACK_LARGE_MIB'] ?? 1024);
let server: PostgresServer;
let target: TestTarget;
let scratch: string;

/** Rows with types of extensions, large objects, roles with rights; hard to compress, as what people write is. */
const data = `
  create extension pg_trgm; create extension citext; create extension hstore;
  create role large_owner; create role large_reader; create role large_auditors; grant large_auditors to large_reader;
  create table events (id bigint generated always as identity primary key, at timestamptz not null, who citext, note text, tags hstore, price numeric(12,2));
  alter table events owner to large_owner; grant select on events to large_reader;
  insert into events (at, who, note, tags, price)
    select '2024-01-01'::timestamptz + n * interval '1 s', 'Customer ' || n % 9999, md5(n::text) || md5((n * 7)::text) || md5((n * 13)::text) || md5((n * 29)::text),
      hstore('n', n::text), n / 7.0 from generate_series(1, ${mebibytes * 3500}) n;
  create index on events (at);
  create index on events using gin (who gin_trgm_ops) where id % 50 = 0;
  create table writes (client int, n int, primary key (client, n)); grant insert on writes to large_reader;
  create sequence tickets start 500; select nextval('tickets');
  do $$ begin for n in 1..${mebibytes + 500} loop perform lo_from_bytea(0, decode(string_agg(md5(n || '/' || m), ''), 'hex')) from generate_series(1, 4096) m; end loop; end $$;`;

beforeAll(async () => {
  server = await PostgresServer.start({ shared_buffers: '256MB', maintenance_work_mem: '256MB', max_wal_size: '4GB' });
  await server.run('postgres', 'create database large');
  for (const statement of data.split(/;\n/)) await server.run('large', statement);
  scratch = await mkdtemp(join(tmpdir(), 'sbt-large-'));
  target = await TestTarget.make({
    project: 'large',
    stores: {
      large: {
        kind: 'postgres',
        url: '${env:LARGE_URL}',
        canary: [{ query: 'select sum(price) from events' }, { query: 'select max(n) from writes where client = 1' }],
      },
    },
    secrets: { LARGE_URL: server.url('large') },
  });
}, 20 * minutes);
afterAll(async () => {
  await server.stop();
  await target.remove();
  await rm(scratch, { recursive: true, force: true });
});

interface Write {
  client: number;
  n: number;
  /** When the client had the answer. */
  acknowledged: number;
}

/** Clients that each write one row after the other, until they are stopped or thrown out. */
function writers(count: number): { acknowledged: Write[]; stop(): Promise<void> } {
  const acknowledged: Write[] = [];
  let stopped = false;
  const all = Array.from({ length: count }, (_, index) =>
    server.with('large', async (connection) => {
      for (let n = 1; !stopped; n += 1) {
        await connection.query('insert into writes values ($1, $2)', [index + 1, n]);
        acknowledged.push({ client: index + 1, n, acknowledged: Date.now() });
      }
    }),
  );
  return {
    acknowledged,
    stop: async () => {
      stopped = true;
      await Promise.all(all);
    },
  };
}

const seconds = async <T>(work: () => Promise<T>): Promise<[T, number]> => {
  const began = performance.now();
  const result = await work();
  return [result, (performance.now() - began) / 1000];
};
const tool = (name: string, args: string[]) =>
  execa(join(server.binaries, name), args, {
    env: { PGHOST: '127.0.0.1', PGPORT: String(server.port), PGUSER: 'postgres', PGPASSWORD: sentinel },
    stdin: 'ignore',
  });

it(
  '[K10] 1 GiB under clients that write: all that was acknowledged before the snapshot comes back, and the figures are told',
  async () => {
    const bytes = Number(await server.value('large', 'select pg_database_size(current_database())'));
    expect(bytes).toBeGreaterThan(mebibytes * 1024 ** 2);
    const timeout = { timeoutSeconds: 3600 };
    const clients = writers(2);
    const [, backup] = await seconds(() =>
      performWith(
        backupStoreHandler({ engine, stores }),
        target.context('backupStore', { store: 'large', point: 'a' }, { id: 'p/backup/01', ...timeout }),
      ),
    );
    const [, proof] = await seconds(() =>
      performWith(
        proveBackupHandler({ engine, provers: [stores.postgres.prover] }),
        target.context('proveBackup', { point: 'a' }, { id: 'p/prove/01', ...timeout }),
      ),
    );
    const custom = join(scratch, 'baseline.dump');
    const [, plainDump] = await seconds(() => tool('pg_dump', ['--format=custom', `--file=${custom}`, 'large']));
    await server.run('postgres', 'create database baseline');
    const [, plainRestore] = await seconds(() => tool('pg_restore', ['--exit-on-error', '--dbname=baseline', custom]));
    await clients.stop();
    const [{ performed }, restore] = await seconds(() =>
      performWith(
        restoreStoreHandler({ engine, stores }),
        target.context('restoreStore', { store: 'large', point: 'a' }, { id: 'r/01', ...timeout }),
      ),
    );

    const { manifest } = await findPoint(target.home.points, 'a', 'run-1');
    const takenAt = Date.parse(String(manifest.canary['takenAt']));
    const { rows } = await server.run(
      'large',
      'select client, count(*)::int as rows, max(n) as last from writes group by 1',
    );
    const last = new Map(rows.map((row: { client: number; last: number }) => [row.client, row.last]));
    // Each client wrote one after the other, so what is there is all of them up to one.
    for (const row of rows) expect(row.rows).toBe(row.last);
    const before = clients.acknowledged.filter(({ acknowledged }) => acknowledged < takenAt);
    expect(before.filter(({ client, n }) => n > (last.get(client) ?? 0))).toEqual([]);
    const lost = clients.acknowledged.filter(({ client, n }) => n > (last.get(client) ?? 0)).length;
    expect(performed.facts).toMatchObject({ lostRows: lost });
    expect(manifest).toMatchObject({
      state: 'restore-tested',
      proof: { compared: expect.arrayContaining(['2 canary queries, by value']) },
    });
    expect(await server.value('large', 'select count(*)::int from pg_largeobject_metadata')).toBe(mebibytes + 500);
    expect(await server.value('large', `select nextval('tickets')::int`)).toBe(501);
    expect(await server.value('large', `select has_table_privilege('large_reader', 'events', 'select')`)).toBe(true);

    const stored = manifest.parts.reduce((sum, part) => sum + part.bytes, 0);
    const { size } = await stat(custom);
    const line = (what: string, took: number, more: string) =>
      `  ${what.padEnd(44)} ${took.toFixed(1).padStart(7)} s ${(bytes / 1e6 / took).toFixed(0).padStart(5)} MB/s  ${more}\n`;
    process.stdout.write(
      `database of ${(bytes / 1024 ** 3).toFixed(2)} GiB, ${clients.acknowledged.length} writes acknowledged, ${before.length} of them before the snapshot\n` +
        line('backup: dump, counts and hashes, checksums', backup, `${(stored / 1e6).toFixed(0)} MB`) +
        line(
          'proof: read again, restored, compared',
          proof,
          `restore alone ${((manifest.proof?.tookMs ?? 0) / 1000).toFixed(1)} s`,
        ) +
        line(
          'restore: built, compared, measured, exchanged',
          restore,
          `closed for ${Number(performed.facts['fencedMs']) / 1000} s`,
        ) +
        line('pg_dump -Fc', plainDump, `${(size / 1e6).toFixed(0)} MB`) +
        line('pg_restore of that', plainRestore, ''),
    );
  },
  60 * minutes,
);
