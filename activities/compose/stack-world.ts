import type Docker from 'dockerode';

import type { CallOptions, DockerEngine, Labels } from '../docker/index.ts';
import { composeLabel } from './compose-labels.ts';

export interface PublishedPort {
  ip: string;
  port: number;
  protocol: string;
}

/** A container as it is now. */
export interface WorldContainer {
  id: string;
  name: string;
  project: string | undefined;
  service: string | undefined;
  /** Made by `docker compose run`: no part of the stack. */
  oneOff: boolean;
  configHash: string | undefined;
  /** Version of the Compose that made it: hashes of two versions differ although the configuration is the same. */
  composeVersion?: string | undefined;
  /** The image it was made from. */
  imageId: string;
  /** created, running, paused, restarting, removing, exited, dead */
  state: string;
  /** When it was made, in seconds since 1970 by the engine's clock. */
  createdAt: number;
  ports: PublishedPort[];
}

export interface WorldVolume {
  name: string;
  driver: string;
  options: Labels;
  labels: Labels;
}

export interface WorldNetwork {
  name: string;
  driver: string;
  internal: boolean;
  subnets: string[];
  labels: Labels;
}

/** What is on the engine now, as far as a stack is concerned. */
export interface StackWorld {
  /** Of the project, in any state, without one-off containers. */
  own: WorldContainer[];
  /** All others, in any state: they hold names and ports. */
  foreign: WorldContainer[];
  volumes: Map<string, WorldVolume>;
  networks: Map<string, WorldNetwork>;
}

/** Looks at all containers, volumes and networks of an engine, from the point of view of one Compose project. */
export async function readWorld(engine: DockerEngine, project: string, options: CallOptions = {}): Promise<StackWorld> {
  const [containers, volumes, networks] = await Promise.all([
    engine.listAll(options),
    engine.call('list volumes', options, (docker) => docker.listVolumes()),
    engine.call('list networks', options, (docker) => docker.listNetworks()),
  ]);
  const all = containers.map(worldContainer);
  const isOwn = (container: WorldContainer) => container.project === project && !container.oneOff;
  return {
    own: all.filter(isOwn),
    foreign: all.filter((container) => !isOwn(container)),
    // `Volumes` is null, not empty, where there are none.
    volumes: new Map((volumes.Volumes ?? []).map((volume) => [volume.Name, worldVolume(volume)])),
    networks: new Map(networks.map((network) => [network.Name, worldNetwork(network)])),
  };
}

function worldContainer(info: Docker.ContainerInfo): WorldContainer {
  // A linked container has further names with a slash inside.
  const name = info.Names.map((candidate) => candidate.replace(/^\//, '')).find(
    (candidate) => !candidate.includes('/'),
  );
  return {
    id: info.Id,
    name: name ?? info.Id.slice(0, 12),
    project: info.Labels[composeLabel.project],
    service: info.Labels[composeLabel.service],
    oneOff: info.Labels[composeLabel.oneOff] === 'True',
    configHash: info.Labels[composeLabel.configHash],
    composeVersion: info.Labels[composeLabel.version],
    imageId: info.ImageID,
    state: info.State,
    createdAt: info.Created,
    ports: (info.Ports ?? [])
      .filter((port) => port.PublicPort !== undefined)
      .map((port) => ({ ip: port.IP ?? '0.0.0.0', port: port.PublicPort, protocol: port.Type })),
  };
}

function worldVolume(volume: Docker.VolumeInspectInfo): WorldVolume {
  return { name: volume.Name, driver: volume.Driver, options: volume.Options ?? {}, labels: volume.Labels ?? {} };
}

function worldNetwork(network: Docker.NetworkInspectInfo): WorldNetwork {
  return {
    name: network.Name,
    driver: network.Driver,
    internal: network.Internal,
    subnets: (network.IPAM?.Config ?? []).flatMap((pool) => (pool['Subnet'] === undefined ? [] : [pool['Subnet']])),
    labels: network.Labels ?? {},
  };
}
