import { createHash } from 'node:crypto';
import { lstat, readdir, readFile, readlink } from 'node:fs/promises';
import { join, relative } from 'node:path';
import type Docker from 'dockerode';
import { canonicalJson } from '../../runbook/json.ts';
import { composeLabel } from '../compose/index.ts';
import type { DockerEngine } from '../docker/index.ts';
import type { StoreMark } from '../stores/store.ts';
import { listVolume, type HelperJob } from '../volumes/index.ts';

/** What a container is made of, each as a digest: values hold secrets. */
export type ServiceState = Record<
  'image' | 'environment' | 'command' | 'mounts' | 'networks' | 'limits' | 'health' | 'condition',
  string
>;

/** A clone at one moment. */
export interface CloneState {
  /** Files below the stack's directory: digest of mode and content. */
  files: Record<string, string>;
  /** By `service` and number of the container. */
  services: Record<string, ServiceState>;
  /** By volume and path: kind, mode, owner, size and content. */
  volumes: Record<string, Record<string, string>>;
  stores: Record<string, StoreMark>;
}

const digest = (value: unknown) =>
  createHash('sha256')
    .update(canonicalJson(value ?? null))
    .digest('hex')
    .slice(0, 16);

/** Everything below a folder, without what git keeps for itself. */
export async function readFiles(folder: string): Promise<Record<string, string>> {
  const files: Record<string, string> = {};
  const walk = async (at: string) => {
    for (const entry of await readdir(at, { withFileTypes: true })) {
      const path = join(at, entry.name);
      if (entry.isDirectory()) {
        if (entry.name !== '.git') await walk(path);
      } else if (entry.isSymbolicLink()) files[relative(folder, path)] = `link ${await readlink(path)}`;
      else if (entry.isFile()) {
        const { mode } = await lstat(path);
        const content = createHash('sha256')
          .update(await readFile(path))
          .digest('hex');
        files[relative(folder, path)] = `${(mode & 0o7777).toString(8)} ${content.slice(0, 16)}`;
      }
    }
  };
  await walk(folder);
  return files;
}

/** The services of a Compose project, by what their containers are made of; not by ids, names or addresses, which are new each time. */
export async function readServices(
  engine: DockerEngine,
  project: string,
  signal: AbortSignal,
): Promise<CloneState['services']> {
  const listed = await engine.listByLabel(
    { [composeLabel.project]: project, [composeLabel.oneOff]: 'False' },
    { signal },
  );
  const found = await Promise.all(listed.map(({ Id }) => engine.inspectContainer(Id, { signal })));
  const states = found.flatMap((info) => (info === undefined ? [] : [[nameOf(info), stateOf(info)] as const]));
  return Object.fromEntries(states.sort(([a], [b]) => (a < b ? -1 : 1)));
}

const nameOf = ({ Config: { Labels } }: Docker.ContainerInspectInfo) =>
  `${Labels[composeLabel.service] ?? '?'} ${Labels[composeLabel.number] ?? '1'}`;

function stateOf({
  Image,
  Config,
  HostConfig,
  Mounts,
  NetworkSettings,
  State,
}: Docker.ContainerInspectInfo): ServiceState {
  const short = (id: string) => id.replace(/^sha256:/, '').slice(0, 12);
  return {
    image: short(Image),
    environment: digest([...(Config.Env ?? [])].sort()),
    command: digest([Config.Entrypoint, Config.Cmd, Config.User, Config.WorkingDir]),
    mounts: digest(
      Mounts.map(({ Type, Name, Source, Destination, RW }) => [
        Type,
        Type === 'volume' ? named(Name) : Source,
        Destination,
        RW,
      ]).sort(),
    ),
    networks: digest(Object.keys(NetworkSettings.Networks).sort()),
    limits: digest([
      HostConfig.Memory,
      HostConfig.NanoCpus,
      HostConfig.CpuShares,
      HostConfig.PidsLimit,
      HostConfig.RestartPolicy,
    ]),
    health: digest([Config.Healthcheck?.Test, HostConfig.CapAdd, HostConfig.CapDrop, HostConfig.SecurityOpt]),
    condition: State.Running ? (State.Health?.Status ?? 'running') : `exited ${State.ExitCode}`,
  };
}

/** An anonymous volume has another name each time. */
const named = (name: string | undefined) => (name !== undefined && /^[0-9a-f]{64}$/.test(name) ? 'anonymous' : name);

/** Volumes by what is in them. */
export async function readVolumes(job: HelperJob, volumes: readonly string[]): Promise<CloneState['volumes']> {
  const found: CloneState['volumes'] = {};
  for (const volume of volumes) found[volume] = await listVolume(job, volume);
  return found;
}
