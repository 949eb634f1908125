import { readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { SwitchbackError } from '../../../runbook/errors.ts';
import type { StoreRef } from '../../../runbook/stores/index.ts';
import { pause, type DockerEngine } from '../../docker/index.ts';
import { learnSecrets } from '../../masking/index.ts';
import { refOf, type StoreUse } from '../store.ts';
import { parseAddress, type Address } from './address.ts';
import { composeLabel } from '../../compose/index.ts';

const port = 5432;
type Found = Awaited<ReturnType<DockerEngine['listByLabel']>>[number];

/**
 * Finds out where a store's database is: by its URL, or by the Compose labels of the container that serves it. Such a container
 * is reached by its own address where the worker's host routes to it (Linux), else through a port that it publishes.
 * @throws `PlanInvalid`, `PreconditionFailed` (no such service runs), `Unreachable`
 */
export async function findServer(use: StoreUse, engine: DockerEngine): Promise<Address> {
  const ref = refOf(use, 'postgres');
  if (ref.service === undefined) {
    if (ref.url !== undefined) return parseAddress(use.store, await use.secret(ref.url));
    throw new SwitchbackError('PlanInvalid', `store ${use.store} has neither a url nor a service`);
  }
  const container = await runningContainer(use, ref.service, engine);
  const place = await firstThatAnswers(candidates(container), use.signal);
  if (place === undefined) {
    throw new SwitchbackError('Unreachable', `nothing answers on port ${port} of service ${ref.service}`, {
      hint: 'Look whether it is healthy; on Docker Desktop publish the port on 127.0.0.1, since containers have no route there.',
      facts: { store: use.store, container: container.Id.slice(0, 12) },
    });
  }
  const server = { id: container.Id, image: container.ImageID };
  if (ref.url !== undefined) {
    // The clone of a service that the original is reached at by this URL: the same user, another place.
    return { ...parseAddress(use.store, await use.secret(ref.url)), ...place, container: server };
  }
  const password =
    ref.password === undefined ? await passwordInContainer(use, container, engine) : await use.secret(ref.password);
  return { ...place, ...namesIn(ref), ...(password === undefined ? {} : { password }), container: server };
}

function namesIn(ref: StoreRef<'postgres'>): Pick<Address, 'user' | 'database' | 'ssl'> {
  const user = ref.user ?? 'postgres';
  return { user, database: ref.database ?? user, ssl: 'disable' };
}

/** As images of PostgreSQL take it. Where the plan names no password, the container knows its own. */
async function passwordInContainer(use: StoreUse, { Id }: Found, engine: DockerEngine): Promise<string | undefined> {
  const info = await engine.inspectContainer(Id, { signal: use.signal });
  const variables = new Map(
    (info?.Config.Env ?? []).map((line) => [line.split('=', 1)[0], line.replace(/^[^=]*=/, '')]),
  );
  for (const name of ['POSTGRES_PASSWORD', 'POSTGRESQL_PASSWORD', 'PGPASSWORD']) {
    const said = variables.get(name);
    if (said) {
      learnSecrets(said);
      return said;
    }
    const file = variables.get(`${name}_FILE`);
    // A secret of Compose is a file of the host, mounted there; from another host's it has to stand in the plan.
    const mount = info?.Mounts.find(({ Destination }) => Destination === file);
    if (mount !== undefined) return readSecretFile(mount.Source);
  }
  return undefined;
}

async function readSecretFile(path: string): Promise<string | undefined> {
  try {
    const password = (await readFile(path, 'utf8')).replace(/\r?\n$/, '');
    learnSecrets(password);
    return password;
  } catch (error) {
    if (['ENOENT', 'EACCES', 'EISDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  }
}

async function runningContainer(use: StoreUse, service: string, engine: DockerEngine): Promise<Found> {
  const labels = { [composeLabel.project]: use.project, [composeLabel.service]: service };
  const all = await engine.listByLabel(labels, { signal: use.signal });
  const number = (found: Found) => Number(found.Labels[composeLabel.number] ?? 0);
  const running = all
    .filter((found) => found.State === 'running' && found.Labels[composeLabel.oneOff] !== 'True')
    .sort((a, b) => number(a) - number(b));
  if (running[0] !== undefined) return running[0];
  throw new SwitchbackError('PreconditionFailed', `service ${service} of project ${use.project} does not run`, {
    hint: `Start it: \`docker compose -p ${use.project} up -d ${service}\`.`,
    facts: { store: use.store, containers: all.length },
  });
}

type Place = Pick<Address, 'host' | 'port'>;

function candidates(container: Found): Place[] {
  const networks = Object.entries(container.NetworkSettings?.Networks ?? {});
  const own = networks.flatMap(([name, network]) => {
    if (name === 'host') return [{ host: '127.0.0.1', port }];
    return network.IPAddress ? [{ host: network.IPAddress, port }] : [];
  });
  const published = container.Ports.flatMap((entry) =>
    entry.PrivatePort === port && entry.PublicPort ? [{ host: reachable(entry.IP), port: entry.PublicPort }] : [],
  );
  return [...own, ...published];
}

const reachable = (ip: string | undefined) => (ip === undefined || ip === '0.0.0.0' || ip === '::' ? '127.0.0.1' : ip);

/** A container runs before its server listens: without a health check, nobody has waited for that. */
const patienceMs = 10_000;

async function firstThatAnswers(places: Place[], signal: AbortSignal): Promise<Place | undefined> {
  const deadline = performance.now() + patienceMs;
  do {
    for (const place of places) {
      signal.throwIfAborted();
      if (await answers(place)) return place;
    }
    await pause(250, signal);
  } while (performance.now() < deadline);
  return undefined;
}

async function answers(place: Place): Promise<boolean> {
  return new Promise((resolve) => {
    // A container that cannot be routed to does not refuse: it is silent. In the same host a second is ages.
    const socket = connect({ ...place, timeout: 1500 });
    const end = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('connect', () => end(true));
    socket.once('timeout', () => end(false));
    socket.once('error', () => end(false));
  });
}
