import { existsSync } from 'node:fs';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { execa } from 'execa';

import { backupStoreHandler } from '../../../activities/effects/backup-store.ts';
import { proveBackupHandler } from '../../../activities/effects/prove-backup.ts';
import { prunePointsHandler } from '../../../activities/effects/prune-points.ts';
import { restoreByKindHandler } from '../../../activities/effects/restore-by-kind.ts';
import type { Progress } from '../../../activities/effect.ts';
import { leftWals } from '../../../activities/leftovers/index.ts';
import { findPoint, pinPoint } from '../../../activities/points/index.ts';
import { storeDrivers } from '../../../activities/stores/registry.ts';
import { keepReceiver, readWal, receiversOf, walFolder, type WalSpan } from '../../../activities/wal/index.ts';
import type { OperationInputs } from '../../../runbook/operations.ts';
import { until } from '../../stores/until.ts';
import { performWith, TestTarget } from '../effect-context.ts';
import { engine, password, prepareServers, removeServers, ServerFixture } from './server-fixture.ts';

const stores = storeDrivers(engine);
let server: ServerFixture;
let target: TestTarget;

beforeAll(prepareServers, 600_000);
afterAll(removeServers);
beforeEach(async () => {
  // Little log is kept by the server, so that a receiver that was away misses some soon.
  server = await ServerFixture.start(['-c', 'max_wal_size=32MB', '-c', 'min_wal_size=32MB']);
  await server.sql('create table written (id text primary key)');
  target = await TestTarget.make({
    project: server.project,
    stores: { shop: server.store() },
    secrets: { PASSWORD: password },
  });
});
afterEach(async () => {
  for (const { id } of await receivers()) await engine.removeContainer(id, { 'io.switchback.target': server.project });
  await engine.removeContainer(server.container, { 'com.docker.compose.project': server.project });
  await target.remove();
});

const backUp = (point: string, more: { signal?: AbortSignal; onProgress?: (told: Progress) => void } = {}) =>
  performWith(
    backupStoreHandler({ engine, stores }),
    target.context(
      'backupStore',
      { store: 'shop', point, method: 'physical', pointInTime: true },
      { id: `p/backup/${point}`, ...more },
    ),
  );
const prove = (point: string) =>
  performWith(
    proveBackupHandler({ engine, provers: [stores.postgres.physical!.prover] }),
    target.context('proveBackup', { point }, { id: `p/cutover/${point}` }),
  );
const restore = (input: OperationInputs['restoreStore'], id: string) =>
  performWith(restoreByKindHandler({ engine, stores }), target.context('restoreStore', input, { id }));
const receivers = () => receiversOf(engine, server.project);
const span = async (point: string) =>
  (await readWal(target.home, (await findPoint(target.home.points, point, 'run-1')).manifest))!;
/** Longer than the silence that is taken for a standstill. */
async function untilWal(point: string, condition: (wal: WalSpan) => boolean | Promise<boolean>): Promise<WalSpan> {
  const end = performance.now() + 90_000;
  for (;;) {
    const wal = await span(point);
    if (await condition(wal)) return wal;
    if (performance.now() > end) throw new Error(`the log did not come to this: ${JSON.stringify(wal)}`);
    await pause(100);
  }
}
/** A moment of the server's clock, with nothing else in its millisecond. */
async function momentNow(): Promise<string> {
  await pause(20);
  const now = await server.value(
    `select to_char(clock_timestamp() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`,
    'postgres',
  );
  await pause(20);
  return now;
}
const write = (id: string) => server.sql(`insert into written values ('${id}')`);
const rows = async () => {
  await server.untilUp();
  return (await server.sql('select id from written order by id')).map(({ id }) => id).join(' ');
};

describe('a physical backup with the log of its server', () => {
  it('[K10] [M4] is brought to exactly what was acknowledged by a moment, also the last one, and to all there is', async () => {
    await write('1-before');
    const { performed } = await backUp('a');
    expect(performed.summary).toMatch(/its log is followed from now on/);
    await write('2-after');
    const between = await momentNow();
    await write('3-later');
    const last = await momentNow();
    await untilWal('a', ({ to }) => to! >= last);
    await prove('a');
    const { compared } = (await findPoint(target.home.points, 'a', 'run-1')).manifest.proof!;
    expect(compared.at(-1)).toMatch(/^the log as of .*, recovered to .*; its last commit: 2/);

    // Nothing was committed after this: PostgreSQL itself would refuse it.
    const { performed: atLast, prepared } = await restore({ store: 'shop', point: 'a', at: last }, 'r/01');
    expect(await rows()).toBe('1-before 2-after 3-later');
    expect(atLast.facts).toMatchObject({ asOf: last, warnings: [] });
    expect(atLast.facts['lostSeconds']).toBeLessThan(60);
    // The server goes on with another history: its log is over.
    expect(await receivers()).toEqual([]);
    expect(await span('a')).toMatchObject({ state: 'ended', why: expect.stringContaining('r/01') });

    await restore({ store: 'shop', point: 'a', at: between }, 'r/02');
    expect(await rows()).toBe('1-before 2-after');
    await restore({ store: 'shop', point: 'a', at: 'latest' }, 'r/03');
    expect(await rows()).toBe('1-before 2-after 3-later');
    // Without a moment it is what it was without a log.
    await restore({ store: 'shop', point: 'a' }, 'r/04');
    expect(await rows()).toBe('1-before');
    expect(prepared.undo).toMatchObject({ by: 'operation', input: { putBack: { volume: server.volume } } });
  });

  it('[K10] [M4] is as good as it was after databases were made, and the store’s own was restored from a dump', async () => {
    await backUp('a');
    await write('1');
    await server.sql('create database extra');
    const gone = await momentNow();
    // As `pg_restore --create --clean` does it: the same name, another oid.
    await server.sql('create table other (n int)', 'extra');
    await server.sql('alter database shop rename to shop_before', 'extra');
    const without = await momentNow();
    await server.sql('create database shop template shop_before', 'extra');
    await write('2');
    const last = await momentNow();
    await untilWal('a', ({ to = '' }) => to >= last);
    await prove('a');

    await expect(restore({ store: 'shop', point: 'a', at: without }, 'r/00')).rejects.toMatchObject({
      name: 'PreconditionFailed',
      message: expect.stringContaining('has no database shop'),
    });
    expect((await findPoint(target.home.points, 'a', 'run-1')).manifest.state).toBe('restore-tested');
    await restore({ store: 'shop', point: 'a', at: 'latest' }, 'r/01');
    expect(await rows()).toBe('1 2');
    expect(await server.value(`select count(*) from pg_database where datname in ('extra', 'shop_before')`)).toBe('2');
    await restore({ store: 'shop', point: 'a', at: gone }, 'r/02');
    expect(await rows()).toBe('1');
    // Nothing of that is in the point itself, and whoever goes back to it is told so.
    await restore({ store: 'shop', point: 'a', at: 'latest' }, 'r/03');
    const { performed } = await restore({ store: 'shop', point: 'a' }, 'r/04');
    expect(await rows()).toBe('');
    expect(performed.facts['warnings']).toEqual([expect.stringContaining('extra, shop_before')]);
    expect((await findPoint(target.home.points, 'a', 'run-1')).manifest.state).toBe('restore-tested');
  }, 300_000);

  it('[K10] is proven without its log, where that has removed the database', async () => {
    await backUp('a');
    await server.sql('create database extra');
    await server.sql('drop database shop with (force)', 'extra');
    const dropped = await momentNow();
    await untilWal('a', ({ to = '' }) => to >= dropped);
    await prove('a');
    const { manifest } = await findPoint(target.home.points, 'a', 'run-1');
    expect(manifest.state).toBe('restore-tested');
    expect(manifest.proof!.compared.join()).toMatch(/1 tables.*without its log; by .* has removed database shop/);
  });

  it('[M4] is brought to no moment outside of its log, and says which ones there are', async () => {
    const before = await momentNow();
    await backUp('a');
    const { from, to } = await untilWal('a', (wal) => wal.to !== undefined);
    const refused = (at: string) => restore({ store: 'shop', point: 'a', at }, `r/${at}`);
    await expect(refused(before)).rejects.toMatchObject({
      name: 'PreconditionFailed',
      message: expect.stringContaining(`any moment from ${from} to `),
      hint: expect.stringContaining('older recovery point'),
    });
    const future = new Date(Date.parse(to!) + 3_600_000).toISOString();
    await expect(refused(future)).rejects.toMatchObject({ name: 'PreconditionFailed' });
    await expect(refused('yesterday')).rejects.toMatchObject({ name: 'PreconditionFailed' });
    expect(await rows()).toBe('');
  });

  it('[M4] misses nothing of a server that begins a segment, and removes the last one, again and again', async () => {
    await backUp('a');
    for (let each = 10; each < 25; each += 1)
      for (const sql of [`insert into written values ('${each}')`, 'select pg_switch_wal()', 'checkpoint'])
        await server.sql(sql);
    const moment = await momentNow();
    await untilWal('a', ({ to = '', state }) => state !== 'following' || to >= moment);
    expect(await span('a')).toMatchObject({ state: 'following' });
    await restore({ store: 'shop', point: 'a', at: moment }, 'r/01');
    expect(await rows()).toBe([...Array(15).keys()].map((each) => each + 10).join(' '));
  });

  it('[M4] goes on with a server that was restarted, or has another container', async () => {
    await backUp('a');
    await execa('docker', ['restart', server.container]);
    await server.untilUp();
    await write('1-restarted');
    const restarted = await momentNow();
    // By Docker alone.
    await untilWal('a', ({ to = '' }) => to >= restarted);

    await server.recreate();
    await write('2-recreated');
    const recreated = await momentNow();
    await write('3-later');
    const kept: string[] = [];
    // As a worker does, every ten seconds.
    await untilWal('a', async ({ to = '' }) => {
      for (const { id } of await receivers()) kept.push(await keepReceiver(engine, id));
      return to >= recreated;
    });
    expect(kept).toContain('started');
    await restore({ store: 'shop', point: 'a', at: recreated }, 'r/01');
    expect(await rows()).toBe('1-restarted 2-recreated');
  }, 300_000);

  it('[K10] says that it stands still, goes on when it is put right, and where something is missing ends there', async () => {
    await backUp('a');
    await untilWal('a', ({ to }) => to !== undefined);
    const of = { target: server.project, home: target.home };
    const [receiver] = await receivers();
    // It never outlives the receiver: it would fill the disk.
    const slots = () => server.value('select count(*) from pg_replication_slots');
    expect(await slots()).toBe('1');
    await engine.killContainer(receiver!.id);
    await until('the slot is gone', async () => (await slots()) === '0');
    await write('1-meanwhile');
    const meanwhile = await momentNow();
    const standing = await untilWal('a', ({ state }) => state === 'standing');
    expect(standing.to! < meanwhile).toBe(true);
    await expect(restore({ store: 'shop', point: 'a', at: meanwhile }, 'r/01')).rejects.toMatchObject({
      message: expect.stringContaining('the log stands still'),
    });
    const left = await leftWals(engine, of);
    expect(left).toEqual([expect.objectContaining({ what: 'log of recovery point run-1/a' })]);
    await left[0]!.tidy!();
    await untilWal('a', ({ state, to = '' }) => state === 'following' && to >= meanwhile);
    expect(await leftWals(engine, of)).toEqual([]);

    // Nobody keeps the log for it: what is removed meanwhile is missing for ever.
    await engine.killContainer(receiver!.id);
    for (let each = 0; each < 8; each += 1)
      await server.sql(`insert into written values ('2-${each}'); select pg_switch_wal(); checkpoint`);
    await keepReceiver(engine, receiver!.id);
    expect(await untilWal('a', ({ state }) => state === 'ended')).toMatchObject({
      why: expect.stringContaining('the server has removed what follows'),
    });
    // What came before that is as good as it was.
    await restore({ store: 'shop', point: 'a', at: meanwhile }, 'r/02');
    expect(await rows()).toBe('1-meanwhile');

    const segments = join(walFolder(target.home, { run: 'run-1', point: 'a' }), 'segments');
    for (const file of await readdir(segments)) await rm(join(segments, file));
    expect(await span('a')).toMatchObject({ state: 'ended', why: expect.stringContaining('is missing') });
  }, 300_000);

  it('[K10] restores nothing by a log that is damaged, and a test ends it there without condemning the point', async () => {
    await backUp('a');
    for (const sql of [
      `insert into written values ('1')`,
      'select pg_switch_wal()',
      `insert into written values ('2')`,
      'select pg_switch_wal()',
    ])
      await server.sql(sql);
    const moment = await momentNow();
    await untilWal('a', ({ to = '' }) => to >= moment);
    const segments = join(walFolder(target.home, { run: 'run-1', point: 'a' }), 'segments');
    const last = (await readdir(segments))
      .filter((file) => !file.endsWith('.partial'))
      .sort()
      .at(-1)!;
    const whole = await readFile(join(segments, last));
    await writeFile(join(segments, last), whole.fill(0x5a, 256, 16384));
    for (const at of [moment, 'latest']) {
      await expect(restore({ store: 'shop', point: 'a', at }, `r/${at}`)).rejects.toMatchObject({
        name: 'IntegrityFailed',
        message: expect.stringContaining('the log of recovery point a breaks off at'),
      });
    }
    expect(await rows()).toBe('1 2');
    await prove('a');
    const { manifest } = await findPoint(target.home.points, 'a', 'run-1');
    expect(manifest.state).toBe('restore-tested');
    expect(manifest.proof!.compared.at(-1)).toMatch(/^the log breaks off at .*; the last commit before that: 2/);
    expect(await span('a')).toMatchObject({ state: 'ended', why: expect.stringContaining('as a test found') });
    expect(await receivers()).toEqual([]);
  });

  it('[K10] leaves neither receiver nor log when the backup is given up, or pruned', async () => {
    const nothing = async () => {
      expect(await receivers()).toEqual([]);
      expect(existsSync(walFolder(target.home, { run: 'run-1', point: 'a' }))).toBe(false);
    };
    for (const doing of ['starting to follow the log', 'sealing recovery point a']) {
      const given = new AbortController();
      const onProgress = (told: Progress) => {
        if (told.doing === doing) given.abort(new Error('given up'));
      };
      await expect(backUp('a', { signal: given.signal, onProgress })).rejects.toThrow();
      await nothing();
    }
    await backUp('a');
    expect(await receivers()).toHaveLength(1);
    await performWith(
      prunePointsHandler({ engine }),
      target.context('prunePoints', { points: ['run-1/a'] }, { id: 'p/prune/01' }),
    );
    await nothing();
  });

  it('[M4] follows the last two points that were restored as a test, and what is pinned', async () => {
    const followed = async () => (await receivers()).map(({ point }) => point).sort();
    for (const point of ['a', 'b']) {
      await backUp(point);
      await prove(point);
    }
    await pinPoint(await findPoint(target.home.points, 'a', 'run-1'), { at: await momentNow(), by: 'a test' });
    for (const point of ['c', 'd']) {
      await backUp(point);
      if (point === 'd') expect(await followed()).toEqual(['run-1/a', 'run-1/b', 'run-1/c', 'run-1/d']);
      await prove(point);
    }
    expect(await followed()).toEqual(['run-1/a', 'run-1/c', 'run-1/d']);
    expect(await span('b')).toMatchObject({
      state: 'ended',
      to: expect.any(String),
      why: expect.stringContaining('newer'),
    });
  });

  it('[L7] shows no password in what Docker tells of the receiver, nor in its processes', async () => {
    await backUp('a');
    const [receiver] = await receivers();
    const told = JSON.stringify(await engine.inspectContainer(receiver!.id));
    const { stdout } = await execa('docker', ['top', receiver!.id, '-eo', 'pid,args']);
    expect(stdout).toMatch(/^\s*\d+\s+pg_receivewal /m);
    expect(told).toContain('/log/password');
    expect(told + stdout).not.toContain(password);
  });
});
