import { execFileSync } from 'node:child_process';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { execa } from 'execa';
import type pg from 'pg';
import { DockerEngine } from '../../activities/docker/index.ts';
import { backupStoreHandler } from '../../activities/effects/backup-store.ts';
import { proveBackupHandler } from '../../activities/effects/prove-backup.ts';
import { listPoints, readPoint, verifyPoint } from '../../activities/points/index.ts';
import { postgresDriver } from '../../activities/stores/postgres/index.ts';
import { storeDrivers } from '../../activities/stores/registry.ts';
import { performWith, TestTarget } from '../real/effect-context.ts';
import { PostgresServer } from './postgres-server.ts';
import { until } from './until.ts';

const engine = new DockerEngine();
let server: PostgresServer;
let database: string;
let target: TestTarget;

beforeAll(async () => {
  server = await PostgresServer.start();
  await server.run('postgres', 'create database base');
  await server.run(
    'base',
    `create table t (id int primary key, what text); insert into t select n, 'row ' || n from generate_series(1, 500) n;
     create table other (id int primary key); insert into other select generate_series(1, 50)`,
  );
});
afterAll(() => server.stop());
beforeEach(async () => {
  database = await server.database('base');
  target = await targetAt();
});
afterEach(() => target.remove());

function targetAt(root?: string): Promise<TestTarget> {
  const options = {
    project: 'shop',
    stores: { shop: { kind: 'postgres' as const, url: '${env:SHOP_URL}' } },
    secrets: { SHOP_URL: server.url(database) },
  };
  return root === undefined ? TestTarget.make(options) : TestTarget.open(root, options);
}

const backUp = (stores = storeDrivers(engine)) =>
  performWith(
    backupStoreHandler({ engine, stores }),
    target.context('backupStore', { store: 'shop', point: 'a' }, { id: 'p/backup/01' }),
  );

/** Starts a backup whose dump waits at a lock, lets something happen to it, and tells how the backup ended. */
async function whileDumping(happens: (holder: pg.Client) => Promise<void>): Promise<unknown> {
  return server.with(database, async (holder) => {
    await holder.query('begin; lock table t');
    const running = backUp().then(
      () => 'done',
      (error: unknown) => error,
    );
    const waiting = `select count(*)::int as n from pg_stat_activity where application_name like 'switchback/%' and wait_event_type = 'Lock'`;
    await until('the dump waits', async () => Number(await server.value(database, waiting)) > 0);
    await happens(holder);
    return running;
  });
}

/** Processes whose arguments speak of this target's folder: dumps and their workers. */
async function dumping(): Promise<number[]> {
  const { stdout } = await execa('ps', ['-eo', 'pid=,args='], { stdin: 'ignore' });
  const mine = stdout.split('\n').filter((line) => line.includes('pg_dump') && line.includes(target.root));
  return mine.map((line) => Number(line.trim().split(/\s+/)[0]));
}

async function expectNothingLeft(): Promise<void> {
  expect(await listPoints(target.home.points)).toEqual([]);
  await until('no dump runs', async () => (await dumping()).length === 0);
  expect(await readdir(target.home.scratch).catch(() => [])).toEqual([]);
}

async function expectWholeNow(): Promise<void> {
  expect((await backUp()).outcome).toBe('done');
  const point = await readPoint(target.home.points, { run: 'run-1', point: 'a' });
  expect((await verifyPoint(point!)).manifest.state).toBe('verified');
}

describe('a dump that cannot come to its end', () => {
  it('[K10] because pg_dump is killed leaves no point, and says what ended it', async () => {
    const ended = await whileDumping(async (holder) => {
      const [leader] = await dumping();
      process.kill(leader!, 'SIGKILL');
      await holder.query('rollback');
    });
    expect(ended).toMatchObject({ name: 'StepFailed', message: expect.stringContaining('ended by SIGKILL') });
    await expectNothingLeft();
    await expectWholeNow();
  });

  it('[K10] because the server stops leaves no point; when it is back, the next attempt makes a whole one', async () => {
    const ended = await whileDumping(() => server.halt());
    expect(ended).toMatchObject({ name: 'Unreachable' });
    await expectNothingLeft();
    await expect(backUp()).rejects.toMatchObject({ name: 'Unreachable' });
    expect(await listPoints(target.home.points)).toEqual([]);
    await server.goOn();
    await expectWholeNow();
  });

  it('because its tool is built without zstd is begun anew with gzip', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'sbt-nozstd-'));
    try {
      // As a client of 17 without zstd: what it says is what one says, and what it can do the one of this host does.
      const refusing = `case "$*" in *--compress=zstd*) echo "pg_dump: error: this build does not support compression with zstd" >&2; exit 1;; esac`;
      for (const tool of ['pg_dump', 'pg_dumpall', 'pg_restore']) {
        const text = `#!/bin/sh\n${tool === 'pg_dump' ? refusing : ''}\nexec ${server.binaries}/${tool} "$@"\n`;
        await writeFile(join(folder, tool), text, { mode: 0o755 });
      }
      const box = { engine, findClientTools: async () => ({ folder, major: 17 }) };
      await backUp({ ...storeDrivers(engine), postgres: postgresDriver(engine, box) });
      const point = await readPoint(target.home.points, { run: 'run-1', point: 'a' });
      expect(point!.manifest.canary['dump']).toEqual({ client: 17, compression: 'gzip' });
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});

describe('a dump that names what it does not bring', () => {
  it('is not restorable, and says what to do about it', async () => {
    await server.run(
      database,
      `create function pre(t text) returns text language sql immutable as $$ select 'p' || t $$;
       create function norm(t text) returns text language sql immutable as $$ select lower(pre(t)) $$;
       create index t_norm on t (norm(what))`,
    );
    await backUp();
    const proving = performWith(
      proveBackupHandler({ engine, provers: [storeDrivers(engine).postgres.prover] }),
      target.context('proveBackup', { point: 'a' }, { id: 'p/backup/02' }),
    );
    await expect(proving).rejects.toMatchObject({
      name: 'ValidationMismatch',
      message: expect.stringMatching(/^a cannot be restored: function pre\(text\) does not exist/),
      hint: expect.stringContaining('write the schema before them'),
    });
    const point = await readPoint(target.home.points, { run: 'run-1', point: 'a' });
    expect(point!.manifest).toMatchObject({
      state: 'failed',
      failure: { why: expect.stringContaining('cannot be restored') },
    });
  });
});

const canMount = process.platform === 'linux' && process.getuid?.() === 0;
(canMount ? describe : describe.skip)('a disk that is too small for the dump', () => {
  let root: string;
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'sbt-small-'));
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', root]);
    await target.remove();
    target = await targetAt(root);
  });
  afterEach(() => {
    execFileSync('umount', [root]);
  });

  it('[K10] is told as such, leaves no partial, and is enough for what fits', async () => {
    await server.run(
      database,
      `create table large as select n, md5(n::text) || md5((-n)::text) as noise from generate_series(1, 100000) n`,
    );
    await expect(backUp()).rejects.toMatchObject({
      name: 'ResourceExhausted',
      hint: expect.stringContaining('Free disk space'),
    });
    await expectNothingLeft();
    await server.run(database, 'drop table large');
    await expectWholeNow();
  });
});
