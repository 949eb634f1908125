import { DockerEngine, runHelper } from '../../../activities/docker/index.ts';
import { checkoutId, ownLabels, ownName } from '../own-names.ts';

export const engine = new DockerEngine();
export const image = 'debian:bookworm-slim';

/** Makes a volume, empty. */
export async function newVolume(what = 'volume'): Promise<string> {
  const name = ownName(what);
  await engine.call('create', {}, (docker) => docker.createVolume({ Name: name, Labels: ownLabels }));
  return name;
}

/** Runs a script with volumes mounted below `/v`, in the order given: `/v/0`, `/v/1`. Returns what it printed. */
export async function inVolumes(volumes: string[], script: string, timeoutMs = 60_000): Promise<string> {
  const result = await runHelper(engine, {
    name: ownName('look'),
    image,
    argv: ['bash', '-euo', 'pipefail', '-c', script],
    labels: ownLabels,
    mounts: volumes.map((source, index) => ({ type: 'volume', source, target: `/v/${index}` })),
    capabilities: ['CHOWN', 'DAC_OVERRIDE', 'FOWNER', 'FSETID', 'MKNOD', 'SETFCAP'],
    timeoutMs,
  });
  if (result.exitCode !== 0) throw new Error(`exit ${result.exitCode}: ${result.log}`);
  return result.log.trim();
}

/** Lends an engine on which the helper's image is not there, and cannot be built: no such engine answers. */
export async function withoutHelperImage<T>(work: (engine: DockerEngine) => Promise<T>): Promise<T> {
  const lacking = new DockerEngine();
  const inspect = lacking.inspectImage.bind(lacking);
  lacking.inspectImage = async (name, options) =>
    name.startsWith('switchback-helper') ? undefined : inspect(name, options);
  const path = process.env['PATH'];
  process.env['PATH'] = '/nonexistent';
  try {
    return await work(lacking);
  } finally {
    process.env['PATH'] = path;
  }
}

export interface Running {
  id: string;
  name: string;
}

/** Starts a container that mounts a volume at /data, as a service of a Compose project would. */
export async function startUser(
  volume: string,
  project: string,
  script = 'while :; do date >/data/beat; sleep 0.2; done',
  readOnly = false,
): Promise<Running> {
  const name = ownName('user');
  const container = await engine.call('create', {}, (docker) =>
    docker.createContainer({
      name,
      Image: image,
      Cmd: ['bash', '-c', script],
      Labels: { ...ownLabels, 'com.docker.compose.project': project, 'com.docker.compose.service': name },
      HostConfig: {
        Init: true,
        // It talks to nobody, and a test of volumes must not depend on how an engine's default bridge is doing.
        NetworkMode: 'none',
        Mounts: [{ Type: 'volume', Source: volume, Target: '/data', ReadOnly: readOnly }],
      },
    }),
  );
  await engine.startContainer(name);
  return { id: container.id, name };
}

export async function isRunning(user: Running): Promise<boolean> {
  const state = (await engine.inspectContainer(user.id))?.State;
  return state?.Running === true && !state.Paused;
}

/**
 * Removes what operations made under run ids of this checkout's tests: of one run, or of all whose process is dead. Helpers and
 * volumes of operations carry the run, not the labels of tests.
 */
export async function sweepRuns(docker: DockerEngine, only?: string): Promise<void> {
  const mine = (run: string | undefined) => {
    if (only !== undefined) return run === only;
    const owner = new RegExp(`^sbt-run-${checkoutId}-(\\d+)-`).exec(run ?? '')?.[1];
    return owner !== undefined && !isAlive(Number(owner));
  };
  const runLabel = 'io.switchback.run';
  for (const container of await docker.listByLabel({ [runLabel]: '' })) {
    const run = container.Labels[runLabel];
    if (mine(run)) await docker.removeContainer(container.Id, { [runLabel]: run! });
  }
  const filters = JSON.stringify({ label: [runLabel] });
  const { Volumes } = await docker.call('list volumes', {}, (client) => client.listVolumes({ filters }));
  for (const volume of Volumes ?? []) {
    if (!mine(volume.Labels?.[runLabel])) continue;
    await docker.find(`remove ${volume.Name}`, {}, (client) => client.getVolume(volume.Name).remove());
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
