import { rm } from 'node:fs/promises';

import { SwitchbackError } from '../../runbook/errors.ts';
import { judgeServedData, majorVersion, type FoundCluster } from '../../runbook/guard/served-data.ts';
import { operationObjectName } from '../../runbook/names.ts';
import { enabledServices, type ComposeModel, type ComposeService, type Obstacle } from '../compose/index.ts';
import { runHelper, type DockerEngine } from '../docker/index.ts';
import type { EffectContext } from '../effect.ts';
import { findClusters, helperJob, ownLabels, type DataPlace } from '../volumes/index.ts';

export type DataContext = Pick<EffectContext, 'target' | 'runId' | 'operation' | 'plan' | 'home' | 'signal' | 'log'>;

interface Stack {
  model: ComposeModel;
  images: Record<string, string | undefined>;
  before: ComposeModel | undefined;
  /** Images that containers of each service run now. */
  running: (service: string) => readonly string[];
  /** Whether a volume exists. */
  exists: (volume: string) => boolean;
}

/**
 * Databases that would be started on files of another version, or beside their data. Only services are looked at that get another image
 * or other mounts: of one that stays as it is, nothing changes.
 */
export async function dataObstacles(engine: DockerEngine, context: DataContext, stack: Stack): Promise<Obstacle[]> {
  const searched = new Map<string, Promise<FoundCluster[]>>();
  const search = (place: DataPlace) => {
    const key = `${place.type} ${place.source}`;
    const known = searched.get(key) ?? searchPlace(engine, context, place);
    searched.set(key, known);
    return known;
  };
  const obstacles: Obstacle[] = [];
  for (const [name, service] of enabledServices(stack.model)) {
    if (!isChanged(name, service, stack)) continue;
    const fault = await judgeService(engine, context, { name, service, stack, search });
    if (fault) obstacles.push({ error: 'PreconditionFailed', ...fault, facts: { service: name } });
  }
  return obstacles;
}

function isChanged(name: string, service: ComposeService, { before, images, running }: Stack): boolean {
  const old = before?.services[name];
  const same = (a: unknown, b: unknown) => JSON.stringify(a ?? null) === JSON.stringify(b ?? null);
  const ids = running(name);
  return (
    ids.length === 0 ||
    ids.some((id) => id !== images[name]) ||
    !same(old?.volumes, service.volumes) ||
    !same(old?.environment?.['PGDATA'], service.environment?.['PGDATA'])
  );
}

async function judgeService(
  engine: DockerEngine,
  context: DataContext,
  of: {
    name: string;
    service: ComposeService;
    stack: Stack;
    search: (place: DataPlace) => Promise<FoundCluster[]>;
  },
) {
  const { name, service, stack } = of;
  const image = stack.images[name];
  const found = image === undefined ? undefined : await engine.inspectImage(image, { signal: context.signal });
  if (!found || image === undefined) return undefined;
  const given = new Map((found.Config.Env ?? []).map((pair) => splitOnce(pair)));
  const isServer = given.has('PG_MAJOR') || given.has('PGDATA');
  const old = new Set((stack.before?.services[name]?.volumes ?? []).map((mount) => keyOf(stack.before, mount)));
  const mounts = [];
  for (const mount of service.volumes ?? []) {
    const place = placeOf(stack.model, mount, stack.exists);
    const look = place !== undefined && mount.read_only !== true && (place.type === 'volume' || isServer);
    mounts.push({
      target: mount.target,
      name: place === undefined ? `a ${mount.type} at ${mount.target}` : named(place),
      ...(look ? { data: await of.search(place) } : {}),
      wasMounted: old.has(keyOf(stack.model, mount)),
    });
  }
  if (mounts.every(({ data = [] }) => data.length === 0)) return undefined;
  for (const target of Object.keys(found.Config.Volumes ?? {}))
    if (!mounts.some((mount) => mount.target === target)) mounts.push({ target, name: 'a volume without a name' });
  const version = given.get('PG_MAJOR') ?? (await askImage(engine, context, name, image));
  if (version === undefined) return undefined;
  const dataFolder = service.environment?.['PGDATA'] ?? given.get('PGDATA');
  return judgeServedData({ service: name, version, dataFolder, mounts });
}

type Mount = NonNullable<ComposeService['volumes']>[number];

const named = ({ type, source }: DataPlace) => (type === 'volume' ? `volume ${source}` : source);
const keyOf = (model: ComposeModel | undefined, { type, source = '' }: Mount) =>
  `${type} ${type === 'volume' ? (model?.volumes[source]?.name ?? source) : source}`;

function placeOf(model: ComposeModel, mount: Mount, exists: Stack['exists']): DataPlace | undefined {
  if (mount.source === undefined) return undefined;
  if (mount.type === 'bind') return { type: 'bind', source: mount.source };
  const volume = model.volumes[mount.source]?.name;
  return mount.type === 'volume' && volume !== undefined && exists(volume)
    ? { type: 'volume', source: volume }
    : undefined;
}

function splitOnce(pair: string): [string, string] {
  const at = pair.indexOf('=');
  return [pair.slice(0, at), pair.slice(at + 1)];
}

async function searchPlace(engine: DockerEngine, context: DataContext, place: DataPlace): Promise<FoundCluster[]> {
  const { target, runId, operation, home, signal } = context;
  const owner = { target, runId, operationId: operation.id, scratch: home.scratch, signal };
  const job = await helperJob(engine, { ...owner, log: (message) => context.log(message) }, 60_000);
  try {
    return await findClusters(job, place);
  } catch (error) {
    signal.throwIfAborted();
    // A folder that is not there yet holds no data.
    if (error instanceof SwitchbackError && error.name === 'PreconditionFailed') return [];
    throw error;
  } finally {
    await rm(job.scratch, { recursive: true, force: true });
  }
}

/** Asks the server in an image itself, where its environment does not tell: it may be anywhere, or not be there. */
async function askImage(
  engine: DockerEngine,
  context: DataContext,
  service: string,
  image: string,
): Promise<string | undefined> {
  const { target, runId, operation, signal } = context;
  const owner = { target, runId, operationId: operation.id };
  const script =
    'for server in postgres /usr/lib/postgresql/*/bin/postgres /opt/*/postgresql/bin/postgres /usr/local/pgsql/bin/postgres; do "$server" --version 2>/dev/null && exit 0; done; exit 3';
  try {
    const ended = await runHelper(
      engine,
      {
        name: operationObjectName(target, runId, operation.id, `version-${service}`),
        image,
        argv: ['/bin/sh', '-c', script],
        labels: ownLabels(owner, 'helper'),
        timeoutMs: 20_000,
      },
      { signal },
    );
    return ended.exitCode === 0 ? majorVersion(ended.log) : undefined;
  } catch (error) {
    signal.throwIfAborted();
    // An image without a shell is no server's that could be asked.
    if (error instanceof SwitchbackError) return undefined;
    throw error;
  }
}
