import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { execa } from 'execa';

import { readWal } from '../../activities/wal/index.ts';
import { listPoints, readPoint, verifyPoint } from '../../activities/points/index.ts';
import { ownName } from '../real/own-names.ts';
import {
  engine,
  password,
  prepareServers,
  removeServers,
  ServerFixture,
} from '../real/postgres-physical/server-fixture.ts';
import type { AttemptedKind } from '../real/volumes/attempt-in-child.ts';
import { attemptInChild, type Told } from '../real/volumes/attempt-killed.ts';
import type { OperationSetting } from '../real/volumes/operation-fixture.ts';
import { until } from '../stores/until.ts';
import { inVolumes, sweepRuns } from '../real/volumes/volume-fixture.ts';

let root: string;
let server: ServerFixture;
let setting: OperationSetting;

beforeAll(async () => {
  await sweepRuns(engine);
  await prepareServers();
}, 600_000);
afterAll(removeServers);
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'sbt-killed-'));
  server = await ServerFixture.start();
  const stores = { shop: { ...server.store(), password } };
  setting = {
    root,
    target: 'test',
    runId: ownName('run'),
    operationId: 'p/backup/01',
    project: server.project,
    stores,
  };
  await server.sql('create table rows (id int)');
  await mark('old');
});
afterEach(async () => {
  await engine.removeContainer(server.container, { 'com.docker.compose.project': server.project });
  await sweepRuns(engine, setting.runId);
  await rm(root, { recursive: true, force: true });
});

/** A file among those of the server tells which data a volume holds, also while the server is down. */
const mark = (as: string) => execa('docker', ['exec', server.container, 'sh', '-c', `echo ${as} >/data/15/mark`]);
const held = (volume: string) => inVolumes([volume], 'cat /v/0/15/mark');

type Side = 'before' | 'after';

/** Kills attempt after attempt, each one effect further on, until one lives. */
async function killOnward(
  kind: AttemptedKind,
  input: object,
  operation: OperationSetting,
  side: Side,
  afterEachDeath: () => Promise<void>,
): Promise<{ deaths: number; told: Told }> {
  for (let deaths = 0; deaths < 80; deaths += 1) {
    const told = await attemptInChild(kind, input, operation, { at: deaths + 1, side });
    if (told) return { deaths, told };
    await afterEachDeath();
  }
  throw new Error('it never lived');
}

describe.each<Side>(['before', 'after'])('killed %s each of its effects,', (side) => {
  it('[K10] a physical backup never yields a point that is called good and is not', async () => {
    const points = join(root, 'points');
    const input = { store: 'shop', point: 'a', method: 'physical' };
    const { deaths, told } = await killOnward('backupStore', input, setting, side, async () => {
      for (const { point } of await listPoints(points)) if (point) await verifyPoint(point);
    });
    expect(told.error).toBeUndefined();
    expect(deaths).toBeGreaterThan(5);
    const point = await readPoint(points, { run: setting.runId, point: 'a' });
    expect((await verifyPoint(point!)).manifest.state).toBe('verified');
    expect(await listPoints(points)).toHaveLength(1);
    expect(await engine.listByLabel({ 'io.switchback.run': setting.runId })).toEqual([]);
  }, 1_800_000);

  it('[K10] one with its log leaves one receiver that follows it, and no other', async () => {
    const input = { store: 'shop', point: 'a', method: 'physical', pointInTime: true };
    const { deaths, told } = await killOnward('backupStore', input, setting, side, async () => undefined);
    expect(told.error).toBeUndefined();
    expect(deaths).toBeGreaterThan(7);
    const left = await engine.listByLabel({ 'io.switchback.run': setting.runId });
    expect(left.map(({ Labels, State }) => [Labels['io.switchback.role'], State])).toEqual([
      ['log-receiver', 'running'],
    ]);
    const point = await readPoint(join(root, 'points'), { run: setting.runId, point: 'a' });
    await until('the log is followed', async () => (await readWal({ root }, point!.manifest))?.state === 'following');
  }, 1_800_000);

  it('[M4] a restore to a moment ends with that moment, although its log ended on the way', async () => {
    const following = { store: 'shop', point: 'a', method: 'physical', pointInTime: true };
    expect((await attemptInChild('backupStore', following, setting))?.error).toBeUndefined();
    await server.sql('insert into rows values (1)');
    const at = await server.value(
      `select to_char(clock_timestamp() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`,
    );
    await server.sql('insert into rows values (2)');
    await mark('new');
    const { manifest } = (await readPoint(join(root, 'points'), { run: setting.runId, point: 'a' }))!;
    await until('the log has come so far', async () => ((await readWal({ root }, manifest))?.to ?? '') >= at);
    const seen: string[] = [];
    const { deaths, told } = await killOnward(
      'restoreStore',
      { store: 'shop', point: 'a', at },
      { ...setting, operationId: 'rollback-1/01' },
      side,
      async () => {
        seen.push(await held(server.volume));
      },
    );
    expect(told.error).toBeUndefined();
    expect(deaths).toBeGreaterThan(10);
    expect(seen.join(' ')).toMatch(/^(new )+(old ?)*$/);
    await server.untilUp();
    expect(await server.value('select string_agg(id::text, $$ $$) from rows')).toBe('1');
    expect(await engine.listByLabel({ 'io.switchback.run': setting.runId })).toEqual([]);
  }, 1_800_000);

  it('[M4] a restore of the server leaves the old data or the new, and ends with the new, and the server up', async () => {
    const backedUp = await attemptInChild('backupStore', { store: 'shop', point: 'a', method: 'physical' }, setting);
    expect(backedUp?.error).toBeUndefined();
    await mark('new');
    await server.sql('drop table rows');
    const restoring = { ...setting, operationId: 'rollback-1/01' };
    const seen: string[] = [];
    const { deaths, told } = await killOnward(
      'restoreStore',
      { store: 'shop', point: 'a' },
      restoring,
      side,
      async () => {
        seen.push(await held(server.volume));
      },
    );
    expect(told.error).toBeUndefined();
    expect(deaths).toBeGreaterThan(10);
    // Once it holds what was restored, it holds that for good.
    expect(seen.join(' ')).toMatch(/^(new )+(old ?)*$/);
    await server.untilUp();
    expect(await held(server.volume)).toBe('old');
    expect(await server.value('select count(*) from rows')).toBe('0');
    expect(await held(told.performed!.facts['kept'] as string)).toBe('new');
    expect(await engine.listByLabel({ 'io.switchback.run': setting.runId })).toEqual([]);
  }, 1_800_000);
});
