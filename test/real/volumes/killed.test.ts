import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

import { listPoints, readPoint, verifyPoint } from '../../../activities/points/index.ts';
import { ownName, sweepDead, sweepOwn } from '../own-names.ts';
import { attemptInChild } from './attempt-killed.ts';
import type { KillPoint } from './killed-engine.ts';
import type { OperationSetting } from './operation-fixture.ts';
import { engine, inVolumes, isRunning, newVolume, startUser, sweepRuns, type Running } from './volume-fixture.ts';

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

const content = () => inVolumes([volume], 'cat /v/0/state; ls /v/0 | tr "\\n" " "');
const [newer, older] = ['new\nmore state', 'old\nrandom state'];

describe('killed by -9,', () => {
  it('[K10] a backup yields no point that is called good, and in the end a whole one, with the service back', async () => {
    const input = { volume, point: 'a', quiesce: 'stop' };
    const points = join(root, 'points');
    const boundaries: KillPoint[] = [
      { at: 'stop container', side: 'after' },
      { at: 'create container', side: 'before' },
      { at: 'start container switchback', side: 'after' },
      { at: `start container ${user.id}`, side: 'before' },
    ];
    for (const boundary of boundaries) {
      expect(await attemptInChild('backupVolume', input, setting, boundary)).toBeUndefined();
      for (const { point } of await listPoints(points)) if (point) await verifyPoint(point);
    }
    expect(await isRunning(user)).toBe(false);
    const told = await attemptInChild('backupVolume', input, setting);
    expect(told?.error).toBeUndefined();
    expect(await isRunning(user)).toBe(true);
    const point = await readPoint(points, { run: setting.runId, point: 'a' });
    expect((await verifyPoint(point!)).manifest.state).toBe('verified');
    expect(await listPoints(points)).toHaveLength(1);
    expect(await engine.listByLabel({ 'io.switchback.run': setting.runId })).toEqual([]);
  });

  it('a backup goes on with the helper that works on alone', async () => {
    const input = { volume, point: 'a', quiesce: 'none' };
    // What `prepare` looked up is in the journal then, and no helper but this one is to come.
    expect(await attemptInChild('backupVolume', input, setting, { at: 'archive', side: 'before' })).toBeUndefined();
    const kill: KillPoint = { at: 'start container', side: 'after' };
    expect(await attemptInChild('backupVolume', input, setting, kill)).toBeUndefined();
    const told = await attemptInChild('backupVolume', input, setting);
    expect(told?.error).toBeUndefined();
    expect(told?.effects).toEqual([expect.stringContaining('remove container')]);
  });

  it('[M4] a restore leaves the old content or the new, and ends with the new one and the service back', async () => {
    await attemptInChild('backupVolume', { volume, point: 'a', quiesce: 'none' }, setting);
    await inVolumes([volume], 'echo new >/v/0/state; rm /v/0/random; echo more >/v/0/more');
    const restoring = { ...setting, operationId: 'rollback-1/01' };
    const boundaries: [KillPoint, string][] = [
      [{ at: 'extract', side: 'after' }, newer],
      [{ at: 'stop container', side: 'after' }, newer],
      [{ at: 'exchange', side: 'before' }, newer],
    ];
    for (const [boundary, expected] of boundaries) {
      expect(await attemptInChild('restoreVolume', { volume, point: 'a' }, restoring, boundary)).toBeUndefined();
      expect(await content()).toBe(expected);
    }
    // Whether its helper has exchanged already is a race: either content is whole.
    const started: KillPoint = { at: `start container ${user.id}`, side: 'before' };
    expect(await attemptInChild('restoreVolume', { volume, point: 'a' }, restoring, started)).toBeUndefined();
    expect(await content()).toBe(older);
    const told = await attemptInChild('restoreVolume', { volume, point: 'a' }, restoring);
    expect(told?.error).toBeUndefined();
    expect(await content()).toBe(older);
    expect(await isRunning(user)).toBe(true);
    volume = told!.performed!.facts['kept'] as string;
    expect(await content()).toBe(newer);
  });

  it('[M4] a restore that had not come to its exchange is not "put back": the live volume stays', async () => {
    await attemptInChild('backupVolume', { volume, point: 'a', quiesce: 'none' }, setting);
    await inVolumes([volume], 'echo new >/v/0/state; rm /v/0/random; echo more >/v/0/more');
    const forward = { ...setting, operationId: 'p/apply/01' };
    const kill: KillPoint = { at: 'exchange', side: 'before' };
    expect(await attemptInChild('restoreVolume', { volume, point: 'a' }, forward, kill)).toBeUndefined();
    const beside = (await engine.call('list', {}, (docker) => docker.listVolumes())).Volumes.find(
      ({ Labels }) => Labels?.['io.switchback.run'] === setting.runId,
    );
    const undo = { volume, point: 'a', putBack: beside!.Name };
    const told = await attemptInChild('restoreVolume', undo, { ...setting, operationId: 'rollback-1/01' });
    expect(told?.performed?.summary).toContain('nothing to put back');
    expect(await content()).toBe(newer);
  });
});
