import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { execa } from 'execa';
import pg from 'pg';
import { ComposeCli } from '../../activities/compose/index.ts';
import { DockerEngine } from '../../activities/docker/index.ts';
import { applySqlHandler } from '../../activities/effects/apply-sql.ts';
import { backupStoreHandler } from '../../activities/effects/backup-store.ts';
import { proveBackupHandler } from '../../activities/effects/prove-backup.ts';
import { restoreStoreHandler } from '../../activities/effects/restore-store.ts';
import { checkPreflightHandler } from '../../activities/effects/check-preflight.ts';
import { checkpointSight } from '../../activities/effects/checkpoint-sight.ts';
import { findPoint } from '../../activities/points/index.ts';
import { postgresDriver } from '../../activities/stores/postgres/index.ts';
import { storeDrivers, type StoreDrivers } from '../../activities/stores/registry.ts';
import { dockerIn } from '../../client/init/ask-docker.ts';
import { lookAtEngine } from '../../client/init/look-at-engine.ts';
import { renderPlan } from '../../client/init/render-plan.ts';
import { sketchStack } from '../../client/init/stack-sketch.ts';
import { until } from '../stores/until.ts';
import { performWith, TestTarget } from './effect-context.ts';
import { ownLabels, ownName, sweepDead, sweepOwn } from './own-names.ts';

const engine = new DockerEngine();
const sentinel = 'sentinel-c0nt:a\\iner';
/** As on a host without client tools, or with older ones than the server. */
const onlyContainers: StoreDrivers = {
  ...storeDrivers(engine),
  postgres: postgresDriver(engine, { engine, findClientTools: async () => undefined }),
};
const project = ownName('project');
let target: TestTarget;
let container: string;

beforeAll(async () => {
  await sweepDead(engine);
  await execa(fileURLToPath(new URL('../../examples/shop/build-images', import.meta.url)), [], {
    stdio: ['ignore', 2, 2],
  });
  container = await startDatabase();
}, 600_000);
afterAll(() => sweepOwn(engine));
beforeEach(async () => {
  target = await TestTarget.make({
    project,
    stores: {
      shop: { kind: 'postgres', service: 'db', database: 'shop', user: 'postgres', password: '${env:PASSWORD}' },
    },
    secrets: { PASSWORD: sentinel },
  });
});
afterEach(() => target.remove());

/** A database in a container, as a service of a Compose project would be. */
async function startDatabase(): Promise<string> {
  const name = ownName('db');
  await engine.call('create', {}, (docker) =>
    docker.createContainer({
      name,
      Image: 'switchback-shop/db:15',
      // The password by a file, so that nothing but our own doing could show it in what is inspected.
      Entrypoint: [
        '/bin/bash',
        '-c',
        'export SHOP_DB_PASSWORD=x SHOP_DB_ADMIN_PASSWORD="$(cat /tmp/password)"; exec db-entrypoint -c fsync=off',
      ],
      Labels: {
        ...ownLabels,
        'com.docker.compose.project': project,
        'com.docker.compose.service': 'db',
        'com.docker.compose.container-number': '1',
      },
      ExposedPorts: { '5432/tcp': {} },
      HostConfig: { Init: true, PortBindings: { '5432/tcp': [{ HostIp: '127.0.0.1', HostPort: '' }] } },
    }),
  );
  await engine.call('password', {}, (docker) =>
    docker.getContainer(name).putArchive(tarOf('tmp/password', sentinel), { path: '/' }),
  );
  await engine.startContainer(name);
  await until('the database answers', async () => {
    const answer = await sql('select 1 as one').catch(() => undefined);
    return answer !== undefined;
  });
  await sql(
    `create table orders (id serial primary key, price numeric); insert into orders (price) select n from generate_series(1, 1000) n`,
  );
  return name;
}

/** Runs SQL by the published port, which is not the way that the code under test takes. */
async function sql(text: string, database = 'shop'): Promise<pg.QueryResult> {
  const found = (await engine.listByLabel({ 'com.docker.compose.project': project }))[0];
  const port = found?.Ports.find((entry) => entry.PrivatePort === 5432)?.PublicPort;
  const client = new pg.Client({
    host: '127.0.0.1',
    port: port!,
    user: 'postgres',
    password: sentinel,
    database,
  });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return await client.query(text);
  } finally {
    await client.end();
  }
}

/** An archive with one small file: what `putArchive` takes. */
function tarOf(path: string, content: string): Buffer {
  const header = Buffer.alloc(512);
  header.write(path, 0);
  header.write('0000644\0', 100);
  header.write('0000000\0'.repeat(2), 108);
  header.write(`${content.length.toString(8).padStart(11, '0')}\0`, 124);
  header.write('00000000000\0', 136);
  header.write('        0', 148);
  header.write('ustar\0' + '00', 257);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return Buffer.concat([header, Buffer.from(content.padEnd(512, '\0')), Buffer.alloc(1024)]);
}

it('[K10] becomes a store for each of its databases that holds something, in the plan that init writes', async () => {
  for (const name of ['bridge', 'nothing']) await sql(`create database ${name}`);
  await sql('create table messages (id int)', 'bridge');
  const environment = { POSTGRES_DB: 'shop', POSTGRES_USER: 'postgres' };
  const written = {
    services: {
      db: { image: 'switchback-shop/db:15', expose: ['5432'], environment, volumes: ['data:/var/lib/postgresql/data'] },
    },
    volumes: { data: {} },
  };
  const sketch = sketchStack({ project, written, ports: [], profiles: [] });
  await lookAtEngine(dockerIn(tmpdir(), process.env), sketch);
  const baseline = { compose: 'docker/v1.yml' };
  const text = renderPlan({ sketch, directory: '.', compose: 'c.yml', profiles: [], dangers: [], baseline });
  expect(text).toMatch(/^ {2}db: { kind: postgres, service: db, database: shop, user: postgres }$/m);
  expect(text).toMatch(/^ {2}db-bridge: { kind: postgres, service: db, database: bridge, user: postgres }$/m);
  expect(text).toMatch(/- { store: db-bridge }/);
  expect(text).toMatch(/# - { volume: .*has what the dumps have/);
  expect(text).not.toContain('database: nothing');

  const preflight = checkPreflightHandler({
    engine,
    stores: storeDrivers(engine),
    checkpoints: checkpointSight({ engine, compose: new ComposeCli({ dockerHost: engine.host }) }),
    runInService: () => Promise.reject(new Error('no check here runs a command')),
  });
  const check = { check: 'databases' as const, stores: ['shop'], servers: [], volumes: [] };
  const looked = performWith(preflight, target.context('checkPreflight', { checks: [check] }));
  await expect(looked).rejects.toMatchObject({
    name: 'PreconditionFailed',
    message: expect.stringMatching(/database bridge of the server of store shop is in no backup of this phase/),
  });
  for (const name of ['bridge', 'nothing']) await sql(`drop database ${name}`);
  const again = target.context('checkPreflight', { checks: [check] }, { id: 'again' });
  await expect(performWith(preflight, again)).resolves.toMatchObject({ outcome: 'done' });
});

describe('a database in a service’s container', () => {
  it.each([
    ['the tools of this host', storeDrivers(engine)],
    ['the tools of the image that it runs from', onlyContainers],
  ])('is found by its labels; backed up, proven, changed and restored with %s', async (what, stores) => {
    await sql('delete from orders where id > 1000; drop table if exists notes');
    const inspected: string[] = [];
    let watching = true;
    const watch = (async () => {
      while (watching) {
        const own = { 'io.switchback.role': 'client-tool', 'io.switchback.target': project };
        for (const found of await engine.listByLabel(own)) {
          const detail = await engine.inspectContainer(found.Id);
          if (detail) inspected.push(JSON.stringify(detail));
        }
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    })();
    try {
      await performWith(
        backupStoreHandler({ engine, stores }),
        target.context('backupStore', { store: 'shop', point: 'a' }, { id: 'p/backup/01' }),
      );
      await performWith(
        proveBackupHandler({ engine, provers: [stores.postgres.prover] }),
        target.context('proveBackup', { point: 'a' }, { id: 'p/cutover/01' }),
      );
      const step = {
        store: 'shop',
        source: { statement: 'create table notes (id int)' },
        transactional: true,
        expand: true,
      };
      await performWith(applySqlHandler({ stores }), target.context('applySql', step, { id: 'p/apply/01' }));
      await sql('insert into orders (id, price) values (2001, 1), (2002, 1)');
      const { performed } = await performWith(
        restoreStoreHandler({ engine, stores }),
        target.context('restoreStore', { store: 'shop', point: 'a' }, { id: `r/${what}` }),
      );
      expect(performed.facts).toMatchObject({ lostRows: 2 });
    } finally {
      watching = false;
      await watch;
    }
    expect((await sql('select count(*)::int as rows from orders')).rows).toEqual([{ rows: 1000 }]);
    const { manifest } = await findPoint(target.home.points, 'a', 'run-1');
    expect(manifest).toMatchObject({
      state: 'restore-tested',
      engine: { name: 'postgres', version: expect.stringMatching(/^15\./) },
    });
    expect(inspected.length > 0).toBe(stores === onlyContainers);
    for (const found of inspected) expect(found).not.toContain('sentinel-c0nt');
    expect(await engine.listByLabel({ 'io.switchback.target': project })).toEqual([]);
  });

  it('is not looked for in a container that has ended', async () => {
    await engine.stopContainer(container, { graceSeconds: 1 });
    const stores = storeDrivers(engine);
    const context = target.context('backupStore', { store: 'shop', point: 'b' }, { id: 'p/backup/02' });
    await expect(performWith(backupStoreHandler({ engine, stores }), context)).rejects.toMatchObject({
      name: 'PreconditionFailed',
      message: `service db of project ${project} does not run`,
    });
  });
});
