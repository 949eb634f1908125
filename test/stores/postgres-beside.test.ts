import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { DockerEngine } from '../../activities/docker/index.ts';
import { storeDrivers, withStore } from '../../activities/stores/registry.ts';
import { TestTarget } from '../real/effect-context.ts';
import { PostgresServer } from './postgres-server.ts';

let server: PostgresServer;
beforeAll(async () => {
  server = await PostgresServer.start();
});
afterAll(() => server.stop());

it('[K10] sees which other databases of a server hold something, and none that is empty or that Switchback has kept', async () => {
  const stores = storeDrivers(new DockerEngine());
  const target = await TestTarget.make({
    project: 'beside',
    stores: { shop: { kind: 'postgres', url: '${env:URL}' } },
    secrets: { URL: server.url('shop') },
  });
  for (const name of ['shop', 'bridge', 'empty', 'kept', 'closed', 'code'])
    await server.run('postgres', `create database ${name}`);
  for (const name of ['shop', 'bridge', 'kept', 'closed']) await server.run(name, 'create table t (n int)');
  await server.run('code', 'create function f() returns int language sql as $$ select 1 $$');
  await server.run('postgres', `comment on database kept is 'Switchback: was shop until run 1 replaced it.'`);
  await server.run('postgres', 'alter database closed allow_connections false');
  const sight = () =>
    withStore(stores, target.context('checkPreflight', { checks: [] }), 'shop', [], (store) => store.sight!());
  try {
    const found = await sight();
    expect(found).toMatchObject({ database: 'shop', others: ['bridge', 'closed', 'code'] });
    expect(found.dataDirectory).toContain(server.folder);
    await server.run('postgres', 'create table t (n int)');
    expect((await sight()).others).toContain('postgres');
  } finally {
    await target.remove();
  }
});
