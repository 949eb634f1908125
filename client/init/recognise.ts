import type { ServiceSketch } from './stack-sketch.ts';

/** A store that Switchback can dump, restore and compare by itself. */
export interface PostgresSketch {
  /** Name in the plan. */
  store: string;
  service: string;
  database: string;
  user: string;
  /** Whether database and user were found, or are only the usual ones. */
  guessed: boolean;
  /** Scripts that its image runs when it begins: they may make further databases. */
  scripts: boolean;
}

/** Kinds of data that are backed up with their volume, since there is no store for them. `at`: where their images keep it. */
const others: { what: string; image: RegExp; at: string[]; note?: string }[] = [
  { what: 'MySQL', image: /(^|\/)(mysql|mysql-server|mariadb|percona)(-\w+)*$/, at: ['/var/lib/mysql'] },
  { what: 'MongoDB', image: /(^|\/)(mongo|mongodb|ferretdb)(-\w+)*$/, at: ['/data/db'] },
  {
    what: 'Redis',
    image: /(^|\/)(redis|valkey|keydb|dragonfly)(-stack|-server)*$/,
    at: ['/data', '/bitnami/redis/data'],
    note: 'a cache needs no backup, a queue does',
  },
  { what: 'Kafka', image: /(^|\/)(cp-)?(kafka|redpanda)$/, at: ['/var/lib/kafka/data', '/bitnami/kafka'] },
  { what: 'ClickHouse', image: /(^|\/)clickhouse(-server)?$/, at: ['/var/lib/clickhouse'] },
  {
    what: 'Elasticsearch',
    image: /(^|\/)(elasticsearch|opensearch)$/,
    at: ['/usr/share/elasticsearch/data', '/usr/share/opensearch/data'],
  },
  { what: 'MinIO', image: /(^|\/)(minio|seaweedfs)$/, at: ['/data'] },
  {
    what: 'a vector store',
    image: /(^|\/)(milvus|qdrant|weaviate|chroma)$/,
    at: ['/qdrant/storage', '/var/lib/weaviate', '/var/lib/milvus'],
  },
  { what: 'RabbitMQ', image: /(^|\/)rabbitmq$/, at: ['/var/lib/rabbitmq'] },
  { what: 'etcd', image: /(^|\/)etcd$/, at: ['/etcd-data'] },
  { what: 'SQL Server', image: /(^|\/)mssql\/server$/, at: ['/var/opt/mssql'] },
  { what: 'InfluxDB', image: /(^|\/)influxdb$/, at: ['/var/lib/influxdb', '/var/lib/influxdb2'] },
];

/** An image's name without its tag and digest. */
export const repositoryOf = (image: string) => image.replace(/@.*$/, '').replace(/:[^/]*$/, '');

export interface OtherStore {
  what: string;
  at: string[];
  note?: string;
}

/** What keeps data in a service, as far as its image tells; undefined for PostgreSQL, and where nothing is known. */
export function otherStore({ image = '' }: ServiceSketch): OtherStore | undefined {
  return others.find((other) => other.image.test(repositoryOf(image)));
}

const postgresImage =
  /(^|\/)(postgres|postgresql|postgis|timescaledb(-ha)?|pgvector|pgvecto-rs|paradedb|citus|supabase-postgres|crunchy-postgres)$/;
/** They speak PostgreSQL, or of it, and keep no data. */
const noPostgres = /bouncer|pool|pgcat|supavisor|proxy|exporter|admin|backup|rest$|meta$/;

/** PostgreSQL by its image, its port, or a health check of its own. That its password is known to a service says nothing: clients know it too. */
export function recognisePostgres(service: ServiceSketch): PostgresSketch | undefined {
  const repository = repositoryOf(service.image ?? '');
  if (otherStore(service) !== undefined || noPostgres.test(repository)) return undefined;
  const byImage = postgresImage.test(repository);
  const byPort = service.ports.some(({ target }) => target === 5432) || service.exposed.includes(5432);
  const byPlace = service.mounts.some(({ target }) => target.startsWith('/var/lib/postgresql'));
  const health = service.healthcheck.flatMap((word) => word.split(/\s+/));
  const asked = optionOf(health, '-h') ?? optionOf(health, '--host') ?? 'localhost';
  const byHealth = health.some((word) => /\bpg_isready$/.test(word)) && /^(localhost|127\.0\.0\.1|\/.*)$/.test(asked);
  if (!byImage && !byPort && !byHealth && !byPlace) return undefined;
  const user = plain(nameFor(service, 'USER')) ?? optionOf(health, '-U');
  const database = plain(nameFor(service, 'DB')) ?? optionOf(health, '-d') ?? user;
  return {
    store: storeNameOf(service.name),
    service: service.name,
    user: user ?? 'postgres',
    database: database ?? 'postgres',
    guessed: user === undefined && !byImage,
    scripts: service.mounts.some(({ target }) => target.startsWith('/docker-entrypoint-initdb.d')),
  };
}

const variables = {
  USER: ['POSTGRES_USER', 'POSTGRESQL_USERNAME', 'POSTGRESQL_USER'],
  DB: ['POSTGRES_DB', 'POSTGRESQL_DATABASE'],
};

const nameFor = ({ names, environment }: ServiceSketch, which: keyof typeof variables) =>
  variables[which].map((name) => names[name] ?? environment[name]).find((value) => value !== undefined);

/** A value that is written out; one that is a variable is not known here. */
const plain = (value: string | undefined) =>
  value === undefined || value === '' || value.includes('$') ? undefined : value;

/** `-U shop` in a health check such as `pg_isready -q -U shop`. */
function optionOf(words: readonly string[], flag: string): string | undefined {
  return words.includes(flag) ? plain(words[words.indexOf(flag) + 1]) : undefined;
}

const storeNameOf = (service: string) =>
  service
    .toLowerCase()
    .replace(/[^a-z0-9_-]/g, '-')
    .replace(/^[^a-z0-9]+/, '')
    .slice(0, 40) || 'postgres';

/** All stores of PostgreSQL, one for each database that is known, each with a name of its own. */
export function postgresStores(services: readonly ServiceSketch[]): PostgresSketch[] {
  const taken = new Set<string>();
  return services.flatMap((service) => {
    const main = recognisePostgres(service);
    if (main === undefined) return [];
    const others = (service.databases ?? []).filter((database) => database !== main.database);
    const all = [main, ...others.map((database) => ({ ...main, database, store: besideName(main.store, database) }))];
    return all.map((found) => {
      let { store } = found;
      for (let number = 2; taken.has(store); number += 1) store = `${found.store.slice(0, 37)}-${number}`;
      taken.add(store);
      return { ...found, store };
    });
  });
}

const besideName = (store: string, database: string) => storeNameOf(`${store.slice(0, 19)}-${database}`);
