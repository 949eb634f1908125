import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

import { listPoints, readPoint, verifyPoint } from '../../activities/points/index.ts';
import { ownName, sweepDead, sweepOwn } from '../real/own-names.ts';
import { attemptInChild, type Told } from '../real/volumes/attempt-killed.ts';
import type { OperationSetting } from '../real/volumes/operation-fixture.ts';
import { engine, inVolumes, isRunning, newVolume, startUser, sweepRuns } from '../real/volumes/volume-fixture.ts';
import type { Running } from '../real/volumes/volume-fixture.ts';

let root: string;
let setting: OperationSetting;
let volume: string;
let user: Running;

beforeAll(async () => {
  await sweepDead(engine);
  await sweepRuns(engine);
});
afterAll(() => sweepOwn(engine));
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'sbt-killed-'));
  setting = { root, target: 'test', runId: ownName('run'), operationId: 'p/backup/01', project: ownName('project') };
  volume = await newVolume();
  await inVolumes([volume], 'echo old >/v/0/state; head -c 3000000 /dev/urandom >/v/0/random');
  user = await startUser(volume, setting.project, 'exec sleep 600');
});
afterEach(async () => {
  await engine.removeContainer(user.id, { 'com.docker.compose.project': setting.project });
  await sweepRuns(engine, setting.runId);
  await rm(root, { recursive: true, force: true });
});

type Side = 'before' | 'after';
type Kind = 'backupVolume' | 'restoreVolume';

/** Kills attempt after attempt, each one effect further on, until one lives. */
async function killOnward(
  kind: Kind,
  input: object,
  operation: OperationSetting,
  side: Side,
  afterEachDeath: () => Promise<void>,
): Promise<{ deaths: number; told: Told }> {
  for (let deaths = 0; deaths < 60; deaths += 1) {
    const told = await attemptInChild(kind, input, operation, { at: deaths + 1, side });
    if (told) return { deaths, told };
    await afterEachDeath();
  }
  throw new Error('it never lived');
}

describe.each<Side>(['before', 'after'])('killed %s each of its effects,', (side) => {
  it('[K10] a backup never yields a point that is called good and is not', async () => {
    const points = join(root, 'points');
    const input = { volume, point: 'a', quiesce: 'stop' };
    const { deaths, told } = await killOnward('backupVolume', input, setting, side, async () => {
      for (const { point } of await listPoints(points)) if (point) await verifyPoint(point);
    });
    expect(told.error).toBeUndefined();
    expect(deaths).toBeGreaterThan(3);
    const point = await readPoint(points, { run: setting.runId, point: 'a' });
    expect((await verifyPoint(point!)).manifest.state).toBe('verified');
    expect(await listPoints(points)).toHaveLength(1);
    expect(await isRunning(user)).toBe(true);
    expect(await engine.listByLabel({ 'io.switchback.run': setting.runId })).toEqual([]);
  }, 300_000);

  it('[M4] a restore never leaves a mix', async () => {
    await attemptInChild('backupVolume', { volume, point: 'a', quiesce: 'none' }, setting);
    await inVolumes([volume], 'echo new >/v/0/state; rm /v/0/random; echo more >/v/0/more');
    const content = (name: string) => inVolumes([name], 'cat /v/0/state; ls /v/0 | tr "\\n" " "');
    const [before, after] = ['new\nmore state', 'old\nrandom state'];
    const seen: string[] = [];
    const operation = { ...setting, operationId: 'rollback-1/01' };
    const { deaths, told } = await killOnward('restoreVolume', { volume, point: 'a' }, operation, side, async () => {
      seen.push(await content(volume));
    });
    expect(told.error).toBeUndefined();
    expect(deaths).toBeGreaterThan(5);
    for (const found of seen) expect([before, after]).toContain(found);
    expect(await content(volume)).toBe(after);
    expect(await content(told.performed!.facts['kept'] as string)).toBe(before);
    expect(await isRunning(user)).toBe(true);
  }, 600_000);
});
