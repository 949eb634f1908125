import { describe, expect, it } from '@jest/globals';

import { dangersIn } from '../../../client/init/dangers.ts';
import { stateIn } from '../../../client/init/look-at-engine.ts';
import { postgresStores } from '../../../client/init/recognise.ts';
import { sketchStack } from '../../../client/init/stack-sketch.ts';

const sketch = (
  services: Record<string, object>,
  volumes: Record<string, object | null> = {},
  profiles: string[] = [],
) => sketchStack({ project: 'p', written: { services, volumes }, ports: [], profiles });
const dangers = (...given: Parameters<typeof sketch>) => dangersIn(sketch(...given), '/srv/p');
const healthy = { healthcheck: { test: ['CMD', 'true'] } };

describe('[K10] what endangers a way back', () => {
  it('is not found where there is nothing', () => {
    const services = {
      web: {
        image: 'web:1.2',
        ...healthy,
        volumes: ['/etc/localtime:/etc/localtime:ro'],
        tmpfs: ['/tmp'],
      },
      db: { image: 'postgres:15', ...healthy, volumes: ['data:/var/lib/postgresql/data'] },
    };
    expect(dangers(services, { data: null })).toEqual([]);
  });

  it.each<[string, object, RegExp]>([
    ['a database without a volume', { image: 'mysql:8' }, /data in containers: it keep theirs in no volume/],
    [
      'a database with its configuration alone',
      { image: 'redis:7', volumes: ['./redis.conf:/etc/redis.conf'] },
      /data in containers/,
    ],
    ['a volume without a name', { image: 'a:1', volumes: ['/data'] }, /volumes without a name: it \(\/data\)/],
    ['a folder that it writes to', { image: 'a:1', volumes: ['./up:/up'] }, /services can write to: it \(\.\/up\)/],
    [
      'a file beside',
      { image: 'a:1', env_file: ['it.env'], volumes: ['./c.yml:/c.yml'] },
      /beside the checkpoint: it\.env \(it\), \.\/c\.yml \(it\)/,
    ],
    ['a path outside', { image: 'a:1', volumes: ['/mnt/nas:/up:ro'] }, /paths outside the project: \/mnt\/nas \(it\)/],
    ['no tag', { image: 'a' }, /images without a version: a \(it\)/],
    ['latest', { image: 'reg:5000/a:latest' }, /images without a version: reg:5000\/a:latest \(it\)/],
    ['a name for a tag', { image: 'a:alpine' }, /images without a version/],
    ['a build without a name', { build: '.' }, /built without a name: it/],
    ['no health check', { image: 'a:1', healthcheck: undefined }, /no health check: it/],
  ])('%s', (_what, service, said) => {
    expect(dangers({ it: { ...healthy, ...service } }).join('\n')).toMatch(said);
  });

  it.each([{ image: 'a:1.2-alpine' }, { image: 'a:v3' }, { image: 'a@sha256:abc' }, { image: 'a:jammy-22.04' }])(
    'is not the image %p',
    (service) => {
      expect(dangers({ it: { ...healthy, ...service } })).toEqual([]);
    },
  );

  it('is one volume of two services, and one in memory', () => {
    const one = { image: 'a:1', ...healthy, volumes: ['files:/files'] };
    const memory = { driver_opts: { type: 'tmpfs', device: 'tmpfs' } };
    expect(dangers({ a: one, b: one }, { files: memory })).toEqual([
      expect.stringContaining('one volume, 2 services: p_files is used by a, b'),
      expect.stringContaining('volumes in memory: p_files'),
    ]);
  });

  it('leaves out what profiles leave out, and names no more than a reader takes in', () => {
    const bad = { image: 'a:latest', ...healthy };
    expect(dangers({ off: { ...bad, profiles: ['debug'] }, on: { ...bad, profiles: ['web'] } }, {}, ['web'])).toEqual([
      expect.stringContaining('a:latest (on)'),
    ]);
    const many = Object.fromEntries(Array.from({ length: 30 }, (_, index) => [`s${index}`, bad]));
    expect(dangers(many).join('')).toContain('s7 and 22 more');
  });
});

it('finds what a container has written into itself, and not what comes anew with every start', () => {
  const diff = [
    'A /app',
    'A /app/state.db',
    'C /usr',
    'A /usr/sbin/docker-init',
    'A /sbin/docker-init',
    'A /tmp/x',
    'A /data/y',
  ];
  const [it] = sketch({ it: { image: 'a:1', volumes: ['data:/data'] } }).services;
  expect(stateIn(diff.join('\n'), it!)).toEqual({ count: 1, some: ['/app/state.db'] });
});

describe('a PostgreSQL', () => {
  const stores = (services: Record<string, object>) => postgresStores(sketch(services).services);
  const names = (services: Record<string, object>) => stores(services).map(({ service }) => service);

  it.each([
    { image: 'postgres:16-alpine' },
    { image: 'docker.io/bitnami/postgresql:16' },
    { image: 'pgvector/pgvector:pg16' },
    { image: 'ghcr.io/x/postgres:14-vectorchord0.3' },
    { image: 'timescale/timescaledb-ha:pg16' },
    { image: 'mine:1', ports: ['127.0.0.1:5433:5432'] },
    { image: 'mine:1', expose: ['5432'] },
    { build: './db', healthcheck: { test: 'pg_isready -U app -d app' } },
    { build: './db', volumes: ['x:/var/lib/postgresql/data'] },
  ])('is %p', (service) => {
    expect(names({ it: service })).toEqual(['it']);
  });

  it.each([
    { image: 'api:1', environment: { POSTGRES_PASSWORD: 'x', POSTGRES_DB: 'y' } },
    { image: 'prometheuscommunity/postgres-exporter:v0.15', ports: ['9187:9187'] },
    { image: 'postgrest/postgrest:v12' },
    { image: 'edoburu/pgbouncer:1.2', ports: ['5432:5432'] },
    { image: 'dpage/pgadmin4:8' },
    { image: 'api:1', healthcheck: { test: 'pg_isready -h db -U app' } },
  ])('is not %p', (service) => {
    expect(names({ it: service })).toEqual([]);
  });

  it('has the names that its environment or its health check says, and a store of its own', () => {
    const health = { healthcheck: { test: ['CMD-SHELL', 'pg_isready -U shop -d orders'] } };
    const found = stores({
      'db.a': { image: 'postgres:16', environment: ['POSTGRES_USER=u', 'POSTGRES_DB=d'] },
      'db-a': { image: 'mine:1', ...health },
      plain: { image: 'postgres:16', environment: { POSTGRES_USER: '${WHO}' } },
    });
    expect(found.map(({ store, user, database }) => [store, user, database])).toEqual([
      ['db-a', 'u', 'd'],
      ['db-a-2', 'shop', 'orders'],
      ['plain', 'postgres', 'postgres'],
    ]);
  });
});
