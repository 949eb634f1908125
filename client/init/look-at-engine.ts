import { anythingOfAUser } from '../../runbook/databases-of-servers.ts';
import type { AskDocker } from './ask-docker.ts';
import { otherStore, recognisePostgres } from './recognise.ts';
import type { ServiceSketch, StackSketch } from './stack-sketch.ts';

interface ImageConfig {
  Volumes?: Record<string, unknown> | null;
  Healthcheck?: { Test?: string[] } | null;
}

/**
 * Adds to a sketch what only the engine knows, where there is one: what images keep in volumes without a name, health checks of their own,
 * and what running containers have written into themselves.
 */
export async function lookAtEngine(docker: AskDocker, sketch: StackSketch): Promise<void> {
  await Promise.all(sketch.services.map((service) => lookAtImage(docker, sketch.project, service)));
  const running = await docker([
    'ps',
    '--filter',
    `label=com.docker.compose.project=${sketch.project}`,
    '--format',
    '{{.ID}} {{.Label "com.docker.compose.service"}}',
  ]);
  if ('problem' in running) return;
  for (const line of running.out.split('\n').filter(Boolean)) {
    const [id = '', name = ''] = line.split(' ');
    const service = sketch.services.find((each) => each.name === name);
    if (service === undefined || service.written !== undefined) continue;
    await lookAtPorts(docker, id, service);
    await lookAtDatabases(docker, id, service);
    const diff = await docker(['diff', id]);
    if (!('problem' in diff)) service.written = stateIn(diff.out, service);
  }
}

/** Of a range of ports the container has one. */
async function lookAtPorts(docker: AskDocker, id: string, { ports }: ServiceSketch): Promise<void> {
  for (const port of ports.filter(({ published = '' }) => /^\d+-\d+$/.test(published))) {
    const answer = await docker(['port', id, `${port.target}/${port.protocol}`]);
    const taken = 'problem' in answer ? undefined : /:(\d+)\s*$/m.exec(answer.out)?.[1];
    if (taken !== undefined) port.published = taken;
  }
}

/** In the container: the password stays there, where one is needed at all. */
const psql = `export PGPASSWORD="\${POSTGRES_PASSWORD:-\$(cat "$POSTGRES_PASSWORD_FILE" 2>/dev/null)}"; exec psql -XAtq -w "$@"`;

/** Each database that holds something needs a store of its own: no dump has more than one. */
async function lookAtDatabases(docker: AskDocker, id: string, service: ServiceSketch): Promise<void> {
  const store = recognisePostgres(service);
  if (store === undefined) return;
  const ask = (database: string, sql: string) =>
    docker(['exec', id, 'sh', '-c', psql, 'psql', '-U', store.user, '-d', database, '-c', sql]);
  const listed = await ask(
    store.database,
    `select datname from pg_database where not datistemplate and coalesce(shobj_description(oid, 'pg_database'), '') not like 'Switchback:%' order by 1`,
  );
  if ('problem' in listed) return;
  const found = new Set<string>();
  for (const name of listed.out.split('\n').filter(Boolean)) {
    const answer = await ask(name, anythingOfAUser);
    // One that lets nobody in to look counts as one that holds something.
    if ('problem' in answer || answer.out.trim() === 'true') found.add(name);
  }
  service.databases = [...found];
}

async function lookAtImage(docker: AskDocker, project: string, service: ServiceSketch): Promise<void> {
  const image = service.image ?? `${project}-${service.name}`;
  const found = await docker(['image', 'inspect', '--format', '{{json .Config}}', '--', image]);
  let declared: string[];
  if ('problem' in found) declared = usualPlaces(service);
  else {
    const config = (JSON.parse(found.out) ?? {}) as ImageConfig;
    declared = Object.keys(config.Volumes ?? {});
    service.imageHealth = (config.Healthcheck?.Test ?? ['NONE'])[0] !== 'NONE';
  }
  // A mount of the folder above does not cover it: Docker still makes a volume without a name at the very path.
  const covered = (path: string) => service.mounts.some(({ target }) => plain(target) === plain(path));
  service.anonymous.push(...declared.filter((path) => !covered(path) && !service.anonymous.includes(path)));
}

const plain = (path: string) => path.replace(/\/+$/, '');

/** Where images of databases keep their data in a volume without a name, when the image itself cannot be asked. */
function usualPlaces(service: ServiceSketch): string[] {
  if (recognisePostgres(service) !== undefined && service.image !== undefined) {
    // Newer images keep a folder per version one level up.
    const one = '/var/lib/postgresql';
    return service.mounts.some(({ target }) => isWithin(target, one)) ? [] : [`${one}/data`];
  }
  const places = otherStore(service)?.at ?? [];
  return service.mounts.some(({ target }) => places.some((place) => isWithin(target, place))) ? [] : places.slice(0, 1);
}

/** Whether a path is another one, or below it. */
export const isWithin = (path: string, other: string) =>
  path === other || path.startsWith(`${other.replace(/\/$/, '')}/`);

/** What is written anew at every start (by Docker too, where the container has `init`), and what no one misses. */
const passing =
  /^\/((usr\/)?sbin\/docker-init$|tmp|run|var\/(run|tmp|log|cache|lock)|dev|proc|sys)(\/|$)|\/(\.cache|__pycache__|node_modules\/\.cache)(\/|$)|\.(pid|sock|lock|pyc|log)$/;

/** What a container has written into itself and would lose, from `docker diff`. */
export function stateIn(
  diff: string,
  { mounts, anonymous }: Pick<ServiceSketch, 'mounts' | 'anonymous'>,
): { count: number; some: string[] } {
  const added = diff.split('\n').flatMap((line) => (line.startsWith('A ') ? [line.slice(2)] : []));
  const kept = [...mounts.map(({ target }) => target), ...anonymous];
  const own = added.filter(
    (path) => !passing.test(path) && !kept.some((target) => isWithin(path, target) || isWithin(target, path)),
  );
  // A folder is named by what is in it.
  const files = own.filter((path) => !own.some((other) => other !== path && isWithin(other, path)));
  return { count: files.length, some: files.slice(0, 3) };
}
