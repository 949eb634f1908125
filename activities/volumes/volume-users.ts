import type Docker from 'dockerode';

import { SwitchbackError } from '../../runbook/errors.ts';
import { labels } from '../../runbook/names.ts';
import { pause } from '../docker/index.ts';
import type { CallOptions, DockerEngine } from '../docker/index.ts';
import { composeLabel } from '../compose/index.ts';

/** A container that uses a volume, as it was before anything was done to it. */
export type VolumeUser = {
  id: string;
  name: string;
  was: 'healthy' | 'running' | 'restarting' | 'paused' | 'stopped';
  writes: boolean;
  /** Of the Compose project that it belongs to, if any. */
  project: string;
  service?: string;
};

/** Containers that mount a volume, by its name or by its path on the host; our own helpers left out. */
export async function volumeUsers(
  engine: DockerEngine,
  volume: string,
  options: CallOptions = {},
): Promise<VolumeUser[]> {
  const path = (await engine.inspectVolume(volume, options))?.Mountpoint;
  const users = (await engine.listAll(options)).flatMap((container): VolumeUser[] => {
    const mount = container.Mounts.find((candidate) => isOf(candidate, volume, path));
    // Helpers carry an operation but belong to no project; what Compose made for us carries a project.
    const user = asUser(container, mount?.RW ?? false);
    if (mount === undefined || (user.project === '' && container.Labels[labels.role] === 'helper')) return [];
    return [user];
  });
  return users.sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** What has to be known of a container to stop it and to bring it back to what it was. */
export function asUser(container: Docker.ContainerInfo, writes: boolean): VolumeUser {
  const name = (container.Names[0] ?? container.Id).replace(/^\//, '');
  const project = container.Labels[composeLabel.project] ?? '';
  const service = container.Labels[composeLabel.service];
  return {
    ...{ id: container.Id, name, was: stateOf(container), writes, project },
    ...(service === undefined ? {} : { service }),
  };
}

type Mount = Docker.ContainerInfo['Mounts'][number];

function isOf(mount: Mount, volume: string, path: string | undefined): boolean {
  if (mount.Type === 'volume') return mount.Name === volume;
  return path !== undefined && (mount.Source === path || mount.Source.startsWith(`${path}/`));
}

function stateOf(container: Docker.ContainerInfo): VolumeUser['was'] {
  if (container.State === 'paused' || container.State === 'restarting') return container.State;
  if (container.State !== 'running') return 'stopped';
  return container.Status.endsWith('(healthy)') ? 'healthy' : 'running';
}

/** `restarting` counts: it will write again any moment. */
export const isUp = ({ was }: VolumeUser) => was === 'healthy' || was === 'running' || was === 'restarting';

/** @throws `Conflict` when a container outside of the stack runs with the volume: only the stack's own are stopped. */
export function refuseForeignUsers(volume: string, users: readonly VolumeUser[], project: string): void {
  const foreign = users.filter((user) => isUp(user) && user.project !== project);
  if (foreign.length === 0) return;
  throw new SwitchbackError(
    'Conflict',
    `volume ${volume} is in use by ${foreign.map((user) => user.name).join(', ')}, outside of project ${project}`,
    { hint: `Stop it yourself, then retry: \`docker stop ${foreign.map((user) => user.name).join(' ')}\`.` },
  );
}

export type Quiet = 'stop' | 'pause';

/** Users of a volume, and how it wants them. */
export interface Quietened {
  how: Quiet;
  users: readonly VolumeUser[];
}

/** Whoever writes to a volume that wants its users stopped is stopped, whatever else it writes to. */
export function quietIn(window: readonly Quietened[]): (user: VolumeUser) => Quiet {
  const stopped = new Set(window.flatMap(({ how, users }) => (how === 'stop' ? users.map(({ name }) => name) : [])));
  return ({ name }) => (stopped.has(name) ? 'stop' : 'pause');
}

/** Of several volumes, each user once. */
export const everyone = (window: readonly { users: readonly VolumeUser[] }[]): VolumeUser[] =>
  window.reduce<VolumeUser[]>((all, { users }) => mergeUsers(all, users), []);

/** Stops or freezes those of the users that run. */
export async function quieten(
  engine: DockerEngine,
  users: readonly VolumeUser[],
  how: Quiet | ((user: VolumeUser) => Quiet),
  options: CallOptions = {},
): Promise<void> {
  await Promise.all(
    users
      .filter(isUp)
      .map((user) =>
        (typeof how === 'function' ? how(user) : how) === 'stop'
          ? engine.stopContainer(user.id, options)
          : engine.pauseContainer(user.id, options),
      ),
  );
}

/**
 * Whether nobody has used a volume since a moment of the engine's clock.
 * @param among Who counts: those who write, or all.
 */
export async function quietSince(
  engine: DockerEngine,
  volume: string,
  moment: string,
  among: 'writers' | 'all',
  options: CallOptions = {},
): Promise<boolean> {
  const users = (await volumeUsers(engine, volume, options)).filter((user) => user.writes || among === 'all');
  if (users.some(isUp)) return false;
  for (const user of users) {
    const found = await engine.inspectContainer(user.id, options);
    if (found && Date.parse(found.State.StartedAt) > Date.parse(moment)) return false;
  }
  return true;
}

/** What a user was before any attempt: as the first one saw it, or, where that one saw it down, as it is now. */
export function mergeUsers(first: readonly VolumeUser[], now: readonly VolumeUser[]): VolumeUser[] {
  const byName = new Map(first.map((user) => [user.name, user]));
  for (const user of now) {
    const known = byName.get(user.name);
    byName.set(user.name, known && isUp(known) ? { ...known, id: user.id } : user);
  }
  return [...byName.values()];
}

/**
 * Brings users back to what they were, exactly: starts or thaws those that ran, and waits until they run, and are healthy where
 * they were. One that was made anew meanwhile is found by its name.
 * @throws `NotReady` when one of them is not back within `withinMs`.
 */
export async function wake(
  engine: DockerEngine,
  users: readonly VolumeUser[],
  options: CallOptions & { withinMs?: number } = {},
): Promise<void> {
  const deadline = performance.now() + (options.withinMs ?? 120_000);
  await Promise.all(
    users.filter(isUp).map(async (user) => {
      const found =
        (await engine.inspectContainer(user.id, options)) ?? (await engine.inspectContainer(user.name, options));
      // Somebody removed it on purpose: it is not ours to make again.
      if (!found) return;
      if (found.State.Paused) await engine.unpauseContainer(found.Id, options);
      else await engine.startContainer(found.Id, options);
      if (user.was !== 'restarting') await untilBack(engine, { ...user, id: found.Id }, deadline, options);
    }),
  );
}

async function untilBack(
  engine: DockerEngine,
  { id, name, was }: VolumeUser,
  deadline: number,
  options: CallOptions,
): Promise<void> {
  for (;;) {
    const state = (await engine.inspectContainer(id, options))?.State;
    const health = state?.Health?.Status ?? 'none';
    if (state?.Running && !state.Restarting && (was !== 'healthy' || health === 'healthy')) return;
    // A one-shot that was caught in the middle, runs again and ends well.
    if (state?.Status === 'exited' && state.ExitCode === 0) return;
    if (performance.now() > deadline) {
      throw new SwitchbackError(
        'NotReady',
        `${name} has not come back: it is ${state?.Status ?? 'gone'}, health ${health}`,
        {
          hint: `Look at it with \`docker logs ${name}\`.`,
        },
      );
    }
    await pause(200, options.signal);
  }
}

/** Whether all users are what they were. */
export async function areAwake(
  engine: DockerEngine,
  users: readonly VolumeUser[],
  options: CallOptions = {},
): Promise<boolean> {
  for (const user of users.filter(isUp)) {
    const found =
      (await engine.inspectContainer(user.id, options)) ?? (await engine.inspectContainer(user.name, options));
    if (found && (found.State.Paused || !found.State.Running)) return false;
  }
  return true;
}
