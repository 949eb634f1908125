import type Docker from 'dockerode';
import type { CallOptions, DockerEngine } from '../docker/index.ts';
import { composeLabel } from './compose-labels.ts';

export interface SeenMount {
  type: string;
  /** Of a volume its name, of a bind the folder. */
  source: string;
  target: string;
  readOnly: boolean;
}

/** What the engine says of one container's configuration. Its environment holds secrets: never leaves an activity. */
export interface SeenContainer {
  id: string;
  name: string;
  service: string;
  imageId: string;
  environment: string[];
  command: string[] | null;
  entrypoint: string[] | null;
  user: string;
  labels: Record<string, string>;
  mounts: SeenMount[];
  /** Names of networks with the aliases there. */
  networks: Record<string, string[]>;
  networkMode: string;
  /** Host ports that were asked for, as `ip:port:target/protocol`. */
  ports: string[];
  restart: string;
  /** Of the image: what a service that says nothing gets. */
  image: { environment: string[]; command: string[] | null; entrypoint: string[] | null; user: string } | undefined;
}

/** Looks at the containers of a project, one-off ones left out. */
export async function seeContainers(
  engine: DockerEngine,
  project: string,
  options: CallOptions = {},
): Promise<SeenContainer[]> {
  const wanted = { [composeLabel.project]: project, [composeLabel.oneOff]: 'False' };
  const listed = await engine.listByLabel(wanted, options);
  const found = await Promise.all(listed.map(({ Id }) => engine.inspectContainer(Id, options)));
  const infos = found.filter((info) => info !== undefined);
  const images = new Map(
    await Promise.all(
      [...new Set(infos.map(({ Image }) => Image))].map(
        async (id) => [id, await engine.inspectImage(id, options)] as const,
      ),
    ),
  );
  return infos.map((info) => seen(info, images.get(info.Image)));
}

function seen(info: Docker.ContainerInspectInfo, image: Docker.ImageInspectInfo | undefined): SeenContainer {
  const { Config: config, HostConfig: host } = info;
  const bindings = (host.PortBindings ?? {}) as Record<string, { HostIp?: string; HostPort?: string }[] | null>;
  return {
    id: info.Id,
    name: info.Name.replace(/^\//, ''),
    service: config.Labels[composeLabel.service] ?? '',
    imageId: info.Image,
    environment: config.Env ?? [],
    command: config.Cmd ?? null,
    entrypoint: listOf(config.Entrypoint),
    user: config.User,
    labels: config.Labels,
    mounts: info.Mounts.map((mount) => ({
      type: mount.Type ?? 'bind',
      source: mount.Type === 'volume' ? (mount.Name ?? '') : mount.Source,
      target: mount.Destination,
      readOnly: !mount.RW,
    })),
    networks: Object.fromEntries(
      Object.entries(info.NetworkSettings.Networks).map(([name, network]) => [name, network.Aliases ?? []]),
    ),
    networkMode: host.NetworkMode ?? '',
    ports: Object.entries(bindings).flatMap(([target, asked]) =>
      (asked ?? []).map(({ HostIp, HostPort }) => `${HostIp ?? ''}:${HostPort ?? ''}:${target}`),
    ),
    restart: host.RestartPolicy?.Name ?? '',
    image: image && {
      environment: image.Config.Env ?? [],
      command: image.Config.Cmd ?? null,
      entrypoint: listOf(image.Config.Entrypoint),
      user: image.Config.User,
    },
  };
}

function listOf(value: string | string[] | null | undefined): string[] | null {
  if (value === null || value === undefined || value.length === 0) return null;
  return typeof value === 'string' ? [value] : value;
}
