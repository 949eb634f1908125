import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

import { backupVolumeHandler } from '../../../activities/effects/backup-volume.ts';
import { proveBackupHandler } from '../../../activities/effects/prove-backup.ts';
import { restoreVolumeHandler } from '../../../activities/effects/restore-volume.ts';
import { readPoint } from '../../../activities/points/index.ts';
import { volumeProver } from '../../../activities/volumes/index.ts';
import { inHelper, newAgeKeys, type AgeKeys } from '../age-keys.ts';
import { ownName, sweepDead, sweepOwn } from '../own-names.ts';
import { attempt, type OperationSetting } from './operation-fixture.ts';
import { engine, inVolumes, newVolume, sweepRuns, withoutHelperImage } from './volume-fixture.ts';

const backup = backupVolumeHandler({ engine });
const restore = restoreVolumeHandler({ engine });
const prove = proveBackupHandler({ engine, provers: [volumeProver(engine)] });
const secretText = 'the words that must not be read';
let keys: AgeKeys;
let other: AgeKeys;
let root: string;
let volume: string;
let plain: OperationSetting;
let encrypting: OperationSetting;

beforeAll(async () => {
  await sweepDead(engine);
  await sweepRuns(engine);
  [keys, other] = await Promise.all([newAgeKeys(engine), newAgeKeys(engine)]);
}, 120_000);
afterAll(() => sweepOwn(engine));
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'sbt-encrypted-'));
  volume = await newVolume();
  await inVolumes(
    [volume],
    `echo '${secretText}' >/v/0/words; head -c 300000 /dev/urandom >/v/0/random; chown 12:34 /v/0/words`,
  );
  await holding(keys.identity);
  plain = {
    root,
    target: 'test',
    runId: ownName('run'),
    operationId: 'p/backup/01-backupVolume',
    project: ownName('project'),
  };
  encrypting = {
    ...plain,
    encrypt: { to: [keys.recipient, other.recipient], identity: '${file:age.key}' },
  };
});
afterEach(async () => {
  await sweepRuns(engine, plain.runId);
  await rm(root, { recursive: true, force: true });
});

/** Puts a private key where the plan says that it is. */
const holding = (identity: string) => writeFile(join(root, 'age.key'), `${identity}\n`);
const backUp = (setting: OperationSetting, point = 'before') =>
  attempt(backup, 'backupVolume', { volume, point, quiesce: 'none' }, { ...setting, operationId: `p/backup/${point}` });
let proofs = 0;
const proving = (setting: OperationSetting, point = 'before') =>
  attempt(prove, 'proveBackup', { point }, { ...setting, operationId: `p/prove/${(proofs += 1)}` });
const stored = async (point = 'before') => (await readPoint(join(root, 'points'), { run: plain.runId, point }))!;
const onlyFolders = async (path: string) => (await readdir(path)).filter((name) => !name.endsWith('-helper'));

describe('an encrypted backup of a volume', () => {
  it('[K10][M4] is proven and restored with either private key, and holds nothing in plain', async () => {
    await backUp(encrypting);
    const { manifest, folder } = await stored();
    expect(manifest).toMatchObject({
      format: 2,
      encrypted: { to: [keys.recipient, other.recipient] },
      parts: [{ file: 'volume.tar.zst.age' }],
      canary: { files: 2 },
    });
    const bytes = await readFile(join(folder, 'volume.tar.zst.age'));
    expect(bytes.subarray(0, 22).toString()).toBe('age-encryption.org/v1\n');
    // 0xFD2FB528: how a zstd file begins.
    expect(bytes.indexOf(Buffer.from([0x28, 0xb5, 0x2f, 0xfd]))).toBe(-1);

    expect((await proving(encrypting)).effect).toMatchObject({ state: 'restore-tested' });
    const into = ownName('into');
    await holding(other.identity);
    const withOther = { ...encrypting, operationId: 'r/01' };
    await attempt(restore, 'restoreVolume', { volume, point: 'before', into }, withOther);
    expect(await inVolumes([into], 'cat /v/0/words; stat -c %u:%g /v/0/words')).toBe(`${secretText}\n12:34`);
    // The private key lay there while it was used.
    expect(await onlyFolders(join(root, 'scratch'))).toEqual([]);
  });

  it('[K10] says whose it is where the key is missing, wrong or no key, and stays good', async () => {
    await backUp(encrypting);
    const keyless = { ...encrypting, encrypt: { to: [keys.recipient] } };
    await expect(proving(keyless)).rejects.toMatchObject({
      name: 'PreconditionFailed',
      message: expect.stringContaining(`is encrypted to ${keys.recipient}, ${other.recipient}`),
    });
    const stranger = await newAgeKeys(engine);
    await holding(stranger.identity);
    await expect(proving(encrypting)).rejects.toMatchObject({
      name: 'AccessDenied',
      message: expect.stringContaining(keys.recipient),
    });
    await holding('AGE-SECRET-KEY-1NONE');
    const broken = await proving(encrypting).catch((error: unknown) => error as Error);
    expect(broken).toMatchObject({ name: 'PreconditionFailed', message: expect.stringContaining('cannot be read') });
    expect(JSON.stringify(broken) + String(broken)).not.toContain('1NONE');
    expect((await stored()).manifest.state).toBe('verified');
    await holding(keys.identity);
    expect((await proving(encrypting)).effect).toMatchObject({ state: 'restore-tested' });
  });

  it('[K10] finds damage by the hash of what is stored, without a key', async () => {
    await backUp(encrypting);
    const file = join((await stored()).folder, 'volume.tar.zst.age');
    const bytes = await readFile(file);
    bytes[bytes.length - 100]! ^= 1;
    await writeFile(file, bytes);
    const stranger = await newAgeKeys(engine);
    await holding(stranger.identity);
    await expect(proving(encrypting)).rejects.toMatchObject({
      name: 'IntegrityFailed',
      message: expect.stringContaining('has other content in volume.tar.zst.age'),
    });
    expect((await stored()).manifest.state).toBe('failed');
  });

  it('[M4] is not restored with another private key, and stays good; one with a damaged beginning is told from that', async () => {
    await backUp(encrypting);
    const stranger = await newAgeKeys(engine);
    const restoring = async (identity: string, operationId: string) => {
      await holding(identity);
      const input = { volume, point: 'before', into: ownName('into') };
      return attempt(restore, 'restoreVolume', input, { ...encrypting, operationId });
    };
    await expect(restoring(stranger.identity, 'r/01')).rejects.toMatchObject({
      name: 'AccessDenied',
      message: expect.stringContaining(`is encrypted to ${keys.recipient}, ${other.recipient}`),
    });
    const { folder, manifest } = await stored();
    expect(manifest.state).toBe('verified');

    const file = join(folder, 'volume.tar.zst.age');
    const bytes = await readFile(file);
    // In the first recipient's part and in the second one's, so that no key finds its own.
    const header = bytes.subarray(0, 400).toString('latin1');
    for (const { 0: line, index } of header.matchAll(/-> X25519 [^\n]*\n/g)) bytes[index + line.length + 3]! ^= 1;
    await writeFile(file, bytes);
    await expect(restoring(keys.identity, 'r/02')).rejects.toMatchObject({ name: 'IntegrityFailed' });
    expect((await stored()).manifest.state).toBe('failed');
  });

  it('[M4] beside plain ones: each is read as it was written, whatever the plan says by now', async () => {
    await backUp(plain, 'plain');
    await backUp(encrypting, 'secret');
    expect((await stored('plain')).manifest).toMatchObject({ format: 1, parts: [{ file: 'volume.tar.zst' }] });
    expect((await proving(encrypting, 'plain')).effect).toMatchObject({ state: 'restore-tested' });
    const noMore: OperationSetting = {
      ...encrypting,
      encrypt: { to: [], identity: '${file:age.key}' },
    };
    expect((await proving(noMore, 'secret')).effect).toMatchObject({ state: 'restore-tested' });
    await backUp(noMore, 'plain-again');
    expect((await stored('plain-again')).manifest.encrypted).toBeUndefined();
  });

  it('[K10] is refused where the helper has no age, and nothing is written plain', async () => {
    const input = { volume, point: 'before', quiesce: 'none' as const };
    const taking = withoutHelperImage((lacking) =>
      attempt(backupVolumeHandler({ engine: lacking }), 'backupVolume', input, encrypting),
    );
    await expect(taking).rejects.toMatchObject({
      name: 'PreconditionFailed',
      message: expect.stringContaining('needs switchback-helper'),
    });
    expect(await readdir(join(root, 'points', plain.runId)).catch(() => [])).toEqual([]);
  });

  it('opens with age alone, as the break-glass script says', async () => {
    await backUp(encrypting);
    const { folder } = await stored();
    await writeFile(join(root, 'key'), `${other.identity}\n`);
    const { stdout } = await inHelper(
      engine,
      [
        'bash',
        '-c',
        'age --decrypt --identity /keys/key /point/volume.tar.zst.age | zstd -d | tar --extract --to-stdout ./words',
      ],
      [`${folder}:/point:ro`, `${root}:/keys:ro`],
    );
    expect(stdout).toBe(secretText);
  });
});
