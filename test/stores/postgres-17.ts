import { createHash } from 'node:crypto';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import pg from 'pg';
import type { DockerEngine } from '../../activities/docker/index.ts';
import { ownLabels, ownName } from '../real/own-names.ts';
import { sentinel } from './postgres-server.ts';
import { until } from './until.ts';

export const image17 = 'switchback-test/postgres:17';

const contentsLabel = 'switchback.test.contents';
const folder = fileURLToPath(new URL('images', import.meta.url));
const files = ['postgres-17.Dockerfile', 'start'];

/** Builds the image of PostgreSQL 17 unless the engine has it, made from the same files. About a minute, once for all checkouts. */
export async function buildPostgres17(): Promise<void> {
  const digest = createHash('sha256');
  for (const file of files) digest.update(await readFile(join(folder, file)));
  const contents = digest.digest('hex').slice(0, 16);
  const present = await execa(
    'docker',
    ['image', 'inspect', '--format', `{{index .Config.Labels "${contentsLabel}"}}`, image17],
    { reject: false },
  );
  if (present.stdout === contents) return;
  const options = ['--force-rm', '--tag', image17, '--label', `${contentsLabel}=${contents}`];
  const proxies = ['--build-arg', 'http_proxy', '--build-arg', 'https_proxy'];
  const from = ['--file', join(folder, files[0] ?? ''), folder];
  await execa('docker', ['build', ...options, ...proxies, ...from], { stdout: 'ignore' });
}

/** A server in a container, as a service of a Compose project would be, with the database `shop` and the superuser `postgres`. */
export class Postgres17 {
  private constructor(
    readonly name: string,
    readonly port: number,
    readonly folder: string,
  ) {}

  static async start(engine: DockerEngine, project: string, service: string): Promise<Postgres17> {
    await buildPostgres17();
    const name = ownName(service);
    // The password by a file, so that nothing but our own doing could show it in what is inspected.
    const passwords = await mkdtemp(join(tmpdir(), 'sbt-pg17-'));
    await chmod(passwords, 0o755);
    await writeFile(join(passwords, 'password'), `${sentinel}\n`);
    await engine.call('create', {}, (docker) =>
      docker.createContainer({
        name,
        Image: image17,
        Labels: {
          ...ownLabels,
          'com.docker.compose.project': project,
          'com.docker.compose.service': service,
          'com.docker.compose.container-number': '1',
        },
        ExposedPorts: { '5432/tcp': {} },
        HostConfig: {
          Init: true,
          Binds: [`${join(passwords, 'password')}:/tmp/password:ro`],
          PortBindings: { '5432/tcp': [{ HostIp: '127.0.0.1', HostPort: '' }] },
        },
      }),
    );
    await engine.startContainer(name);
    const found = await engine.inspectContainer(name);
    const server = new Postgres17(name, Number(found?.NetworkSettings.Ports['5432/tcp']?.[0]?.HostPort), passwords);
    await until('PostgreSQL 17 answers', () =>
      server.run('postgres', 'create database shop').then(
        () => true,
        () => false,
      ),
    );
    return server;
  }

  /** Runs SQL by the published port, which is not the way that the code under test takes. */
  async run(database: string, sql: string): Promise<pg.QueryResult> {
    const client = new pg.Client({
      host: '127.0.0.1',
      port: this.port,
      user: 'postgres',
      password: sentinel,
      database,
    });
    client.on('error', () => undefined);
    await client.connect();
    try {
      return await client.query(sql);
    } finally {
      await client.end();
    }
  }

  /** The first value of the first row. */
  async value(database: string, sql: string): Promise<unknown> {
    const { rows } = await this.run(database, sql);
    return Object.values((rows[0] ?? {}) as Record<string, unknown>)[0];
  }

  /** The container goes with all that this process made. */
  async stop(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }
}
