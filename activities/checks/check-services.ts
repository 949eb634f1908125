import type Docker from 'dockerode';

import { labels } from '../../runbook/names.ts';
import type { CallOptions, DockerEngine } from '../docker/index.ts';
import type { Measure } from './measurement.ts';
import { composeLabel } from '../compose/index.ts';

/** What a container of the project is doing, in one word. */
export type ServiceState = 'running' | 'healthy' | 'starting' | 'unhealthy' | 'finished' | 'down';

export interface ServiceStatus {
  service: string;
  state: ServiceState;
  /** In the operator's words, e.g. `exited 1`. */
  detail: string;
}

/**
 * Exactly so many services of the project are up, or have finished. A service counts when all its containers run, or when it is a
 * one-shot that ended with 0; the detail names both numbers, and every service that does not count. With `healthy`, those with a
 * health check must also be healthy. What somebody left behind in the project counts too: it should not be there.
 */
export const checkServices: Measure<'services'> = async (check, instruments, signal) => {
  const setAside = await instruments.setAside?.();
  const services = await servicesOf(instruments.engine, instruments.project, { signal, ...(setAside && { setAside }) });
  const finished = services.filter(({ state }) => state === 'finished');
  const down = services.filter(({ state }) => state === 'down');
  const ill = services.filter(({ state }) => state === 'starting' || state === 'unhealthy');
  const count = services.length - down.length;
  const named = finished.length > 0 ? ` (${finished.map(({ service }) => service).join(', ')})` : '';
  const parts = [`${count} services: ${count - finished.length} running, ${finished.length} finished${named}`];
  if (count !== check.count) parts.push(`expected ${check.count}`);
  if (down.length > 0) parts.push(`not up: ${list(down)}`);
  if (ill.length > 0) parts.push(`not healthy: ${list(ill)}`);
  const good = count === check.count && down.length === 0 && (!check.healthy || ill.length === 0);
  return { verdict: good ? 'successful' : 'failed', detail: parts.join('; ') };
};

const list = (services: ServiceStatus[]) => services.map(({ service, detail }) => `${service} (${detail})`).join(', ');

/** How every service of a project is, by its containers; one-off containers (`compose run`) are left out. */
export async function servicesOf(
  engine: DockerEngine,
  project: string,
  options: CallOptions & { setAside?: ReadonlySet<string> } = {},
): Promise<ServiceStatus[]> {
  const listed = await engine.listByLabel({ [composeLabel.project]: project }, options);
  const containers = await Promise.all(
    listed
      // One that was set aside and runs again counts: it should not be there.
      .filter((found) => found.State === 'running' || !options.setAside?.has(found.Id.slice(0, 12)))
      .filter((found) => found.Labels[composeLabel.oneOff] !== 'True' && !(labels.operation in found.Labels))
      .map((found) => engine.inspectContainer(found.Id, options)),
  );
  const byService = new Map<string, Docker.ContainerInspectInfo[]>();
  for (const container of containers) {
    // Removed between the two looks.
    if (container === undefined) continue;
    const service = container.Config.Labels[composeLabel.service] ?? container.Name.replace(/^\//, '');
    byService.set(service, [...(byService.get(service) ?? []), container]);
  }
  const awaited = awaitedToEnd([...byService.values()].flat());
  return [...byService]
    .map(([service, all]) => ({ service, ...worst(all.map((container) => stateOf(container, awaited.has(service)))) }))
    .sort((a, b) => (a.service < b.service ? -1 : 1));
}

type Status = Omit<ServiceStatus, 'service'>;

const order: ServiceState[] = ['down', 'unhealthy', 'starting', 'running', 'healthy', 'finished'];
const worst = (states: Status[]): Status =>
  states.sort((a, b) => order.indexOf(a.state) - order.indexOf(b.state))[0] ?? {
    state: 'down',
    detail: 'no container',
  };

/** After so long a time the engine itself takes a restarted container for settled, and forgets to wait before the next restart. */
const settledMs = 10_000;

function stateOf(container: Docker.ContainerInspectInfo, awaited: boolean): Status {
  const { State } = container;
  const health = State.Health?.Status;
  if (State.Restarting) return { state: 'down', detail: `restarting, last exit ${State.ExitCode}` };
  if (State.Paused) return { state: 'down', detail: 'paused' };
  if (State.Running) {
    if (health === 'healthy') return { state: 'healthy', detail: 'healthy' };
    if (health === 'starting') return { state: 'starting', detail: 'health: starting' };
    if (health === 'unhealthy') return { state: 'unhealthy', detail: 'unhealthy' };
    const upMs = Date.now() - Date.parse(State.StartedAt);
    if (container.RestartCount > 0 && upMs < settledMs) {
      return {
        state: 'starting',
        detail: `died ${container.RestartCount} times, up again for ${Math.round(upMs / 1000)} s`,
      };
    }
    return { state: 'running', detail: 'running' };
  }
  const ended = State.Status === 'exited' && State.ExitCode === 0;
  if (ended && isOneShot(container, awaited)) return { state: 'finished', detail: 'exited 0' };
  return { state: 'down', detail: State.Status === 'exited' ? `exited ${State.ExitCode}` : State.Status };
}

/**
 * Whether a container is meant to end. One that listens, has a health check, or is restarted is not: its end with 0 is a stop. The
 * label `io.switchback.one-shot` says it outright, and a service that others wait for to end is one without a doubt.
 */
function isOneShot(container: Docker.ContainerInspectInfo, awaited: boolean): boolean {
  const said = container.Config.Labels['io.switchback.one-shot'];
  if (said !== undefined) return said === 'true';
  if (awaited) return true;
  const policy = container.HostConfig.RestartPolicy?.Name ?? '';
  const restarted = policy === 'always' || policy === 'unless-stopped';
  const listens = Object.keys((container.HostConfig.PortBindings as object | undefined) ?? {}).length > 0;
  return !restarted && !listens && (container.Config.Healthcheck?.Test ?? []).length === 0;
}

/** Services that others wait for to end, as Compose writes it on their containers: `init:service_completed_successfully:false`. */
function awaitedToEnd(containers: readonly Docker.ContainerInspectInfo[]): Set<string> {
  const awaited = new Set<string>();
  for (const container of containers) {
    for (const dependency of (container.Config.Labels[composeLabel.dependsOn] ?? '').split(',')) {
      const [service = '', condition = ''] = dependency.split(':');
      if (condition === 'service_completed_successfully') awaited.add(service);
    }
  }
  return awaited;
}
