import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { backupStoreHandler } from '../../../activities/effects/backup-store.ts';
import { proveBackupHandler } from '../../../activities/effects/prove-backup.ts';
import { restoreByKindHandler } from '../../../activities/effects/restore-by-kind.ts';
import { findPoint } from '../../../activities/points/index.ts';
import { storeDrivers } from '../../../activities/stores/registry.ts';
import { performWith, TestTarget } from '../effect-context.ts';
import { engine, password, prepareServers, removeServers, ServerFixture } from '../postgres-physical/server-fixture.ts';
import { filesBelow, Repository } from './repository.ts';

const stores = storeDrivers(engine);
let root: string;
let repository: Repository;
let server: ServerFixture;
let target: TestTarget;

beforeAll(async () => {
  await prepareServers();
  root = await mkdtemp(join(tmpdir(), 'sbt-restic-server-'));
  await writeFile(join(root, 'password'), 'secret-of-the-repository', { mode: 0o600 });
  repository = new Repository(join(root, 'repository'), join(root, 'password'));
  server = await ServerFixture.start();
  await server.sql('create table things (id int)');
  target = await TestTarget.make({
    project: server.project,
    stores: { shop: server.store() },
    secrets: { PASSWORD: password, RESTIC: 'secret-of-the-repository' },
  });
  target.plan.repository = { kind: 'restic', at: repository.at, password: '${env:RESTIC}' };
}, 600_000);
afterAll(async () => {
  await target.remove();
  await removeServers();
  await rm(root, { recursive: true, force: true });
});

describe('a whole PostgreSQL server in a restic repository', () => {
  it('[K10] [M4] is backed up into it, tested and restored from it, and nothing of it stays in the home', async () => {
    const { performed } = await performWith(
      backupStoreHandler({ engine, stores }),
      target.context('backupStore', { store: 'shop', point: 'a', method: 'physical' }, { id: 'p/backup/a' }),
    );
    expect(performed.facts).toMatchObject({ repository: repository.at, snapshot: expect.any(String) });
    const { folder } = await findPoint(target.home.points, 'a', 'run-1');
    expect(await readdir(folder)).toEqual(['manifest.json']);

    await performWith(
      proveBackupHandler({ engine, provers: [stores.postgres.physical!.prover] }),
      target.context('proveBackup', { point: 'a' }, { id: 'p/prove/a' }),
    );
    expect((await findPoint(target.home.points, 'a', 'run-1')).manifest.state).toBe('restore-tested');

    await server.sql('insert into things values (1)');
    await performWith(
      restoreByKindHandler({ engine, stores }),
      target.context('restoreStore', { store: 'shop', point: 'a' }, { id: 'r/01' }),
    );
    await server.untilUp();
    expect(await server.value('select count(*) from things')).toBe('0');
    // Neither what was fetched nor a password file is left.
    expect((await filesBelow(target.home.scratch)).filter((file) => !file.includes('-helper/'))).toEqual([]);
  });
});
