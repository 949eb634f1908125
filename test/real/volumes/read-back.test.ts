import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type Docker from 'dockerode';

import { DockerEngine, type CallOptions } from '../../../activities/docker/index.ts';
import { backupVolumeHandler } from '../../../activities/effects/backup-volume.ts';
import { proveBackupHandler } from '../../../activities/effects/prove-backup.ts';
import { restoreVolumeHandler } from '../../../activities/effects/restore-volume.ts';
import { listPoints } from '../../../activities/points/index.ts';
import { volumeProver } from '../../../activities/volumes/index.ts';
import { ownName, sweepDead, sweepOwn } from '../own-names.ts';
import { around } from './helper-killer.ts';
import { attempt, type OperationSetting } from './operation-fixture.ts';
import { engine, inVolumes, newVolume, sweepRuns } from './volume-fixture.ts';

let root: string;
let setting: OperationSetting;
let volume: string;

beforeAll(async () => {
  await sweepDead(engine);
  await sweepRuns(engine);
});
afterAll(() => sweepOwn(engine));
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'sbt-read-back-'));
  setting = { root, target: 'test', runId: ownName('run'), operationId: 'p/backup/01', project: ownName('project') };
  volume = await newVolume();
});
afterEach(async () => {
  await sweepRuns(engine, setting.runId);
  await rm(root, { recursive: true, force: true });
});

/** An engine whose extractions do something else to the volume than tar did. */
class Unfaithful extends DockerEngine {
  constructor(readonly deed: string) {
    super();
  }

  override async call<T>(
    what: string,
    options: CallOptions,
    action: (docker: Docker, signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    if (!/^create container .*extract$/.test(what)) return super.call(what, options, action);
    const meddle = (script = '') => around(script, 'wait "$stream"\n', '', `( cd /target; ${this.deed} )\n`);
    return super.call(what, options, (docker, signal) =>
      action(
        Object.assign(Object.create(docker) as Docker, {
          createContainer: ({ Cmd = [], ...rest }: Docker.ContainerCreateOptions) =>
            docker.createContainer({ ...rest, Cmd: [Cmd[0] ?? '', meddle(Cmd[1]), ...Cmd.slice(2)] }),
        }),
        signal,
      ),
    );
  }
}

const large = 'echo live >/v/0/state; head -c 3000000 /dev/urandom >/v/0/random; ln /v/0/random /v/0/same';
const take = () =>
  attempt(backupVolumeHandler({ engine }), 'backupVolume', { volume, point: 'a', quiesce: 'none' }, setting);
const restoring = (deed: string) =>
  attempt(
    restoreVolumeHandler({ engine: new Unfaithful(deed) }),
    'restoreVolume',
    { volume, point: 'a' },
    { ...setting, operationId: 'r/01' },
  );
const proving = (deed: string) =>
  attempt(
    proveBackupHandler({ engine, provers: [volumeProver(new Unfaithful(deed))] }),
    'proveBackup',
    { point: 'a' },
    { ...setting, operationId: 'p/prove/01' },
  );
const state = async () => (await listPoints(join(root, 'points')))[0]?.point?.manifest.state;
const unlike = { name: 'ValidationMismatch', message: expect.stringContaining('what was restored differs') };

describe('[K10][M4] what did not come out as it went in is found, and the live volume stays as it is:', () => {
  it.each([
    ['a file that was left out', 'rm state'],
    ['a file too many', 'echo x >more'],
    ['another length', 'truncate -s 2999999 random'],
    ['another mode', 'chmod 0600 state'],
    ['another owner', 'chown 12:34 state'],
    ['another time', 'touch -d @1.5 state'],
    ['a link that became a copy', 'cp -a random copy; mv copy same'],
    ['another name', 'mv state estate'],
  ])('%s', async (_what, deed) => {
    await inVolumes([volume], large);
    await take();
    await expect(restoring(deed)).rejects.toMatchObject(unlike);
    expect(await inVolumes([volume], 'ls /v/0 | tr "\\n" " "')).toBe('random same state');
    expect(await state()).toBe('failed');
  });

  it('an extended attribute, which a list of files does not show', async () => {
    const attribute = (file: string, value: string) =>
      `perl -e 'my ($f, $n, $v) = ("${file}", "user.note", "${value}"); syscall(188, $f, $n, $v, length $v, 0) == 0 or die $!'`;
    await inVolumes([volume], `${large}; ${attribute('/v/0/random', 'kept')}`);
    await take();
    await expect(restoring(attribute('random', 'lost'))).rejects.toMatchObject({
      ...unlike,
      message: expect.stringMatching(/backed up as: .*\.\/random .*user.note=…; restored as: .*user.note=…$/),
    });
  });

  const sameLookOtherContent =
    'touch -r random /tmp/then; printf X | dd of=random bs=1 seek=9 conv=notrunc status=none; touch -r /tmp/then random';
  it('a byte in the middle of a large file: by the proof, which reads all content back', async () => {
    await inVolumes([volume], large);
    await take();
    await expect(proving(sameLookOtherContent)).rejects.toMatchObject(unlike);
  });

  it('a byte in a small file: by the restore too', async () => {
    await inVolumes([volume], 'for n in {1..20}; do echo $n >/v/0/$n; done; echo 0123456789 >/v/0/random');
    await take();
    await expect(restoring(sameLookOtherContent)).rejects.toMatchObject(unlike);
  });
});

describe('[K10] which zeros of a file are holes is the file system’s business, and no difference:', () => {
  const zeros = 'head -c 40000 /dev/urandom >f; head -c 100000 /dev/zero >>f; echo end >>f; touch -d @5.5 f';
  const holes = `${zeros}; fallocate --dig-holes f; touch -d @5.5 f`;
  const asIf = (how: string) => `touch -r . /tmp/then; cp -a --sparse=${how} f g; mv g f; touch -r /tmp/then .`;

  it.each([
    ['zeros that came out as holes', zeros, 'always'],
    ['holes that came out as zeros', holes, 'never'],
  ])('%s', async (_what, content, how) => {
    await inVolumes([volume], `cd /v/0; ${content}`);
    await take();
    await proving(asIf(how));
    await restoring(asIf(how));
    expect(await state()).toBe('restore-tested');
  });

  it('but a byte that is another one behind a hole is found', async () => {
    await inVolumes([volume], `cd /v/0; ${holes}`);
    await take();
    const meddle =
      'touch -r f /tmp/then; printf X | dd of=f bs=1 seek=140001 conv=notrunc status=none; touch -r /tmp/then f';
    await expect(proving(meddle)).rejects.toMatchObject({
      ...unlike,
      message: expect.stringContaining('./f: Contents differ'),
    });
  });
});
