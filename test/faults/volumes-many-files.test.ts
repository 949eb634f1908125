import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';

import { backupVolumeHandler } from '../../activities/effects/backup-volume.ts';
import { restoreVolumeHandler } from '../../activities/effects/restore-volume.ts';
import { ownName, sweepDead, sweepOwn } from '../real/own-names.ts';
import { comparison } from '../real/volumes/oddities.ts';
import { attempt } from '../real/volumes/operation-fixture.ts';
import { engine, inVolumes, newVolume, sweepRuns } from '../real/volumes/volume-fixture.ts';

beforeAll(() => sweepDead(engine));
afterAll(() => sweepOwn(engine));

it('[M4] 200,000 files come back as they were', async () => {
  const root = await mkdtemp(join(tmpdir(), 'sbt-many-'));
  const runId = ownName('run');
  const setting = { root, target: 'test', runId, operationId: 'p/backup/01', project: ownName('project') };
  const volume = await newVolume();
  const other = ownName('other');
  const minutes = 10 * 60_000;
  try {
    const fill = `perl -e 'for my $d (0..399) { mkdir "/v/0/$d"; for my $n (0..499) { open my $f, ">", "/v/0/$d/$n" or die $!; print $f "$d $n\\n" x ($n % 40) } }'`;
    await inVolumes([volume], fill, minutes);
    const input = { volume, point: 'many', quiesce: 'none' as const };
    const taken = await attempt(backupVolumeHandler({ engine }), 'backupVolume', input, setting);
    expect(taken.facts).toMatchObject({ files: 200_000 });
    await attempt(
      restoreVolumeHandler({ engine }),
      'restoreVolume',
      { volume, point: 'many', into: other },
      { ...setting, operationId: 'r/01' },
    );
    const [lines, , , ...differences] = (await inVolumes([volume, other], comparison, minutes)).split('\n');
    expect(differences).toEqual([]);
    expect(Number(lines)).toBe(400_401);
  } finally {
    await engine.find('remove', {}, (docker) => docker.getVolume(other).remove());
    await sweepRuns(engine, runId);
    await rm(root, { recursive: true, force: true });
  }
}, 1_200_000);
