import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { DockerEngine } from '../../../activities/docker/index.ts';
import { backupStoreHandler } from '../../../activities/effects/backup-store.ts';
import { proveBackupHandler } from '../../../activities/effects/prove-backup.ts';
import { restoreStoreHandler } from '../../../activities/effects/restore-store.ts';
import { leftInRepository } from '../../../activities/leftovers/index.ts';
import { readPoint, type StoredPoint } from '../../../activities/points/index.ts';
import { verifyInRepositories } from '../../../activities/restic/index.ts';
import { storeDrivers } from '../../../activities/stores/registry.ts';
import { operationKey, type OperationRecord, type TargetState } from '../../../runbook/target-state.ts';
import { PostgresServer } from '../../stores/postgres-server.ts';
import { performWith, TestTarget } from '../effect-context.ts';
import { ownName, sweepDead, sweepOwn } from '../own-names.ts';
import { damagePacks, filesBelow, Repository } from './repository.ts';

const engine = new DockerEngine();
const stores = storeDrivers(engine);
let root: string;
let server: PostgresServer;
let database: string;
let target: TestTarget;
let repository: Repository;

beforeAll(async () => {
  await sweepDead(engine);
  root = await mkdtemp(join(tmpdir(), 'sbt-restic-store-'));
  await writeFile(join(root, 'password'), 'secret-of-the-repository', { mode: 0o600 });
  repository = new Repository(join(root, 'repository'), join(root, 'password'));
  server = await PostgresServer.start();
  database = await server.database();
  await server.run(
    database,
    `create table things as select n as id, 'thing ' || n as what from generate_series(1, 5000) n`,
  );
  target = await TestTarget.make({
    project: ownName('shop'),
    stores: { shop: { kind: 'postgres', url: '${env:SHOP_URL}' } },
    secrets: { SHOP_URL: server.url(database), RESTIC: 'secret-of-the-repository' },
  });
  target.plan.repository = { kind: 'restic', at: repository.at, password: '${env:RESTIC}' };
});
afterAll(async () => {
  await target.remove();
  await server.stop();
  await rm(root, { recursive: true, force: true });
  await sweepOwn(engine);
});

const back = (point: string) =>
  performWith(
    backupStoreHandler({ engine, stores }),
    target.context('backupStore', { store: 'shop', point }, { id: `p/backup/${point}` }),
  );
const stored = async (point: string): Promise<StoredPoint> =>
  (await readPoint(target.home.points, { run: 'run-1', point }))!;
const looking = () => target.context('runChecks', { checks: [], withinSeconds: 0, everySeconds: 1, consecutive: 1 });
const verify = (points: StoredPoint[]) => {
  const { plan, secret, signal } = looking();
  const owner = { target: target.plan.target, runId: 'verify', operationId: '1', scratch: target.home.scratch };
  return verifyInRepositories(points, { engine, plan, secret, owner, signal });
};

describe('a database in a restic repository', () => {
  it('[L7] is dumped into it, tested and restored from it, and nothing of the dump stays in the home', async () => {
    const { performed } = await back('a');
    expect(performed.facts).toMatchObject({ repository: repository.at, snapshot: expect.any(String) });
    const { manifest, folder } = await stored('a');
    expect(manifest.parts.map(({ file }) => file)).toContain('dump/toc.dat');
    expect(await readdir(folder)).toEqual(['manifest.json']);
    await performWith(
      proveBackupHandler({ engine, provers: [stores.postgres.prover] }),
      target.context('proveBackup', { point: 'a' }, { id: 'p/prove/01' }),
    );
    expect((await stored('a')).manifest.state).toBe('restore-tested');
    await server.run(database, `insert into things select n, 'later' from generate_series(5001, 5010) n`);
    const restored = await performWith(
      restoreStoreHandler({ engine, stores }),
      target.context('restoreStore', { store: 'shop', point: 'a' }, { id: 'r/01' }),
    );
    expect(restored.performed.facts).toMatchObject({ lostRows: 10 });
    expect(await server.value(database, 'select count(*) from things')).toBe('5000');
    // Neither what was fetched nor a password file is left.
    expect((await filesBelow(target.home.scratch)).filter((file) => !file.includes('-helper/'))).toEqual([]);
  });

  it('[M4] leaves no snapshot behind that nobody owns: reconcile removes those of killed attempts, and shows those that it does not know', async () => {
    const name = target.plan.target;
    const snapshotOf = (run: string, point: string) => {
      const tags = [`target:${name}`, `run:${run}`, `operation:p/backup/${point}`, `point:${point}`];
      return repository.restic('backup', '/etc/hostname', ...tags.flatMap((tag) => ['--tag', tag]));
    };
    await snapshotOf('run-1', 'killed');
    await snapshotOf('run-of-a-lost-home', 'a');
    const known = (point: string, status: OperationRecord['status']) => {
      const operation = { id: `p/backup/${point}`, kind: 'backupStore', input: { store: 'shop', point } };
      return [operationKey('run-1', operation.id), { run: 'run-1', operation, status }] as const;
    };
    const state = { operations: new Map([known('a', 'done'), known('killed', 'intended')]) } as unknown as TargetState;
    const look = () => leftInRepository(engine, looking(), state);
    const { left, silent } = await look();
    expect(silent).toEqual([]);
    expect(left.map(({ why, tidy }) => [why, tidy !== undefined])).toEqual([
      ['of run-1/killed, which was never sealed or has been pruned', true],
      ['of run-of-a-lost-home/a, whose manifest is not in this home: yours to remove', false],
    ]);
    await left[0]!.tidy!();
    expect((await look()).left).toHaveLength(1);
    expect((await repository.snapshots()).map(({ id }) => id)).toContain((await stored('a')).manifest.at!.snapshot);
  });

  it('is read byte by byte by verify, which tells a whole repository, a lost snapshot and a damaged one', async () => {
    await back('b');
    await back('c');
    const all = async () => Promise.all(['a', 'b', 'c'].map(stored));
    expect(await verify(await all())).toEqual(new Map());
    expect((await stored('b')).manifest.state).toBe('verified');
    await repository.restic('forget', (await stored('c')).manifest.at!.snapshot);
    expect([...(await verify(await all())).entries()]).toEqual([
      ['run-1/c', expect.stringContaining('has lost its snapshot')],
    ]);
    await damagePacks(repository.at);
    const damaged = await verify([await stored('a'), await stored('b')]);
    expect([...damaged.keys()]).toEqual(['run-1/a', 'run-1/b']);
    expect((await stored('a')).manifest.state).toBe('failed');
  });
});
