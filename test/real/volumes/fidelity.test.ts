import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

import { backupVolumeHandler } from '../../../activities/effects/backup-volume.ts';
import { proveBackupHandler } from '../../../activities/effects/prove-backup.ts';
import { restoreVolumeHandler } from '../../../activities/effects/restore-volume.ts';
import { readPoint } from '../../../activities/points/index.ts';
import { volumeProver } from '../../../activities/volumes/index.ts';
import { ownName, sweepDead, sweepOwn } from '../own-names.ts';
import { comparison, oddities } from './oddities.ts';
import { attempt, type OperationSetting } from './operation-fixture.ts';
import { engine, inVolumes, newVolume, sweepRuns } from './volume-fixture.ts';

let root: string;
let setting: OperationSetting;

beforeAll(async () => {
  await sweepDead(engine);
  await sweepRuns(engine);
});
afterAll(() => sweepOwn(engine));
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'sbt-fidelity-'));
  setting = { root, target: 'test', runId: ownName('run'), operationId: 'p/backup/01', project: ownName('project') };
});
afterEach(async () => {
  await sweepRuns(engine, setting.runId);
  await rm(root, { recursive: true, force: true });
});
const as = (operationId: string): OperationSetting => ({ ...setting, operationId });

describe('a volume full of oddities', () => {
  it('[M4][K10] comes back with content and metadata as they were: owners, modes, links, holes, names, times, attributes, ACLs', async () => {
    const volume = await newVolume();
    await inVolumes([volume], oddities);
    const input = { volume, point: 'odd', quiesce: 'none' as const };
    await attempt(backupVolumeHandler({ engine }), 'backupVolume', input, setting);
    const provers = [volumeProver(engine)];
    await attempt(proveBackupHandler({ engine, provers }), 'proveBackup', { point: 'odd' }, as('p/prove/01'));
    const other = ownName('other');
    await attempt(
      restoreVolumeHandler({ engine }),
      'restoreVolume',
      { volume, point: 'odd', into: other },
      as('r/01-restoreVolume'),
    );
    const [entries, attributes, holes, ...differences] = (await inVolumes([volume, other], comparison)).split('\n');
    expect(differences).toEqual([]);
    // The comparison did look: at everything, at 9 attributes, and at three files with holes.
    expect(Number(entries)).toBeGreaterThan(100);
    expect([attributes, holes]).toEqual(['9', '3']);
    const { manifest } = (await readPoint(join(root, 'points'), { run: setting.runId, point: 'odd' }))!;
    expect(manifest.parts[0]!.bytes).toBeLessThan(5_000_000);
    await engine.call('remove', {}, (docker) => docker.getVolume(other).remove());
  });
});
