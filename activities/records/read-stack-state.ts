import type { StackState } from '../../runbook/records/before.ts';
import type { CallOptions, DockerEngine } from '../docker/index.ts';
import { composeLabel } from '../compose/index.ts';

/** Containers, networks and volumes of a Compose project as the engine has them, in order of their names. */
export async function readStackState(
  engine: DockerEngine,
  project: string,
  options: CallOptions = {},
): Promise<StackState> {
  const filters = JSON.stringify({ label: [`${composeLabel.project}=${project}`] });
  const containers = await engine.listByLabel({ [composeLabel.project]: project }, options);
  const networks = await engine.call(`list networks of ${project}`, options, (docker) =>
    docker.listNetworks({ filters }),
  );
  const labelled = await engine.call(`list volumes of ${project}`, options, (docker) =>
    docker.listVolumes({ filters }),
  );
  const users = new Map<string, string[]>();
  for (const container of containers) {
    for (const mount of container.Mounts) {
      if (mount.Type !== 'volume' || mount.Name === undefined) continue;
      users.set(mount.Name, [...(users.get(mount.Name) ?? []), nameOf(container.Names)]);
    }
  }
  // External volumes carry no label of the project, but it lives on them all the same.
  const known = new Set((labelled.Volumes ?? []).map((volume) => volume.Name));
  const external = [...users.keys()].filter((name) => !known.has(name));
  const mounted = await Promise.all(external.map((name) => engine.inspectVolume(name, options)));
  const volumes = [...(labelled.Volumes ?? []), ...mounted.filter((volume) => volume !== undefined)];
  return {
    containers: byName(
      containers.map((container) => ({
        name: nameOf(container.Names),
        service: container.Labels[composeLabel.service] ?? '',
        image: container.Image,
        imageId: container.ImageID,
        state: container.State,
        status: container.Status,
        ports: [...new Set(container.Ports.map(portOf))].sort(),
        networks: Object.keys(container.NetworkSettings?.Networks ?? {}).sort(),
        mounts: container.Mounts.map((mount) => `${mount.Name ?? mount.Source}:${mount.Destination}`).sort(),
      })),
    ),
    networks: byName(
      networks.map((network) => ({
        name: network.Name,
        id: network.Id,
        driver: network.Driver,
        scope: network.Scope,
        internal: network.Internal,
        subnets: (network.IPAM?.Config ?? []).flatMap(({ Subnet }) => (Subnet === undefined ? [] : [Subnet])),
      })),
    ),
    volumes: byName(
      volumes.map((volume) => ({
        name: volume.Name,
        driver: volume.Driver,
        mountpoint: volume.Mountpoint,
        usedBy: (users.get(volume.Name) ?? []).sort(),
      })),
    ),
  };
}

/** The engine gives names with a slash before them. */
const nameOf = (names: readonly string[]) => (names[0] ?? '').replace(/^\//, '');

const portOf = (port: { IP?: string; PublicPort?: number; PrivatePort: number; Type: string }) =>
  port.PublicPort === undefined
    ? `${port.PrivatePort}/${port.Type}`
    : `${port.IP ?? ''}:${port.PublicPort}->${port.PrivatePort}/${port.Type}`;

const byName = <T extends { name: string }>(items: T[]): T[] => items.sort((a, b) => (a.name < b.name ? -1 : 1));
