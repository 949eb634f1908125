import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

import { backupVolumeHandler } from '../../../activities/effects/backup-volume.ts';
import { proveBackupHandler } from '../../../activities/effects/prove-backup.ts';
import { restoreVolumeHandler } from '../../../activities/effects/restore-volume.ts';
import { DockerEngine } from '../../../activities/docker/index.ts';
import { listPoints } from '../../../activities/points/index.ts';
import { volumeProver } from '../../../activities/volumes/index.ts';
import { ownName, sweepDead, sweepOwn } from '../own-names.ts';
import { attempt, type OperationSetting } from './operation-fixture.ts';
import { engine, inVolumes, isRunning, newVolume, startUser, withoutHelperImage } from './volume-fixture.ts';

const backup = backupVolumeHandler({ engine });
const restore = restoreVolumeHandler({ engine });
const prove = proveBackupHandler({ engine, provers: [volumeProver(engine)] });
let root: string;
let setting: OperationSetting;

beforeAll(() => sweepDead(engine));
afterAll(() => sweepOwn(engine));
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'sbt-volumes-'));
  setting = {
    root,
    target: 'test',
    runId: ownName('run'),
    operationId: 'p/backup/01-backupVolume',
    project: ownName('project'),
  };
});
afterEach(() => rm(root, { recursive: true, force: true }));

const as = (operationId: string): OperationSetting => ({ ...setting, operationId });

/** Everything odd that a volume can hold and that survives in a tar archive. */
const oddities = `
  cd /v/0
  mkdir -p deep/er empty; chmod 1777 deep; chmod 0500 empty
  echo one >deep/one; ln deep/one deep/er/same; ln -s /etc/passwd absolute; ln -s ../nowhere dangling
  printf 'x' | dd of=sparse bs=1 seek=31457280 conv=notrunc status=none
  head -c 3000000 /dev/urandom >random
  cp /usr/bin/true setuid; chmod 4755 setuid; chown 4711:815 deep/one; chown -h 12:34 dangling
  mkfifo pipe; mknod null c 1 3
  echo n >"$(printf 'new\\nline')"; echo b >"$(printf 'bytes\\xff\\xfe')"; echo d >-dash; echo s >' space '
  perl -e '
    my $acl = pack("V(vvV)5", 2, 1, 6, -1, 2, 4, 1000, 4, 4, -1, 16, 6, -1, 32, 0, -1);
    for (["random", "user.note", "kept\\0too"], ["deep", "system.posix_acl_access", $acl]) {
      my ($file, $name, $value) = @$_;
      syscall(188, $file, $name, $value, length $value, 0) == 0 or die "setxattr $name: $!" }'
  touch -d '2001-02-03 04:05:06.789' deep/one; touch -h -d '2002-03-04 05:06:07.5' absolute
  chmod 0750 .; chown 999:999 .; touch -d '2003-04-05 06:07:08.25' .`;
/** A listing that shares no code with the product. */
const listing = `cd /v/0; find . -printf '%p|%y|%m|%U|%G|%s|%T@|%l|%n\\n' | LC_ALL=C sort | base64 -w0; find . -type f -exec md5sum {} + | LC_ALL=C sort | base64 -w0; du -k sparse | cut -f1
  perl -e 'for (["random", "user.note"], ["deep", "system.posix_acl_access"]) { my ($f, $k) = @$_; my $v = "\\0" x 200; my $n = syscall(191, $f, $k, $v, 200); print unpack("H*", substr($v, 0, $n)), "\\n" }'`;

describe('a volume', () => {
  it('[M1][M4][K10] comes back from a proven backup as it was, to the last oddity, also under another name', async () => {
    const volume = await newVolume();
    await inVolumes([volume], oddities);
    const before = await inVolumes([volume], listing);
    expect(before).toContain(Buffer.from('kept\0too').toString('hex'));
    const taken = await attempt(backup, 'backupVolume', { volume, point: 'odd', quiesce: 'none' }, setting);
    expect(taken.facts).toMatchObject({ point: `${setting.runId}/odd`, seal: expect.stringMatching(/^[0-9a-f]{64}$/) });

    const proven = await attempt(prove, 'proveBackup', { point: 'odd' }, as('p/backup/02-proveBackup'));
    expect(proven.effect).toMatchObject({ state: 'restore-tested' });
    expect(await inVolumes([volume], listing)).toBe(before);

    const other = ownName('other');
    const restored = await attempt(
      restore,
      'restoreVolume',
      { volume, point: 'odd', into: other },
      as('r/01-restoreVolume'),
    );
    expect(restored.undo).toMatchObject({ by: 'keeping' });
    expect(await inVolumes([other], listing)).toBe(before);
    await engine.call('remove', {}, (docker) => docker.getVolume(other).remove());
    // Nothing is left but the point: no helper, no scratch volume.
    expect(await engine.listByLabel({ 'io.switchback.run': setting.runId })).toEqual([]);
    const { Volumes } = await engine.call('list', {}, (docker) =>
      docker.listVolumes({ filters: JSON.stringify({ label: [`io.switchback.run=${setting.runId}`] }) }),
    );
    expect(Volumes ?? []).toEqual([]);
    expect((await readdir(join(root, 'points', setting.runId, 'odd'))).sort()).toEqual([
      'manifest.json',
      'volume.tar.zst',
    ]);
  });

  it('[M4] is restored by a swap that keeps what was replaced, wakes who used it, and can be taken back', async () => {
    const volume = await newVolume();
    const user = await startUser(volume, setting.project);
    const reader = await startUser(volume, setting.project, 'while :; do cat /data/state; sleep 0.2; done', true);
    await inVolumes([volume], 'echo old >/v/0/state');
    await attempt(backup, 'backupVolume', { volume, point: 'a', quiesce: 'stop' }, setting);
    expect(await isRunning(user)).toBe(true);
    await inVolumes([volume], 'echo new >/v/0/state; echo more >/v/0/more');

    const done = await attempt(restore, 'restoreVolume', { volume, point: 'a' }, as('r/01-restoreVolume'));
    expect(await inVolumes([volume], 'cat /v/0/state; ls /v/0')).toBe('old\nbeat\nstate');
    expect(await isRunning(user)).toBe(true);
    expect(await isRunning(reader)).toBe(true);
    const kept = String(done.facts['kept']);
    expect(await inVolumes([kept], 'cat /v/0/state /v/0/more')).toBe('new\nmore');

    const { undo } = done;
    if (undo?.by !== 'operation' || undo.kind !== 'restoreVolume') throw new Error('no undo');
    await attempt(restore, 'restoreVolume', undo.input as never, as('r/02-restoreVolume'));
    expect(await inVolumes([volume], 'cat /v/0/state /v/0/more')).toBe('new\nmore');
    expect(await inVolumes([kept], 'cat /v/0/state')).toBe('old');
    expect(await isRunning(user)).toBe(true);
    await engine.removeContainer(user.id, { 'com.docker.compose.project': setting.project });
    await engine.removeContainer(reader.id, { 'com.docker.compose.project': setting.project });
    await engine.call('remove', {}, (docker) => docker.getVolume(kept).remove());
  });

  it('[K10] is archived uncompressed where the helper image cannot be built, and what the whole helper wrote is refused there', async () => {
    const volume = await newVolume();
    await inVolumes([volume], oddities);
    const before = await inVolumes([volume], listing);
    await attempt(backup, 'backupVolume', { volume, point: 'packed', quiesce: 'none' }, setting);
    const other = ownName('other');
    await withoutHelperImage(async (lacking) => {
      const [take, give] = [backupVolumeHandler({ engine: lacking }), restoreVolumeHandler({ engine: lacking })];
      await attempt(take, 'backupVolume', { volume, point: 'plain', quiesce: 'none' }, as('p/backup/02-backupVolume'));
      await attempt(give, 'restoreVolume', { volume, point: 'plain', into: other }, as('r/01-restoreVolume'));
      await expect(
        attempt(give, 'restoreVolume', { volume, point: 'packed', into: other }, as('r/02-restoreVolume')),
      ).rejects.toMatchObject({
        name: 'PreconditionFailed',
        message: expect.stringContaining('needs switchback-helper'),
      });
    });
    expect(await inVolumes([other], listing)).toBe(before);
    const points = await listPoints(join(root, 'points'));
    expect(points.map(({ point }) => [point!.manifest.state, point!.manifest.canary['hashedWith']]).sort()).toEqual([
      ['sealed', 'blake3'],
      ['sealed', 'sha256'],
    ]);
    await engine.call('remove', {}, (docker) => docker.getVolume(other).remove());
  });

  it('[L1] is backed up while those who write to it are stopped, or frozen, and only those', async () => {
    const volume = await newVolume();
    const user = await startUser(volume, setting.project);
    const reader = await startUser(volume, setting.project, 'while :; do cat /data/beat; sleep 0.2; done', true);
    const startedBefore = (await engine.inspectContainer(reader.id))!.State.StartedAt;
    for (const quiesce of ['stop', 'pause', 'none'] as const) {
      const began = (await engine.inspectContainer(user.id))!.State.StartedAt;
      await attempt(backup, 'backupVolume', { volume, point: quiesce, quiesce }, as(`p/backup/${quiesce}`));
      expect(await isRunning(user)).toBe(true);
      const restarted = (await engine.inspectContainer(user.id))!.State.StartedAt !== began;
      expect(restarted).toBe(quiesce === 'stop');
      await attempt(prove, 'proveBackup', { point: quiesce }, as(`p/prove/${quiesce}`));
    }
    expect((await engine.inspectContainer(reader.id))!.State.StartedAt).toBe(startedBefore);
    await engine.removeContainer(user.id, { 'com.docker.compose.project': setting.project });
    await engine.removeContainer(reader.id, { 'com.docker.compose.project': setting.project });
  });
});

describe('what must not be done is refused:', () => {
  it('[K10] restoring over a protected volume', async () => {
    const volume = await newVolume();
    await attempt(backup, 'backupVolume', { volume, point: 'a', quiesce: 'none' }, setting);
    const guarded = { ...as('r/01-restoreVolume'), protect: [{ volume }] };
    await expect(attempt(restore, 'restoreVolume', { volume, point: 'a' }, guarded)).rejects.toMatchObject({
      name: 'Protected',
    });
  });

  it('a volume that is not there, or is another one than before', async () => {
    await expect(
      attempt(backup, 'backupVolume', { volume: ownName('absent'), point: 'a', quiesce: 'none' }, setting),
    ).rejects.toMatchObject({ name: 'PreconditionFailed' });
    const volume = await newVolume();
    const second = () => Math.floor(Date.now() / 1000);
    const born = second();
    await attempt(backup, 'backupVolume', { volume, point: 'b', quiesce: 'none' }, as('b'));
    // A birth is known by its second: the new one must not have the inode and the second of the old one.
    while (second() === born) await new Promise((resolve) => setTimeout(resolve, 20));
    await engine.call('remove', {}, (docker) => docker.getVolume(volume).remove());
    await engine.call('create', {}, (docker) => docker.createVolume({ Name: volume }));
    await expect(
      attempt(backup, 'backupVolume', { volume, point: 'c', quiesce: 'none' }, as('c')),
    ).rejects.toMatchObject({ name: 'Conflict' });
    await engine.call('remove', {}, (docker) => docker.getVolume(volume).remove());
  });

  it('stopping a container of another project', async () => {
    const volume = await newVolume();
    const foreign = await startUser(volume, 'somebody-else');
    await expect(attempt(backup, 'backupVolume', { volume, point: 'a', quiesce: 'stop' }, setting)).rejects.toThrow(
      foreign.name,
    );
    expect(await isRunning(foreign)).toBe(true);
    await engine.removeContainer(foreign.id, { 'com.docker.compose.project': 'somebody-else' });
  });

  it('trusting an archive that somebody started to write to meanwhile', async () => {
    const volume = await newVolume();
    const user = await startUser(volume, setting.project);
    class Meddled extends DockerEngine {
      override async startContainer(name: string, options = {}): Promise<void> {
        await super.startContainer(name, options);
        if (name.includes('archive')) await super.startContainer(user.id);
      }
    }
    const meddled = backupVolumeHandler({ engine: new Meddled() });
    await expect(
      attempt(meddled, 'backupVolume', { volume, point: 'a', quiesce: 'stop' }, setting),
    ).rejects.toMatchObject({ name: 'Conflict' });
    expect(await isRunning(user)).toBe(true);
    expect(await listPoints(join(root, 'points'))).toEqual([]);
    await engine.removeContainer(user.id, { 'com.docker.compose.project': setting.project });
  });
});
