import { execFileSync } from 'node:child_process';
import { cp, mkdir, mkdtemp, open, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

import { backupVolumeHandler } from '../../../activities/effects/backup-volume.ts';
import { proveBackupHandler } from '../../../activities/effects/prove-backup.ts';
import { restoreVolumeHandler } from '../../../activities/effects/restore-volume.ts';
import { hashFile, listPoints, readPoint } from '../../../activities/points/index.ts';
import { encodeManifest, sealOf } from '../../../activities/points/manifest.ts';
import { helperImage, volumeProver } from '../../../activities/volumes/index.ts';
import { runHelper } from '../../../activities/docker/index.ts';
import { ownLabels, ownName, sweepDead, sweepOwn } from '../own-names.ts';
import { attempt, type OperationSetting } from './operation-fixture.ts';
import { engine, inVolumes, newVolume, sweepRuns } from './volume-fixture.ts';

const backup = backupVolumeHandler({ engine });
const restore = restoreVolumeHandler({ engine });
const prove = proveBackupHandler({ engine, provers: [volumeProver(engine)] });
let root: string;
let setting: OperationSetting;
let volume: string;

beforeAll(async () => {
  await sweepDead(engine);
  await sweepRuns(engine);
});
afterAll(() => sweepOwn(engine));
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'sbt-distrust-'));
  setting = { root, target: 'test', runId: ownName('run'), operationId: 'p/backup/01', project: ownName('project') };
  volume = await newVolume();
  await inVolumes([volume], 'echo live >/v/0/state');
});
afterEach(async () => {
  await sweepRuns(engine, setting.runId);
  await rm(root, { recursive: true, force: true });
});

const as = (operationId: string): OperationSetting => ({ ...setting, operationId });
const take = (point = 'a') =>
  attempt(backup, 'backupVolume', { volume, point, quiesce: 'none' }, as(`p/backup/${point}`));
const restoring = () => attempt(restore, 'restoreVolume', { volume, point: 'a' }, as('rollback-1/01'));
const folder = (point = 'a') => join(root, 'points', setting.runId, point);
const live = () => inVolumes([volume], 'cat /v/0/state; ls -A /v/0');

/** Puts another archive in the place of a point's, with a manifest that fits it in everything but what was backed up. */
async function forge(script: string): Promise<void> {
  const archive = join(folder(), 'volume.tar.zst');
  const made = await runHelper(engine, {
    name: ownName('forge'),
    image: helperImage,
    argv: ['bash', '-euo', 'pipefail', '-c', `cd /tmp; ${script} | zstd -q -f -o /point/volume.tar.zst`],
    labels: ownLabels,
    mounts: [{ type: 'bind', source: folder(), target: '/point' }],
    capabilities: ['DAC_OVERRIDE', 'MKNOD'],
    timeoutMs: 30_000,
  });
  expect(made).toMatchObject({ exitCode: 0 });
  const { manifest } = (await readPoint(join(root, 'points'), { run: setting.runId, point: 'a' }))!;
  const forged = { ...manifest, parts: [{ file: 'volume.tar.zst', ...(await hashFile(archive)) }] };
  forged.seal = sealOf(forged);
  await writeFile(join(folder(), 'manifest.json'), encodeManifest(forged));
  // As if the journal had been forged too: what is left are the fingerprint and the walls of the helper.
  const journal = JSON.parse(await readFile(join(root, 'journal.json'), 'utf8'));
  journal.receipts['p/backup/a'].seal = forged.seal;
  await writeFile(join(root, 'journal.json'), JSON.stringify(journal));
}

describe('a recovery point is not restored from, and the live volume stays as it is, when', () => {
  it('[K10] a bit of its archive was flipped; and it is marked for good', async () => {
    await take();
    const file = await open(join(folder(), 'volume.tar.zst'), 'r+');
    await file.write(Buffer.from('X'), 0, 1, 40);
    await file.close();
    await expect(restoring()).rejects.toMatchObject({ name: 'IntegrityFailed' });
    expect(await live()).toBe('live\nstate');
    await expect(attempt(prove, 'proveBackup', { point: 'a' }, as('p/prove/01'))).rejects.toMatchObject({
      name: 'PreconditionFailed',
    });
    expect((await listPoints(join(root, 'points')))[0]?.point?.manifest.state).toBe('failed');
  });

  it('[K10] another point of the same run was put in its place', async () => {
    await take('a');
    await inVolumes([volume], 'echo later >/v/0/state');
    await take('b');
    const { manifest } = (await readPoint(join(root, 'points'), { run: setting.runId, point: 'b' }))!;
    const forged = { ...manifest, point: 'a' };
    forged.seal = sealOf(forged);
    await rm(folder('a'), { recursive: true });
    await cp(folder('b'), folder('a'), { recursive: true });
    await writeFile(join(folder('a'), 'manifest.json'), encodeManifest(forged));
    await expect(restoring()).rejects.toThrow('is not the one that the journal knows');
  });

  it('its archive tries to write outside of the volume', async () => {
    await take();
    await forge(`
      mkdir -p tree/way; echo evil >tree/evil; ln -s /progress tree/out; ln -s .. tree/up; mknod tree/disk b 8 0
      tar -P -c tree/out tree/up tree/disk --transform 's,^tree/,,' >a.tar
      rm tree/out; mkdir tree/out tree/up2; echo evil >tree/out/evil
      tar -P -r -f a.tar --transform 's,^tree/,,' tree/out/evil
      tar -P -r -f a.tar --transform 's,^tree/evil,/progress/absolute-evil,' tree/evil
      tar -P -r -f a.tar --transform 's,^tree/evil,../progress/dotted-evil,' tree/evil
      tar -P -r -f a.tar --transform 's,^tree/evil,/point/evil,' tree/evil
      cat a.tar`);
    await expect(restoring()).rejects.toMatchObject({ name: 'IntegrityFailed' });
    expect(await live()).toBe('live\nstate');
    const everything = await readdir(root, { recursive: true });
    expect(everything.filter((name) => name.includes('evil'))).toEqual([]);
  });

  it('its archive is a bomb: no more comes out than went in', async () => {
    await take();
    await forge('mkdir tree; head -c 300000000 /dev/zero >tree/zeros; tar -C tree -c .');
    await expect(restoring()).rejects.toThrow(/more than \d+ bytes come out/);
    expect(await live()).toBe('live\nstate');
  });

  it('[K10] it was interrupted, or has vanished', async () => {
    await expect(restoring()).rejects.toMatchObject({ name: 'PreconditionFailed' });
    await take();
    await rename(folder(), `${folder()}.partial`);
    await expect(restoring()).rejects.toMatchObject({ name: 'PreconditionFailed' });
  });
});

describe('a disk that runs full', () => {
  const mounts: string[] = [];
  afterEach(() => {
    for (const path of mounts.splice(0)) execFileSync('umount', [path]);
  });

  it('is refused before anything is done where it can be known, with need and have', async () => {
    const small = join(root, 'points');
    await mkdir(small, { recursive: true });
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'tmpfs', small]);
    mounts.push(small);
    await expect(take()).rejects.toMatchObject({
      name: 'ResourceExhausted',
      facts: { needBytes: expect.any(Number), haveBytes: 8 * 1024 * 1024 },
    });
  });

  it('[K10] in the middle of a backup leaves no partial point', async () => {
    await inVolumes([volume], 'head -c 12000000 /dev/urandom >/v/0/random');
    const small = join(root, 'points');
    await mkdir(small, { recursive: true });
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=40m', 'tmpfs', small]);
    mounts.push(small);
    const fill = () => writeFile(join(small, 'filler'), Buffer.alloc(34_000_000));
    const filling = {
      prepare: async (...args: Parameters<typeof backup.prepare>) => {
        const prepared = await backup.prepare(...args);
        await fill();
        return prepared;
      },
      observe: backup.observe.bind(backup),
      perform: backup.perform.bind(backup),
    };
    const input = { volume, point: 'a', quiesce: 'none' as const };
    await expect(attempt(filling, 'backupVolume', input, setting)).rejects.toMatchObject({ name: 'ResourceExhausted' });
    expect(await readdir(join(small, setting.runId))).toEqual([]);
    await rm(join(small, 'filler'));
    expect((await attempt(backup, 'backupVolume', input, setting)).facts).toMatchObject({ files: 2 });
  });
});
