import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { backupVolumeHandler } from '../../../activities/effects/backup-volume.ts';
import { proveBackupHandler } from '../../../activities/effects/prove-backup.ts';
import { readPoint } from '../../../activities/points/index.ts';
import { volumeProver } from '../../../activities/volumes/index.ts';
import { ownName, sweepDead, sweepOwn } from '../own-names.ts';
import { attempt, type OperationSetting } from '../volumes/operation-fixture.ts';
import { engine, inVolumes, newVolume, sweepRuns } from '../volumes/volume-fixture.ts';
import { filesBelow } from './repository.ts';

const cache = process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache');
/** `scripts/setup` builds it, where there is Go. */
const program = join(cache, 'switchback', 'bin', 'gofakes3');
const suite = existsSync(program) ? describe : describe.skip;
const secrets = { key: 'sentinel-access-key', secret: "sentinel-of-s3'with-a-quote", password: 'sentinel-password' };
let root: string;
let port: number;
let server: ChildProcess;
let setting: OperationSetting;

suite('a restic repository in a bucket of a real S3 server', () => {
  beforeAll(async () => {
    await sweepDead(engine);
    await sweepRuns(engine);
    root = await mkdtemp(join(tmpdir(), 'sbt-restic-s3-'));
    port = await freePort();
    server = spawn(program, ['-host', `127.0.0.1:${port}`, '-backend', 'memory', '-initialbucket', 'backups'], {
      stdio: 'ignore',
    });
    await answering(port);
    for (const [name, value] of Object.entries(secrets)) await writeFile(join(root, name), value, { mode: 0o600 });
    setting = {
      ...{ root, target: 'test', runId: ownName('run'), operationId: 'p/backup/01', project: ownName('project') },
      repository: {
        kind: 'restic',
        at: `s3:http://127.0.0.1:${port}/backups/shop`,
        password: '${file:password}',
        environment: { AWS_ACCESS_KEY_ID: '${file:key}', AWS_SECRET_ACCESS_KEY: '${file:secret}' },
      },
    };
  });
  afterAll(async () => {
    server.kill('SIGKILL');
    await sweepRuns(engine, setting.runId);
    await sweepOwn(engine);
    await rm(root, { recursive: true, force: true });
  });

  it('[M4] takes a volume in, gives it back as it was, keeps its secrets, and is said to be out of reach when it is', async () => {
    const volume = await newVolume();
    await inVolumes([volume], 'mkdir /v/0/a; head -c 3000000 /dev/urandom >/v/0/a/random; ln /v/0/a/random /v/0/same');
    const take = (point: string) =>
      attempt(
        backupVolumeHandler({ engine }),
        'backupVolume',
        { volume, point, quiesce: 'none' },
        {
          ...setting,
          operationId: `p/backup/${point}`,
        },
      );
    await take('a');
    const again = await take('b');
    expect(again.facts['bytes']).toBeLessThan(10_000);
    const prove = proveBackupHandler({ engine, provers: [volumeProver(engine)] });
    await attempt(prove, 'proveBackup', { point: 'b' }, { ...setting, operationId: 'p/prove/01' });
    const { manifest } = (await readPoint(join(root, 'points'), { run: setting.runId, point: 'b' }))!;
    expect(manifest.state).toBe('restore-tested');
    const own = Object.keys(secrets).map((name) => join(root, name));
    for (const file of (await filesBelow(root)).filter((name) => !own.includes(name))) {
      const text = await readFile(file, 'utf8');
      for (const value of Object.values(secrets)) expect(text).not.toContain(value);
    }
    server.kill('SIGKILL');
    await expect(take('c')).rejects.toMatchObject({ name: 'Unreachable' });
  });
});

async function freePort(): Promise<number> {
  const listener = createServer();
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  const { port: free } = listener.address() as { port: number };
  await new Promise((resolve) => listener.close(resolve));
  return free;
}

async function answering(at: number): Promise<void> {
  for (;;) {
    const up = await new Promise<boolean>((resolve) => {
      const socket = connect(at, '127.0.0.1', () => resolve(true));
      socket.on('error', () => resolve(false)).on('connect', () => socket.end());
    });
    if (up) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
