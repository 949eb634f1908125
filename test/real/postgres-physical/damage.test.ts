import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { execa } from 'execa';

import { backupStoreHandler } from '../../../activities/effects/backup-store.ts';
import { proveBackupHandler } from '../../../activities/effects/prove-backup.ts';
import { restoreByKindHandler } from '../../../activities/effects/restore-by-kind.ts';
import { decodeManifest, encodeManifest, sealOf } from '../../../activities/points/manifest.ts';
import { findPoint, hashFile, readPoint } from '../../../activities/points/index.ts';
import { storeDrivers } from '../../../activities/stores/registry.ts';
import type { JsonObject } from '../../../runbook/json.ts';
import { performWith, TestTarget } from '../effect-context.ts';
import { engine, password, prepareServers, removeServers, ServerFixture } from './server-fixture.ts';

const stores = storeDrivers(engine);
let server: ServerFixture;
let target: TestTarget;

beforeAll(async () => {
  await prepareServers();
  server = await ServerFixture.start();
}, 600_000);
afterAll(removeServers);
beforeEach(async () => {
  target = await targetFor(server);
});
afterEach(() => target.remove());

const targetFor = (fixture: ServerFixture, user?: string) =>
  TestTarget.make({
    project: fixture.project,
    stores: { shop: fixture.store(user), far: { kind: 'postgres', url: '${env:URL}' } },
    secrets: { PASSWORD: password, URL: 'postgres://postgres@127.0.0.1/shop' },
  });
const backUp = (store = 'shop') =>
  performWith(
    backupStoreHandler({ engine, stores }),
    target.context('backupStore', { store, point: 'a', method: 'physical' }, { id: 'p/backup/01' }),
  );
const prove = () =>
  performWith(
    proveBackupHandler({ engine, provers: [stores.postgres.physical!.prover] }),
    target.context('proveBackup', { point: 'a' }, { id: 'p/cutover/01' }),
  );
const part = (file: string) => join(target.home.points, 'run-1', 'a', 'server', file);

/** Seals a point anew over what its files have become: as if the backup itself had been written so. */
async function resealed(canary: JsonObject = {}): Promise<void> {
  const path = join(target.home.points, 'run-1', 'a', 'manifest.json');
  const manifest = decodeManifest(await readFile(path, 'utf8'), path);
  for (const each of manifest.parts)
    Object.assign(each, await hashFile(join(target.home.points, 'run-1', 'a', each.file)));
  Object.assign(manifest.canary, canary);
  manifest.seal = sealOf(manifest);
  await writeFile(path, encodeManifest(manifest));
}
const stateOf = async () => (await readPoint(target.home.points, { run: 'run-1', point: 'a' }))?.manifest.state;

describe('a physical backup that is no good', () => {
  it('[K10] is told by a flipped bit, by a log that is missing, and by an edited manifest of the server', async () => {
    await backUp();
    const { parts, canary } = (await findPoint(target.home.points, 'a', 'run-1')).manifest;
    const base = parts.find(({ file }) => /base\.tar/.test(file))!.file.replace('server/', '');
    const log = canary['packing'] === 'gzip' ? 'pg_wal.tar.gz' : 'pg_wal.tar';
    const whole = {
      [base]: await readFile(part(base)),
      [log]: await readFile(part(log)),
      backup_manifest: await readFile(part('backup_manifest')),
    };
    const manifest = await readFile(join(target.home.points, 'run-1', 'a', 'manifest.json'));
    const again = async () => {
      for (const [file, bytes] of Object.entries(whole)) await writeFile(part(file), bytes);
      await writeFile(join(target.home.points, 'run-1', 'a', 'manifest.json'), manifest);
    };

    const flipped = Buffer.from(whole[base]!);
    const middle = Math.floor(flipped.length / 2);
    flipped[middle] = flipped[middle]! ^ 1;
    await writeFile(part(base), flipped);
    await expect(prove()).rejects.toMatchObject({ name: 'IntegrityFailed', message: expect.stringContaining(base) });
    expect(await stateOf()).toBe('failed');

    await again();
    if (log.endsWith('.gz')) await execa('gunzip', [part(log)]);
    const listed = (await execa('tar', ['-tf', part('pg_wal.tar')])).stdout.split('\n');
    const segments = listed.filter((name) => /^[0-9A-F]{24}$/.test(name));
    await execa('tar', ['--delete', '-f', part('pg_wal.tar'), segments[0]!]);
    if (log.endsWith('.gz')) await execa('gzip', [part('pg_wal.tar')]);
    await resealed();
    await expect(prove()).rejects.toMatchObject({
      name: 'ValidationMismatch',
      message: expect.stringMatching(/pg_verifybackup: .*(WAL|could not find)/s),
    });
    expect(await stateOf()).toBe('failed');

    // A library that is not there says nothing about the backup.
    await again();
    await resealed({ preload: 'no_such_library' });
    await expect(prove()).rejects.toMatchObject({
      name: 'StepFailed',
      message: expect.stringContaining('no_such_library'),
    });
    expect(await stateOf()).toBe('verified');

    await again();
    const edited = whole['backup_manifest'].toString().replace('"Size": 4,', '"Size": 5,');
    await writeFile(part('backup_manifest'), edited.replace(/"Path": "PG_VERSION"/, '"Path": "PG_VERSIO"'));
    await resealed();
    await expect(prove()).rejects.toMatchObject({
      name: 'ValidationMismatch',
      message: expect.stringContaining('manifest checksum mismatch'),
    });
    expect(await stateOf()).toBe('failed');
    await expect(
      performWith(
        restoreByKindHandler({ engine, stores }),
        target.context('restoreStore', { store: 'shop', point: 'a' }, { id: 'r/01' }),
      ),
    ).rejects.toMatchObject({ name: 'PreconditionFailed' });
    const labels = { 'io.switchback.target': server.project };
    expect([...(await engine.listByLabel(labels)), ...(await engine.listVolumes(labels))]).toEqual([]);
  });

  it('is not begun without the right to replicate, beside other data, or of a server that is no container', async () => {
    await server.sql(`create role plain login password '${password}'`);
    await target.remove();
    target = await targetFor(server, 'plain');
    await expect(backUp()).rejects.toMatchObject({
      name: 'AccessDenied',
      hint: expect.stringContaining('ALTER ROLE "plain" REPLICATION'),
    });
    await expect(backUp('far')).rejects.toMatchObject({
      name: 'Unsupported',
      hint: expect.stringContaining('service'),
    });
    await target.remove();
    target = await targetFor(server);
    await execa('docker', ['exec', server.container, 'touch', '/data/notes']);
    await expect(backUp()).rejects.toMatchObject({
      name: 'Unsupported',
      message: expect.stringContaining(`${server.volume} holds more than the server's data: notes`),
    });
    await execa('docker', ['exec', server.container, 'rm', '/data/notes']);
    await execa('docker', ['exec', server.container, 'sed', '-i', '/^host *replication/d', '/data/15/pg_hba.conf']);
    await server.sql('select pg_reload_conf()');
    await expect(backUp()).rejects.toMatchObject({
      name: 'AccessDenied',
      hint: expect.stringContaining('host replication "postgres" 127.0.0.1/32'),
    });
    expect(await stateOf()).toBeUndefined();
  });
});
