import { connect } from 'node:net';
import { SwitchbackError } from '../../runbook/errors.ts';
import { composeLabel } from '../compose/index.ts';
import { pause, type DockerEngine } from '../docker/index.ts';
import type { StoreUse } from './store.ts';

export type FoundContainer = Awaited<ReturnType<DockerEngine['listByLabel']>>[number];
type Address = { host: string; port: number };

/**
 * Finds the running container that serves a store, by its Compose labels, and an address at which its port answers: its own where the
 * worker's host routes to it (Linux), else that of a port which it publishes.
 * @throws `PreconditionFailed` (no such service runs), `Unreachable`
 */
export async function findService(
  use: StoreUse,
  service: string,
  port: number,
  engine: DockerEngine,
): Promise<{ container: FoundContainer; place: Address }> {
  const container = await runningContainer(use, service, engine);
  const place = await firstThatAnswers(candidates(container, port), use.signal);
  if (place !== undefined) return { container, place };
  throw new SwitchbackError('Unreachable', `nothing answers on port ${port} of service ${service}`, {
    hint: 'Look whether it is healthy; on Docker Desktop publish the port on 127.0.0.1, since containers have no route there.',
    facts: { store: use.store, container: container.Id.slice(0, 12) },
  });
}

async function runningContainer(use: StoreUse, service: string, engine: DockerEngine): Promise<FoundContainer> {
  const labels = { [composeLabel.project]: use.project, [composeLabel.service]: service };
  const all = await engine.listByLabel(labels, { signal: use.signal });
  const number = (found: FoundContainer) => Number(found.Labels[composeLabel.number] ?? 0);
  const running = all
    .filter((found) => found.State === 'running' && found.Labels[composeLabel.oneOff] !== 'True')
    .sort((a, b) => number(a) - number(b));
  if (running[0] !== undefined) return running[0];
  throw new SwitchbackError('PreconditionFailed', `service ${service} of project ${use.project} does not run`, {
    hint: `Start it: \`docker compose -p ${use.project} up -d ${service}\`.`,
    facts: { store: use.store, containers: all.length },
  });
}

function candidates(container: FoundContainer, port: number): Address[] {
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

async function firstThatAnswers(places: Address[], signal: AbortSignal): Promise<Address | undefined> {
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

async function answers(place: Address): Promise<boolean> {
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
