import { isSecretKey } from '../../runbook/plan/index.ts';
import type { ServiceSketch } from './stack-sketch.ts';

/** A store that Switchback can dump, restore and compare by itself. */
export interface PostgresSketch {
  /** Name in the plan. */
  store: string;
  service: string;
  database: string;
  user: string;
  /** Name of the variable with the password, where the Compose file tells. */
  password?: string;
  /** Whether database and user were found, or are only the usual ones. */
  guessed: boolean;
}

/** Kinds of data that are backed up with their volume, since there is no store for them. */
const others: [string, RegExp, string?][] = [
  ['MySQL', /(^|\/)(mysql|mariadb|percona)\b/],
  ['MongoDB', /(^|\/)(mongo|mongodb|ferretdb)\b/],
  ['Redis', /(^|\/)(redis|valkey|keydb)\b/, 'a cache needs no backup, a queue does'],
  ['Kafka', /(^|\/)(cp-)?(kafka|redpanda)\b/],
  ['ClickHouse', /(^|\/)clickhouse/],
  ['Elasticsearch', /(^|\/)(elasticsearch|opensearch)\b/],
  ['MinIO', /(^|\/)minio\b/],
  ['a vector store', /(^|\/)(milvus|qdrant|weaviate|chroma)\b/],
  ['RabbitMQ', /(^|\/)rabbitmq\b/],
  ['etcd', /(^|\/)etcd\b/],
];

/** What keeps data in a service, as far as its image tells; undefined for PostgreSQL, and where nothing is known. */
export function otherStore(service: ServiceSketch): { what: string; note?: string } | undefined {
  const found = others.find(([, image]) => image.test(service.image ?? ''));
  if (found === undefined) return undefined;
  const [what, , note] = found;
  return { what, ...(note === undefined ? {} : { note }) };
}

/** PostgreSQL by its image, its port or its variables. */
export function recognisePostgres(service: ServiceSketch): PostgresSketch | undefined {
  const byImage = /(^|\/)(postgres|postgresql|postgis|timescaledb|pgvector|supabase-postgres)\b/.test(
    service.image ?? '',
  );
  const byPort = service.ports.some(({ target }) => target === 5432);
  const byHealth = service.healthcheck.some((word) => /\bpg_isready\b/.test(word));
  if (!byImage && !byPort && !byHealth && service.environment['POSTGRES_PASSWORD'] === undefined) return undefined;
  const said = (name: string, flag: string) => plain(service.environment[name]) ?? optionOf(service.healthcheck, flag);
  const user = said('POSTGRES_USER', '-U');
  const database = said('POSTGRES_DB', '-d') ?? user;
  const password = passwordVariable(service.environment);
  return {
    store: storeNameOf(service.name),
    service: service.name,
    user: user ?? 'postgres',
    database: database ?? 'postgres',
    ...(password === undefined ? {} : { password }),
    guessed: user === undefined && !byImage,
  };
}

/** A value that is written out; one that is a variable is not known here. */
const plain = (value: string | undefined) =>
  value === undefined || value === '' || value.includes('$') ? undefined : value;

/** `-U shop` in a health check such as `pg_isready -q -U shop`, as words or in one shell line. */
function optionOf(words: readonly string[], flag: string): string | undefined {
  const split = words.flatMap((word) => word.split(/\s+/));
  const value = split[split.indexOf(flag) + 1];
  return split.includes(flag) ? plain(value) : undefined;
}

/** The variable of the env file that a password comes from, or the one that holds it in the container. */
function passwordVariable(environment: Record<string, string>): string | undefined {
  const candidates = [
    'POSTGRES_PASSWORD',
    'PGPASSWORD',
    ...Object.keys(environment).filter((name) => isSecretKey(name)),
  ];
  const name = candidates.find((candidate) => environment[candidate] !== undefined);
  if (name === undefined) return undefined;
  return /^\$\{?([A-Za-z_]\w*)/.exec(environment[name] ?? '')?.[1] ?? name;
}

const storeNameOf = (service: string) =>
  service
    .toLowerCase()
    .replace(/[^a-z0-9_-]/g, '-')
    .replace(/^[^a-z0-9]+/, '')
    .slice(0, 40);

/** An address that a check can ask, and whether the Compose file itself says that it answers. */
export interface HttpSketch {
  service: string;
  url: string;
  known: boolean;
}

/** Ports that usually speak HTTP. */
const httpPorts = [80, 3000, 4000, 5000, 8000, 8080, 8081, 8090, 8888, 9000];

/** The addresses of a service on this host. Only a health check is proof that a path answers; other paths are guesses. */
export function recogniseHttp(service: ServiceSketch): HttpSketch[] {
  return service.ports.flatMap(({ target, published }) => {
    if (published === undefined) return [];
    const path = healthPath(service.healthcheck, target);
    if (path === undefined && !httpPorts.includes(target)) return [];
    const port = published.replace(/^.*-/, '');
    return [{ service: service.name, url: `http://127.0.0.1:${port}${path ?? '/'}`, known: path !== undefined }];
  });
}

function healthPath(words: readonly string[], target: number): string | undefined {
  for (const word of words) {
    const url = /https?:\/\/[\w.-]+(?::(\d+))?(\/[\w./?=&-]*)?/.exec(word);
    if (url && Number(url[1] ?? 80) === target) return url[2] ?? '/';
  }
  // A checker of the image's own: `["http-ok", "8080", "/health"]`.
  if (!words.includes(`${target}`)) return undefined;
  return words.find((word) => /^\/[\w./-]*$/.test(word) && !/^\/(usr|bin|opt|app|etc)\//.test(word));
}
