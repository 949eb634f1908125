import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { runHelper } from '../../../activities/docker/index.ts';
import { backupVolumeHandler } from '../../../activities/effects/backup-volume.ts';
import { proveBackupHandler } from '../../../activities/effects/prove-backup.ts';
import { restoreVolumeHandler } from '../../../activities/effects/restore-volume.ts';
import { hashFile, readPoint, type PointManifest } from '../../../activities/points/index.ts';
import { encodeManifest, sealOf } from '../../../activities/points/manifest.ts';
import { helperImage, volumeProver } from '../../../activities/volumes/index.ts';
import type { JsonObject } from '../../../runbook/json.ts';
import { readTree } from '../../../activities/volumes/stream-scripts.ts';
import { ownLabels, ownName, sweepDead, sweepOwn } from '../own-names.ts';
import { attempt, type OperationSetting } from './operation-fixture.ts';
import { engine, inVolumes, newVolume, sweepRuns } from './volume-fixture.ts';

const backup = backupVolumeHandler({ engine });
const restore = restoreVolumeHandler({ engine });
const prove = proveBackupHandler({ engine, provers: [volumeProver(engine)] });
let root: string;
let setting: OperationSetting;
let volume: string;
let genuine: PointManifest;

beforeAll(async () => {
  await sweepDead(engine);
  await sweepRuns(engine);
  root = await mkdtemp(join(tmpdir(), 'sbt-hostile-'));
  setting = { root, target: 'test', runId: ownName('run'), operationId: 'p/backup/01', project: ownName('project') };
  volume = await newVolume();
  await inVolumes([volume], 'echo live >/v/0/state');
  await attempt(backup, 'backupVolume', { volume, point: 'a', quiesce: 'none' }, setting);
  genuine = (await readPoint(join(root, 'points'), { run: setting.runId, point: 'a' }))!.manifest;
});
afterAll(async () => {
  await sweepRuns(engine, setting.runId);
  await sweepOwn(engine);
  await rm(root, { recursive: true, force: true });
});

const folder = () => join(root, 'points', setting.runId, 'a');

/**
 * Puts another archive in the place of the point's, made by a script in a container that has nothing but that folder. The forger knows
 * how points are written: length, hashes, seal and the journal's receipt fit, and `canary` says what he likes.
 */
async function forge(
  script: string,
  canary: JsonObject | ((bytes: number, sha256: string) => JsonObject) = {},
): Promise<void> {
  const made = await runHelper(engine, {
    name: ownName('forge'),
    image: helperImage,
    argv: [
      'bash',
      '-euo',
      'pipefail',
      '-c',
      `mkdir /tmp/t; cd /tmp/t; { ${script}\n} >/tmp/a.tar; zstd -q -f /tmp/a.tar -o /point/volume.tar.zst
       echo "$(stat -c %s /tmp/a.tar) $(b3sum --no-names /tmp/a.tar) $(sha256sum </tmp/a.tar | cut -c1-64)"`,
    ],
    labels: ownLabels,
    mounts: [{ type: 'bind', source: folder(), target: '/point' }],
    capabilities: ['DAC_OVERRIDE', 'MKNOD'],
    timeoutMs: 30_000,
  });
  expect(made).toMatchObject({ exitCode: 0 });
  const [bytes, plainHash, sha256] = made.log.trim().split('\n').at(-1)!.split(' ');
  const forged: PointManifest = {
    ...genuine,
    parts: [{ file: 'volume.tar.zst', ...(await hashFile(join(folder(), 'volume.tar.zst'))) }],
    canary:
      typeof canary === 'function'
        ? canary(Number(bytes), sha256!)
        : { ...genuine.canary, plainBytes: Number(bytes), plainHash: plainHash!, ...canary },
  };
  forged.seal = sealOf(forged);
  await writeFile(join(folder(), 'manifest.json'), encodeManifest(forged));
  const journal = JSON.parse(await readFile(join(root, 'journal.json'), 'utf8'));
  journal.receipts['p/backup/01'].seal = forged.seal;
  await writeFile(join(root, 'journal.json'), JSON.stringify(journal));
}

let attempts = 0;
const once = () => ({ ...setting, operationId: `p/once/${(attempts += 1)}` });
const restoring = () => attempt(restore, 'restoreVolume', { volume, point: 'a' }, once());
const proving = () => attempt(prove, 'proveBackup', { point: 'a' }, once());

/** A member whose header says what no tar would write: NAME, TYPE (0 file, 1 hard link, 2 symbolic link), LINK. */
const member = `member() { perl -e '
  my ($name, $type, $link) = @ARGV; my $text = $type eq "0" ? "evil\\n" : "";
  my $head = pack("a100 a8 a8 a8 a12 a12 A8 a a100 a6 a2 x32 x32 x8 x8 x155 x12", $name, "0000644", "0000000", "0000000",
    sprintf("%011o", length $text), "00000000000", "", $type, $link, "ustar", "00");
  substr($head, 148, 8) = sprintf("%06o\\0 ", unpack("%32C*", $head)); print $head; print pack("a512", $text) if length $text' "$@"; }
  end() { head -c 10240 /dev/zero; }`;

describe('[K10] an archive that was forged, with all its hashes, is refused for what it is:', () => {
  it('names that lead out, or begin at the top', async () => {
    await forge(
      `${member}; member ../evil 0; member ../../progress/evil 0; member /progress/evil 0; member /evil 0; end`,
    );
    const refused = await restoring().catch((error: unknown) => error);
    expect(refused).toMatchObject({ name: 'IntegrityFailed' });
    for (const why of [
      '../evil leads out of the volume',
      '../../progress/evil leads out of the volume',
      '/progress/evil is an absolute path',
      '/evil is an absolute path',
    ]) {
      expect((refused as Error).message).toContain(why);
    }
    // For good: nobody restores from it again.
    await expect(restoring()).rejects.toMatchObject({ name: 'PreconditionFailed' });
    await nothingCameOut();
  });

  it('links out, and files through them', async () => {
    await forge(`${member}; member out 2 /progress; member out/evil 0; member up 2 ../progress; member up/evil 0
      member hard 1 /progress/bytes; member through 1 up/etc/passwd; member soft 2 /progress/evil; member soft 0; end`);
    const refused = await restoring().catch((error: unknown) => error);
    expect(refused).toMatchObject({ name: 'IntegrityFailed' });
    for (const why of [
      'out/evil lies behind the symbolic link out',
      'up/evil lies behind the symbolic link up',
      'hard is a hard link to /progress/bytes, which is not in the archive',
      'through is a hard link to up/etc/passwd, which is not in the archive',
      'soft is there twice',
    ]) {
      expect((refused as Error).message).toContain(why);
    }
    await nothingCameOut();
  });

  it('a device, where there was none', async () => {
    await forge('mknod disk b 8 0; tar -c .', { plainHash: genuine.canary['plainHash']! });
    await expect(proving()).rejects.toMatchObject({
      name: 'IntegrityFailed',
      message: expect.stringContaining('./disk is a device'),
    });
    await nothingCameOut();
  });

  it('other content, in good order', async () => {
    await forge('echo evil >state; tar -c .', { plainHash: genuine.canary['plainHash']! });
    await expect(restoring()).rejects.toThrow('the archive is not what was backed up: its content is another one');
    await nothingCameOut();
  });

  it('a bomb that says how large it is, and one that does not', async () => {
    const bomb = 'mkdir b; head -c 60000000 /dev/zero >b/zeros; tar -C b -c .';
    await forge(bomb, { plainBytes: 5e14 });
    await expect(restoring()).rejects.toMatchObject({
      name: 'ResourceExhausted',
      message: expect.stringMatching(/needs \d+ MiB; \d+ MiB are free/),
    });
    await expect(proving()).rejects.toMatchObject({ name: 'ResourceExhausted' });
    await forge(bomb, { plainBytes: 1_000_000 });
    await expect(restoring()).rejects.toMatchObject({
      name: 'IntegrityFailed',
      message: expect.stringContaining('more than 1000000 bytes come out of the archive'),
    });
    await nothingCameOut();
  });
});

it('an archive that an earlier version wrote is good: it is read back in the way in which it was taken', async () => {
  const acl = `perl -e 'my $acl = pack("V(vvV)5", 2, 1, 6, -1, 2, 4, 1000, 4, 4, -1, 16, 6, -1, 32, 0, -1);
    my ($file, $name) = ("state", "system.posix_acl_access"); syscall(188, $file, $name, $acl, length $acl, 0) == 0 or die "setxattr: $!"'`;
  const older = `${readTree}\necho older >state; ${acl}; echo x >plain; chmod 0755 .; read_tree . 1`;
  const { files, folders, others, diskBytes, packing, changedWhileRead } = genuine.canary;
  const known = { files, folders, others, diskBytes, packing, changedWhileRead } as JsonObject;
  await forge(older, (plainBytes, plainSha256) => ({ ...known, plainBytes, plainSha256 }));
  expect((await proving()).effect).toMatchObject({ state: 'restore-tested' });
});

/** Neither beside the live content nor anywhere below the home folder, which is all of the host that a helper sees. */
async function nothingCameOut(): Promise<void> {
  expect(await inVolumes([volume], 'cat /v/0/state; ls -A /v/0')).toBe('live\nstate');
  const everything = await readdir(root, { recursive: true });
  expect(everything.filter((name) => name.includes('evil'))).toEqual([]);
}
