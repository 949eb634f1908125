import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import type Docker from 'dockerode';

import type { Place } from './store.ts';
import { composeLabel } from '../compose/index.ts';

const { project, service, dependsOn } = composeLabel;

/**
 * The containers of a project that serve a place, and those that they depend on (what stands behind a connection pooler): without
 * them nobody gets to the store. None, where the store is outside of the project.
 * @param containers all containers of the project that run
 */
export async function servingContainers(
  containers: readonly Docker.ContainerInfo[],
  places: readonly Place[],
): Promise<Set<string>> {
  const direct = await Promise.all(
    places.map(async (place) => serving(containers, place, await addressesOf(place.host))),
  );
  const serves = new Map(direct.flat().map((container) => [container.Id, container]));
  const waiting = [...serves.values()];
  for (let container = waiting.pop(); container; container = waiting.pop()) {
    const { [dependsOn]: needs = '', [project]: owner } = container.Labels;
    const names = needs.split(',').map((need) => need.split(':')[0]);
    for (const other of containers) {
      if (serves.has(other.Id) || other.Labels[project] !== owner || !names.includes(other.Labels[service])) continue;
      serves.set(other.Id, other);
      waiting.push(other);
    }
  }
  return new Set(serves.keys());
}

function serving(
  containers: readonly Docker.ContainerInfo[],
  place: Place,
  addresses: readonly string[],
): Docker.ContainerInfo[] {
  if (place.container !== undefined) return containers.filter(({ Id }) => Id === place.container);
  return containers.filter((container) => {
    const own = Object.values(container.NetworkSettings?.Networks ?? {}).map(({ IPAddress }) => IPAddress);
    if (own.some((address) => address !== '' && addresses.includes(address))) return true;
    const published = container.Ports.some(({ PublicPort }) => PublicPort === place.port);
    // On the host's own network a container shows no ports; one that listens there cannot be told from the others.
    return published || 'host' in (container.NetworkSettings?.Networks ?? {});
  });
}

async function addressesOf(host: string): Promise<string[]> {
  if (isIP(host) !== 0 || host.startsWith('/')) return [host];
  try {
    return (await lookup(host, { all: true })).map(({ address }) => address);
  } catch {
    // A name that is not known here is not a container's address either; whether the store answers is asked later.
    return [host];
  }
}
