import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

import { backupVolumeHandler } from '../../../activities/effects/backup-volume.ts';
import { listPoints } from '../../../activities/points/index.ts';
import { createOperations } from '../../../runbook/backup-task.ts';
import { ownName, sweepDead, sweepOwn } from '../own-names.ts';
import { attempt, type OperationSetting } from './operation-fixture.ts';
import { engine, inVolumes, isRunning, newVolume, startUser } from './volume-fixture.ts';

const backup = backupVolumeHandler({ engine });
let root: string;
let setting: OperationSetting;

beforeAll(() => sweepDead(engine));
afterAll(() => sweepOwn(engine));
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'sbt-window-'));
  const runId = ownName('run');
  setting = { root, target: 'test', runId, operationId: '', project: ownName('project') };
});
afterEach(() => rm(root, { recursive: true, force: true }));

const startedAt = async ({ id }: { id: string }) => (await engine.inspectContainer(id))?.State.StartedAt;
/** Runs the backups of a task one after the other, as a workflow does. */
async function inTurn(volumes: { volume: string; quiesce: 'stop' | 'pause' }[], after?: () => Promise<void>) {
  const done: string[] = [];
  for (const { id, kind, input } of createOperations(volumes, false, 'here')) {
    if (kind !== 'backupVolume') throw new Error(`unexpected ${kind}`);
    const { observed } = await attempt(backup, kind, input, { ...setting, operationId: id });
    done.push(observed);
    if (done.length === 1) await after?.();
  }
  return done;
}
const points = async () =>
  (await listPoints(join(root, 'points')))
    .map(({ point }) => [point?.manifest.source.resource, point?.manifest.operation, point?.manifest.state])
    .sort();

describe('the volumes of a phase', () => {
  it('are archived in one quiet window: their users stop once and come back once', async () => {
    const [one, two] = [await newVolume('one'), await newVolume('two')];
    const [first, second] = [await startUser(one, setting.project), await startUser(two, setting.project)];
    await inVolumes([one, two], 'echo a >/v/0/kept; echo b >/v/1/kept');
    let came: (string | undefined)[] = [];
    const volumes = [
      { volume: one, quiesce: 'stop' as const },
      { volume: two, quiesce: 'stop' as const },
    ];
    const done = await inTurn(volumes, async () => {
      expect(await isRunning(first)).toBe(true);
      expect(await isRunning(second)).toBe(true);
      came = [await startedAt(first), await startedAt(second)];
      expect(await points()).toHaveLength(2);
    });
    expect(done).toEqual(['partial', 'done']);
    // Nobody was stopped a second time.
    expect([await startedAt(first), await startedAt(second)]).toEqual(came);
    expect(await points()).toEqual([
      [`volume:${one}`, 'backup/01-backupVolume', 'sealed'],
      [`volume:${two}`, 'backup/02-backupVolume', 'sealed'],
    ]);
  });

  it('are left to their own operation where something is in their way, and that says what', async () => {
    const [one, two] = [await newVolume('one'), await newVolume('two')];
    const first = await startUser(one, setting.project);
    await startUser(two, ownName('foreign'));
    const volumes = [
      { volume: one, quiesce: 'pause' as const },
      { volume: two, quiesce: 'stop' as const },
    ];
    await expect(inTurn(volumes)).rejects.toThrow(/is in use by .* outside of project/);
    expect(await isRunning(first)).toBe(true);
    expect(await points()).toEqual([[`volume:${one}`, 'backup/01-backupVolume', 'sealed']]);
  });
});
