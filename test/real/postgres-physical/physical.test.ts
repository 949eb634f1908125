import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

import { backupStoreHandler } from '../../../activities/effects/backup-store.ts';
import { proveBackupHandler } from '../../../activities/effects/prove-backup.ts';
import { restoreByKindHandler } from '../../../activities/effects/restore-by-kind.ts';
import { findPoint } from '../../../activities/points/index.ts';
import { storeDrivers } from '../../../activities/stores/registry.ts';
import type { OperationInputs } from '../../../runbook/operations.ts';
import { performWith, TestTarget } from '../effect-context.ts';
import { engine, password, prepareServers, removeServers, ServerFixture, Writer } from './server-fixture.ts';

const stores = storeDrivers(engine);
let server: ServerFixture;
let target: TestTarget;

beforeAll(async () => {
  await prepareServers();
  server = await ServerFixture.start();
  await server.sql('create table written (id int primary key)');
  await server.sql('create database other');
}, 600_000);
afterAll(removeServers);
beforeEach(async () => {
  target = await TestTarget.make({
    project: server.project,
    stores: { shop: server.store() },
    secrets: { PASSWORD: password },
  });
});
afterEach(() => target.remove());

const backUp = (point: string) =>
  performWith(
    backupStoreHandler({ engine, stores }),
    target.context('backupStore', { store: 'shop', point, method: 'physical' }, { id: `p/backup/${point}` }),
  );
const prove = (point: string) =>
  performWith(
    proveBackupHandler({ engine, provers: [stores.postgres.physical!.prover] }),
    target.context('proveBackup', { point }, { id: `p/cutover/${point}` }),
  );
const restore = (input: OperationInputs['restoreStore'], id: string) =>
  performWith(restoreByKindHandler({ engine, stores }), target.context('restoreStore', input, { id }));
const leftovers = async () => [
  ...(await engine.listByLabel({ 'io.switchback.target': server.project })).map(({ Names }) => Names[0]),
  ...(await engine.listVolumes({ 'io.switchback.target': server.project })).flatMap(({ Name, Labels }) =>
    Labels['io.switchback.role'] === 'kept' ? [] : [Name],
  ),
];

describe('a physical backup of a PostgreSQL server', () => {
  it('[K10] [M4] holds every write that was acknowledged before it began, is proven on a scratch server, and goes back and forth', async () => {
    const writer = new Writer();
    writer.start(await server.connect());
    const began = performance.now();
    const { performed } = await backUp('a');
    const ended = performance.now();
    await writer.stop();
    expect(performed.summary).toMatch(/backed up store shop as a/);
    const point = await findPoint(target.home.points, 'a', 'run-1');
    expect(point.manifest.source).toMatchObject({ kind: 'postgres-physical', resource: 'store:shop' });

    const proof = await prove('a');
    const lines = (await findPoint(target.home.points, 'a', 'run-1')).manifest.proof!.compared;
    expect(proof.performed.summary).toMatch(/scratch server/);
    expect(lines).toEqual([
      expect.stringMatching(/SHA-256, and the log from .* \(pg_verifybackup\)/),
      expect.stringMatching(/databases: other, postgres, shop, template1$/),
      expect.stringMatching(/^database shop: \d+ rows read in 1 tables$/),
      expect.stringMatching(/pg_amcheck/),
    ]);
    expect(await leftovers()).toEqual([]);

    await server.sql('create table later (id int)');
    await server.sql('drop database other');
    const before = writer.acknowledged.filter(({ at }) => at < began).length;
    const during = writer.acknowledged.filter(({ at }) => at >= began && at < ended).length;
    expect(during).toBeGreaterThan(100);
    const { performed: restored, prepared } = await restore({ store: 'shop', point: 'a' }, 'r/01');
    await server.untilUp();
    expect(restored.facts).toMatchObject({ others: ['other'], warnings: [] });
    expect(restored.facts['lostLogBytes']).toBeGreaterThan(0);
    expect(await server.value(`select count(*) from pg_tables where tablename = 'later'`)).toBe('0');
    expect(await server.value(`select count(*) from pg_database where datname = 'other'`)).toBe('1');
    // No gap: each write that is there has all of its predecessors with it.
    const kept = Number(await server.value('select count(*) from written'));
    expect(await server.value('select max(id) from written')).toBe(String(kept));
    expect(kept).toBeGreaterThanOrEqual(before);
    expect(kept).toBeLessThanOrEqual(before + during);

    const undo = prepared.undo as unknown as { input: OperationInputs['restoreStore'] };
    await restore(undo.input, 'r/02');
    await server.untilUp();
    expect(await server.value(`select count(*) from pg_tables where tablename = 'later'`)).toBe('1');
    expect(await server.value('select count(*) from written')).toBe(String(writer.acknowledged.length));
    expect(await leftovers()).toEqual([]);

    // The day on which it is needed most: nobody answers.
    await engine.stopContainer(server.container);
    const { performed: again } = await restore({ store: 'shop', point: 'a' }, 'r/03');
    expect(again.facts['warnings']).toEqual([expect.stringContaining('could not be asked')]);
    await engine.startContainer(server.container);
    await server.untilUp();
    expect(await server.value('select count(*) from written')).toBe(String(kept));
  });
});
