import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

import { backupVolumeHandler } from '../../../activities/effects/backup-volume.ts';
import { restoreVolumeHandler } from '../../../activities/effects/restore-volume.ts';
import { leftFiles, leftObjects } from '../../../activities/leftovers/index.ts';
import { findPoint, listPoints, readPoint } from '../../../activities/points/index.ts';
import { extractPoint, helperJob } from '../../../activities/volumes/index.ts';
import { ownLabels, ownName, sweepDead, sweepOwn } from '../own-names.ts';
import { HelperKiller, hold } from './helper-killer.ts';
import { attempt, contextOf, type OperationSetting } from './operation-fixture.ts';
import { engine, inVolumes, newVolume, sweepRuns } from './volume-fixture.ts';

const backup = backupVolumeHandler({ engine });
const restore = restoreVolumeHandler({ engine });
const input = { point: 'a', quiesce: 'none' as const };
let root: string;
let setting: OperationSetting;
let volume: string;
const mounts: string[] = [];

beforeAll(async () => {
  await sweepDead(engine);
  await sweepRuns(engine);
});
afterAll(() => sweepOwn(engine));
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'sbt-damage-'));
  const target = ownName('target');
  setting = { root, target, runId: ownName('run'), operationId: 'p/backup/01', project: ownName('project') };
  volume = await newVolume();
  await inVolumes([volume], 'echo live >/v/0/state; head -c 20000000 /dev/urandom >/v/0/random; touch /v/0/{1..40}');
});
afterEach(async () => {
  for (const path of mounts.splice(0)) execFileSync('umount', [path]);
  await sweepRuns(engine, setting.runId);
  await rm(root, { recursive: true, force: true });
});

const take = (handler = backup) => attempt(handler, 'backupVolume', { volume, ...input }, setting);
let attempts = 0;
const restoring = (handler = restore) =>
  attempt(handler, 'restoreVolume', { volume, point: 'a' }, { ...setting, operationId: `r/${(attempts += 1)}` });
const file = (name: string) => join(root, 'points', setting.runId, 'a', name);
const live = () => inVolumes([volume], 'cat /v/0/state; ls -A /v/0 | wc -l');

/** What is there that reconcile would show, after it has tidied. */
async function left(): Promise<string[]> {
  const { home } = await contextOf('backupVolume', { volume, ...input }, setting);
  const look = async () => [...(await leftObjects(engine, setting.target)), ...(await leftFiles(home))];
  for (const { tidy } of await look()) await tidy?.();
  return (await look()).map(({ what }) => what);
}

async function mountPoints(options: string): Promise<string> {
  const points = join(root, 'points');
  await mkdir(points, { recursive: true });
  execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', points]);
  mounts.push(points);
  return points;
}

/** The backup, with something that happens between its look and its work. */
const after = (between: () => unknown): typeof backup => ({
  prepare: async (...given) => {
    const prepared = await backup.prepare(...given);
    await between();
    return prepared;
  },
  observe: (...given) => backup.observe(...given),
  perform: (...given) => backup.perform(...given),
});

type Moment = 'before its work' | 'after its work';

const holding = (moment: Moment) => (script: string) =>
  moment === 'before its work' ? `${hold}\n${script}` : `( ${script} ) && ${hold}`;

describe('[K10] a point is found out, and the live volume stays as it is, when', () => {
  it('its archive was cut short or is gone, or its manifest was edited', async () => {
    await take();
    const manifest = await readFile(file('manifest.json'), 'utf8');
    const archive = await readFile(file('volume.tar.zst'));
    await writeFile(file('manifest.json'), manifest.replace('"quiesce": "none"', '"quiesce": "stop"'));
    await expect(restoring()).rejects.toThrow('does not match its own checksum');
    await writeFile(file('manifest.json'), manifest.slice(0, 200));
    await expect(restoring()).rejects.toThrow('is not whole');

    await writeFile(file('manifest.json'), manifest);
    await truncate(file('volume.tar.zst'), archive.length - 1);
    await expect(restoring()).rejects.toThrow(
      `has ${archive.length - 1} bytes in volume.tar.zst, not ${archive.length}`,
    );
    await writeFile(file('volume.tar.zst'), archive);
    await expect(restoring()).rejects.toThrow('there is no sealed recovery point');

    await writeFile(file('manifest.json'), manifest);
    await rm(file('volume.tar.zst'));
    await expect(restoring()).rejects.toThrow('has lost volume.tar.zst');
    expect(await live()).toBe('live\n42');
    expect(await left()).toEqual([]);
  });
});

describe('[M4] a restore', () => {
  it('ends the exchange of a killed attempt before it reads or extracts anything', async () => {
    await take();
    const context = await contextOf('restoreVolume', { volume, point: 'a' }, { ...setting, operationId: 'r/late' });
    const owner = {
      ...{ target: setting.target, runId: setting.runId, operationId: 'r/late', scratch: context.home.scratch },
      ...{ signal: context.signal, log: () => undefined },
    };
    const job = await helperJob(engine, owner, 60_000);
    const name = job.nameOf('exchange');
    const options = { name, Image: job.helper.image, Cmd: ['sleep', 'infinity'], Labels: job.labels };
    await engine.call('create', {}, (docker) =>
      docker.createContainer({ ...options, HostConfig: { Init: true, NetworkMode: 'none' } }),
    );
    await engine.startContainer(name);
    // It comes no further than to reading the backup.
    await truncate(file('volume.tar.zst'), 1);
    const late = attempt(restore, 'restoreVolume', { volume, point: 'a' }, { ...setting, operationId: 'r/late' });
    await expect(late).rejects.toThrow('has 1 bytes in volume.tar.zst');
    expect(await engine.inspectContainer(name)).toBeUndefined();
    expect(await live()).toBe('live\n42');
  });
});

describe('[K10] a backup leaves no point that is called good, and says why, when', () => {
  afterEach(async () => {
    expect((await listPoints(join(root, 'points'))).filter(({ point }) => point)).toEqual([]);
    expect(await left()).toEqual([]);
  });

  it('the disk runs full in the middle', async () => {
    const points = await mountPoints('size=60m');
    const full = after(() => writeFile(join(points, 'filler'), Buffer.alloc(50 << 20)));
    await expect(take(full)).rejects.toMatchObject({
      name: 'ResourceExhausted',
      message: expect.stringMatching(
        /^the backup of volume \S+ ran out of room: it needs 36 MiB; (9|10) MiB are free on/,
      ),
    });
  });

  it('the disk has no inodes', async () => {
    const points = await mountPoints('size=60m,nr_inodes=20');
    const full = after(async () => {
      for (let n = 0; n < 18; n += 1) await writeFile(join(points, `${n}`), '');
    });
    await expect(take(full)).rejects.toThrow(/ran out of inodes: none of 20 is free on the disk of/);
  });

  it('the folder is read-only, from the start or from the middle on', async () => {
    const points = await mountPoints('size=60m');
    const readOnly = () => execFileSync('mount', ['-o', 'remount,ro', points]);
    await expect(take(after(readOnly))).rejects.toMatchObject({
      name: 'AccessDenied',
      message: expect.stringContaining('cannot be written (EROFS)'),
    });
    execFileSync('mount', ['-o', 'remount,rw', points]);
  });

  it.each<Moment>(['before its work', 'after its work'])(
    'its helper is killed %s; and the next attempt takes it',
    async (moment) => {
      await expect(
        take(backupVolumeHandler({ engine: new HelperKiller('archive', holding(moment)) })),
      ).rejects.toMatchObject({
        name: 'StepFailed',
        message: expect.stringContaining('archive exited 137'),
      });
      expect(await listPoints(join(root, 'points'))).toEqual([]);
      await take();
      await rm(join(root, 'points', setting.runId), { recursive: true });
    },
  );
});

describe('[M4] a restore leaves the live volume as it is, and nothing else, when', () => {
  beforeEach(async () => {
    await take();
    await inVolumes([volume], 'echo newer >/v/0/state');
  });

  it('its helper is killed; and the next attempt restores', async () => {
    const kills: [role: string, moment: Moment, then: string][] = [
      ['extract', 'before its work', 'newer'],
      ['extract', 'after its work', 'newer'],
      ['exchange', 'before its work', 'newer'],
      ['exchange', 'after its work', 'live'],
    ];
    for (const [role, moment, then] of kills) {
      const killed = restoreVolumeHandler({ engine: new HelperKiller(role, holding(moment)) });
      await expect(restoring(killed)).rejects.toThrow(`${role} exited 137`);
      expect({ role, moment, live: await live() }).toEqual({ role, moment, live: `${then}\n42` });
    }
    expect((await readPoint(join(root, 'points'), { run: setting.runId, point: 'a' }))?.manifest.state).toBe(
      'verified',
    );
    await inVolumes([volume], 'echo newest >/v/0/state');
    await restoring();
    expect(await live()).toBe('live\n42');
  });

  it.each([
    ['the disk of the volumes runs full', 'size=10m', /ran out of room: it needs 36 MiB; \d+ MiB are free/],
    [
      'the disk of the volumes has no inodes',
      'size=90m,nr_inodes=30',
      /ran out of inodes: it needs 43; (29|30) are free/,
    ],
  ])('%s in the middle', async (_what, options, why) => {
    const small = ownName('small');
    await engine.call('create', {}, (docker) =>
      docker.createVolume({
        Name: small,
        Labels: ownLabels,
        DriverOpts: { type: 'tmpfs', device: 'tmpfs', o: options },
      }),
    );
    const { signal } = new AbortController();
    const owner = { ...setting, scratch: join(root, 'scratch'), signal, log: () => undefined };
    const point = await findPoint(join(root, 'points'), 'a', setting.runId);
    const context = { plan: {}, secret: async (template: string) => template };
    const job = await helperJob(engine, owner, 60_000);
    await expect(extractPoint(job, point, small, context, 'content')).rejects.toMatchObject({
      name: 'ResourceExhausted',
      message: expect.stringMatching(why),
    });
    expect(await left()).toEqual([]);
  });
});

describe('a repository that is read-only', () => {
  beforeEach(async () => {
    await take();
    await inVolumes([volume], 'echo newer >/v/0/state');
  });
  const makeReadOnly = () => {
    const folder = join(root, 'points', setting.runId);
    execFileSync('mount', ['--bind', folder, folder]);
    mounts.push(folder);
    execFileSync('mount', ['-o', 'remount,bind,ro', folder]);
  };

  it('[M4] is enough for a restore, which writes nothing there', async () => {
    makeReadOnly();
    await restoring();
    expect(await live()).toBe('live\n42');
  });

  it('[K10] hides no damage, although the point cannot be marked', async () => {
    const archive = await readFile(file('volume.tar.zst'));
    archive[1000]! ^= 1;
    await writeFile(file('volume.tar.zst'), archive);
    makeReadOnly();
    await expect(restoring()).rejects.toMatchObject({
      name: 'IntegrityFailed',
      message: expect.stringMatching(
        /has other content in volume.tar.zst than was written, .*cannot be written \(EROFS\)/,
      ),
    });
    expect(await live()).toBe('newer\n42');
    expect(await left()).toEqual([]);
  });
});
