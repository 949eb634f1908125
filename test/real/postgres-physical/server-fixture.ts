import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import pg from 'pg';

import { DockerEngine } from '../../../activities/docker/index.ts';
import { until } from '../../stores/until.ts';
import { checkoutId, ownLabels, ownName, sweepDead, sweepOwn } from '../own-names.ts';

export const engine = new DockerEngine();
export const password = 'sentinel-phys1cal';
const image = 'switchback-shop/db:15';

async function buildImages(): Promise<void> {
  await execa(fileURLToPath(new URL('../../../examples/shop/build-images', import.meta.url)), [], {
    stdio: ['ignore', 2, 2],
  });
}

/**
 * Removes what operations on servers of this checkout's tests made and left or kept: those of this process, or of dead ones. They carry the
 * target, which is called like the project, and not the labels of tests.
 */
async function sweepTargets(whose: (pid: number) => boolean): Promise<void> {
  const label = 'io.switchback.target';
  const mine = (labels: Record<string, string> | undefined) => {
    const pid = new RegExp(`^sbt-project-${checkoutId}-(\\d+)-`).exec(labels?.[label] ?? '')?.[1];
    return pid !== undefined && whose(Number(pid));
  };
  for (const { Id, Labels } of await engine.listByLabel({ [label]: '' }))
    if (mine(Labels)) await engine.removeContainer(Id, { [label]: Labels[label]! });
  for (const { Name, Labels } of await engine.listVolumes({ [label]: '' }))
    if (mine(Labels)) await engine.find(`remove ${Name}`, {}, (docker) => docker.getVolume(Name).remove());
}

/** Before a suite: builds the images, and removes what killed processes left. */
export async function prepareServers(): Promise<void> {
  await sweepTargets((pid) => !existsSync(`/proc/${pid}`));
  await sweepDead(engine);
  await buildImages();
}

/** After a suite. */
export async function removeServers(): Promise<void> {
  await sweepTargets((pid) => pid === process.pid);
  await sweepOwn(engine);
}

/** A PostgreSQL server in a container with its data in a volume, as a service of a Compose project would be. */
export class ServerFixture {
  private constructor(
    readonly project: string,
    readonly container: string,
    readonly volume: string,
    private readonly options: string[],
  ) {}

  static async start(options: string[] = []): Promise<ServerFixture> {
    const server = new ServerFixture(ownName('project'), ownName('db'), ownName('pgdata'), options);
    await engine.call('create', {}, (docker) => docker.createVolume({ Name: server.volume, Labels: ownLabels }));
    await server.create();
    return server;
  }

  /** As Compose does it when anything about a service has changed. */
  async recreate(): Promise<void> {
    await engine.stopContainer(this.container);
    await engine.removeContainer(this.container, ownLabels);
    await this.create();
  }

  private async create(): Promise<void> {
    const { project, container, volume, options } = this;
    await engine.call('create', {}, (docker) =>
      docker.createContainer({
        name: container,
        Image: image,
        Env: ['SHOP_DB_PASSWORD=x', `SHOP_DB_ADMIN_PASSWORD=${password}`],
        Cmd: options,
        Labels: {
          ...ownLabels,
          'com.docker.compose.project': project,
          'com.docker.compose.service': 'db',
          'com.docker.compose.container-number': '1',
        },
        ExposedPorts: { '5432/tcp': {} },
        HostConfig: {
          Init: true,
          PortBindings: { '5432/tcp': [{ HostIp: '127.0.0.1', HostPort: '' }] },
          Mounts: [{ Type: 'volume', Source: volume, Target: '/data' }],
        },
      }),
    );
    await engine.startContainer(container);
    await this.untilUp();
  }

  untilUp(): Promise<void> {
    return until('the database answers', () => this.sql('select 1').then(Boolean, () => false));
  }

  /** By the published port, which is not the way that the code under test takes. */
  async connect(user = 'postgres', database = 'shop'): Promise<pg.Client> {
    const found = (await engine.listByLabel({ 'com.docker.compose.project': this.project })).find(
      ({ Labels }) => Labels['com.docker.compose.service'] === 'db',
    );
    const port = found?.Ports.find((entry) => entry.PrivatePort === 5432)?.PublicPort;
    const client = new pg.Client({ host: '127.0.0.1', port: port!, user, password, database });
    client.on('error', () => undefined);
    await client.connect();
    return client;
  }

  async sql(text: string, database = 'shop'): Promise<Record<string, unknown>[]> {
    const client = await this.connect('postgres', database);
    try {
      return (await client.query<Record<string, unknown>>(text)).rows;
    } finally {
      await client.end();
    }
  }

  /** The first value of the first row, as text. */
  async value(text: string, database = 'shop'): Promise<string> {
    return String(Object.values((await this.sql(text, database))[0] ?? {})[0]);
  }

  /** The plan's store of it. */
  store(user = 'postgres') {
    return { kind: 'postgres' as const, service: 'db', database: 'shop', user, password: '${env:PASSWORD}' };
  }
}

/** A client that writes row after row, and knows which of them were acknowledged, and when. */
export class Writer {
  readonly acknowledged: { id: number; at: number }[] = [];
  #stopped = false;
  #done: Promise<void> = Promise.resolve();

  start(client: pg.Client): void {
    this.#done = this.#write(client);
  }

  async #write(client: pg.Client): Promise<void> {
    for (let id = 1; !this.#stopped; id += 1) {
      await client.query('insert into written (id) values ($1)', [id]);
      this.acknowledged.push({ id, at: performance.now() });
    }
    await client.end();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#done;
  }
}
