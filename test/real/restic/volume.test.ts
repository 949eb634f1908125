import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

import { DockerEngine } from '../../../activities/docker/index.ts';
import { backupVolumeHandler } from '../../../activities/effects/backup-volume.ts';
import { proveBackupHandler } from '../../../activities/effects/prove-backup.ts';
import { prunePointsHandler } from '../../../activities/effects/prune-points.ts';
import { restoreVolumeHandler } from '../../../activities/effects/restore-volume.ts';
import { listPoints, readPoint, type PointManifest } from '../../../activities/points/index.ts';
import { volumeProver } from '../../../activities/volumes/index.ts';
import { ownName, sweepDead, sweepOwn } from '../own-names.ts';
import { comparison, oddities } from '../volumes/oddities.ts';
import { attempt, type OperationSetting } from '../volumes/operation-fixture.ts';
import { engine, inVolumes, newVolume, startUser, sweepRuns } from '../volumes/volume-fixture.ts';
import { damagePacks, filesBelow, Repository } from './repository.ts';

const password = 'sentinel-of-the-repository';
const backup = backupVolumeHandler({ engine });
const restore = restoreVolumeHandler({ engine });
const prove = proveBackupHandler({ engine, provers: [volumeProver(engine)] });
let root: string;
let setting: OperationSetting;
let repository: Repository;

beforeAll(async () => {
  await sweepDead(engine);
  await sweepRuns(engine);
});
afterAll(() => sweepOwn(engine));
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'sbt-restic-'));
  await writeFile(join(root, 'password'), `${password}\n`, { mode: 0o600 });
  const at = join(root, 'repository');
  repository = new Repository(at, join(root, 'password'));
  setting = {
    ...{ root, target: 'test', runId: ownName('run'), operationId: 'p/backup/01', project: ownName('project') },
    repository: { kind: 'restic', at, password: '${file:password}' },
  };
});
afterEach(async () => {
  await sweepRuns(engine, setting.runId);
  await rm(root, { recursive: true, force: true });
});
const as = (operationId: string): OperationSetting => ({ ...setting, operationId });
const take = (volume: string, point: string, by: typeof backup = backup) =>
  attempt(by, 'backupVolume', { volume, point, quiesce: 'none' }, as(`p/backup/${point}`));
const manifest = async (point: string): Promise<PointManifest> =>
  (await readPoint(join(root, 'points'), { run: setting.runId, point }))!.manifest;

describe('a volume in a restic repository', () => {
  it('[M4][K10] comes back with content and metadata as they were, and an unchanged second backup adds next to nothing', async () => {
    const volume = await newVolume();
    await inVolumes([volume], oddities);
    const first = await take(volume, 'odd');
    expect(first.facts).toMatchObject({
      repository: setting.repository!.at,
      snapshot: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
    const second = await take(volume, 'again');
    expect(first.facts['bytes']).toBeGreaterThan(3_000_000);
    expect(second.facts['bytes']).toBeLessThan(10_000);
    expect((await manifest('again')).canary['metadata']).toBe((await manifest('odd')).canary['metadata']);
    await attempt(prove, 'proveBackup', { point: 'again' }, as('p/prove/01'));
    expect(await manifest('again')).toMatchObject({ state: 'restore-tested', parts: [] });
    const other = ownName('other');
    await attempt(restore, 'restoreVolume', { volume, point: 'again', into: other }, as('r/01-restoreVolume'));
    const [entries, attributes, holes, ...differences] = (await inVolumes([volume, other], comparison)).split('\n');
    expect(Number(entries)).toBeGreaterThan(100);
    expect([attributes, holes]).toEqual(['9', '3']);
    // Two names of one symbolic link become two links, and a file of zeros becomes a hole: all that differs.
    const about = differences.filter((line) => /^[<>]/.test(line)).map((line) => /\.\/[a-z/-]+/.exec(line)![0]);
    expect([...new Set(about)]).toEqual(['./links/dangling', './links/same-link', './sparse/zeros']);
    await engine.call('remove', {}, (docker) => docker.getVolume(other).remove());
  });

  it('takes the place of the live one in one exchange, with what was replaced kept', async () => {
    const volume = await newVolume();
    await inVolumes([volume], 'echo old >/v/0/state');
    await take(volume, 'a');
    await inVolumes([volume], 'echo new >/v/0/state; echo more >/v/0/more');
    const { facts } = await attempt(restore, 'restoreVolume', { volume, point: 'a' }, as('r/01-restoreVolume'));
    expect(await inVolumes([volume, facts['kept'] as string], 'cat /v/0/state; ls /v/0; cat /v/1/state')).toBe(
      'old\nstate\nnew',
    );
  });

  it('shows its password to nobody: neither in a container, nor in the manifest, nor in what is left on disk', async () => {
    const seen: string[] = [];
    class Watched extends DockerEngine {
      override async startContainer(name: string, options = {}): Promise<void> {
        seen.push(JSON.stringify(await this.inspectContainer(name)));
        await super.startContainer(name, options);
      }
    }
    const volume = await newVolume();
    await inVolumes([volume], 'echo content >/v/0/file');
    await take(volume, 'a', backupVolumeHandler({ engine: new Watched() }));
    expect(seen.some((text) => text.includes('/secrets'))).toBe(true);
    expect(seen.join('')).not.toContain(password);
    const left = (await filesBelow(root)).filter((file) => file !== join(root, 'password'));
    for (const file of left) expect((await readFile(file)).includes(password)).toBe(false);
    expect((await readdir(join(root, 'scratch'))).filter((name) => name.endsWith('.secrets'))).toEqual([]);
    await writeFile(join(root, 'password'), 'another');
    await expect(take(volume, 'b')).rejects.toMatchObject({ name: 'AccessDenied' });
  });

  it('that is damaged is found out by its test, and never restored from again', async () => {
    const volume = await newVolume();
    await inVolumes([volume], 'head -c 2000000 /dev/urandom >/v/0/random');
    await take(volume, 'a');
    await damagePacks(setting.repository!.at);
    await expect(attempt(prove, 'proveBackup', { point: 'a' }, as('p/prove/01'))).rejects.toMatchObject({
      name: 'IntegrityFailed',
    });
    expect((await manifest('a')).state).toBe('failed');
    await expect(
      attempt(restore, 'restoreVolume', { volume, point: 'a' }, as('r/01-restoreVolume')),
    ).rejects.toMatchObject({ name: 'PreconditionFailed' });
  });

  it('is not made anew where the disk of the points that there are is not mounted, nor among other files', async () => {
    const volume = await newVolume();
    await inVolumes([volume], 'echo content >/v/0/file');
    await mkdir(setting.repository!.at);
    await writeFile(join(setting.repository!.at, 'somebody-elses'), 'file');
    await expect(take(volume, 'a')).rejects.toMatchObject({ name: 'Conflict' });
    await rm(setting.repository!.at, { recursive: true });
    await take(volume, 'b');
    await rm(setting.repository!.at, { recursive: true });
    await expect(take(volume, 'c')).rejects.toMatchObject({ name: 'PreconditionFailed' });
    expect((await listPoints(join(root, 'points'))).map(({ ref }) => ref.point)).toEqual(['b']);
  });

  it('that is written to while it has to be quiet leaves neither a point nor a snapshot', async () => {
    const volume = await newVolume();
    const user = await startUser(volume, setting.project);
    class Meddled extends DockerEngine {
      override async startContainer(name: string, options = {}): Promise<void> {
        await super.startContainer(name, options);
        if (name.includes('snapshot')) await super.startContainer(user.id);
      }
    }
    const meddled = backupVolumeHandler({ engine: new Meddled() });
    await expect(
      attempt(meddled, 'backupVolume', { volume, point: 'a', quiesce: 'stop' }, setting),
    ).rejects.toMatchObject({ name: 'Conflict' });
    expect(await listPoints(join(root, 'points'))).toEqual([]);
    expect(await repository.snapshots()).toEqual([]);
    await engine.removeContainer(user.id, { 'com.docker.compose.project': setting.project });
  });
});

describe('a repository that others use too', () => {
  it('[M4] loses by a prune exactly the snapshots of the pruned points, and the others stay whole', async () => {
    const volume = await newVolume();
    for (const point of ['a', 'b', 'c']) {
      await inVolumes([volume], `head -c 1000000 /dev/urandom >/v/0/${point}`);
      await take(volume, point);
    }
    await repository.restic('backup', '/etc/hostname');
    const foreign = (await repository.snapshots()).filter(({ tags }) => tags === undefined);
    const pruned = { points: [`${setting.runId}/a`, `${setting.runId}/b`] };
    await attempt(prunePointsHandler({ engine }), 'prunePoints', pruned, as('x/01-prunePoints'));
    const left = (await repository.snapshots()).map(({ id }) => id).sort();
    expect(left).toEqual([foreign[0]!.id, (await manifest('c')).at!.snapshot].sort());
    expect((await listPoints(join(root, 'points'))).map(({ ref }) => ref.point)).toEqual(['c']);
    await attempt(prove, 'proveBackup', { point: 'c' }, as('p/prove/01'));
  });

  it('is freed of the lock of a helper of ours that is gone; that of somebody else is respected, and said to be theirs', async () => {
    const volume = await newVolume();
    await take(volume, 'a');
    await take(volume, 'b');
    await repository.lockAs('switchback', { of: engine });
    await attempt(prunePointsHandler({ engine }), 'prunePoints', { points: [`${setting.runId}/a`] }, as('x/01'));
    expect(await repository.locks()).toBe(0);
    await repository.lockAs('somebodys-laptop');
    await expect(
      attempt(prunePointsHandler({ engine }), 'prunePoints', { points: [`${setting.runId}/b`] }, as('x/02')),
    ).rejects.toMatchObject({ name: 'Busy', message: expect.stringContaining('root on somebodys-laptop') });
    expect(await repository.locks()).toBe(1);
  });
});
