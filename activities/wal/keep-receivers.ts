import { labels } from '../../runbook/names.ts';
import { pause, type CallOptions, type DockerEngine, type Labels } from '../docker/index.ts';
import { receiverRole } from './receiver.ts';
import { composeLabel } from '../compose/index.ts';

const own: Labels = { [labels.role]: receiverRole };
export type Kept = 'runs' | 'started' | 'over' | 'waits';

/**
 * Gets a receiver to run again that Docker did not: one whose server was down in that moment, or has another container by now, into whose
 * network this one comes only when it is made anew. What it needs stands in the container and in its folder. One that has come to its end is removed.
 */
export async function keepReceiver(engine: DockerEngine, id: string, options: CallOptions = {}): Promise<Kept> {
  const found = await engine.inspectContainer(id, options);
  if (!found || found.State.Running || found.State.Restarting) return 'runs';
  const { Config, HostConfig, State } = found;
  const mine = { ...own, [labels.target]: Config.Labels[labels.target] ?? '' };
  if (State.Status === 'exited' && State.ExitCode === 0) {
    await engine.removeContainer(id, mine, options);
    return 'over';
  }
  const server = await serverOf(engine, Config.Labels[labels.service] ?? '', options);
  if (server === undefined) return 'waits';
  const networkMode = `container:${server}`;
  if (HostConfig.NetworkMode === networkMode) {
    await engine.startContainer(id, options);
    return 'started';
  }
  const name = found.Name.replace(/^\//, '');
  await engine.removeContainer(id, mine, options);
  const { Entrypoint, Cmd, Env, Labels, User } = Config;
  await engine.call(`create container ${name}`, options, (docker) =>
    docker.createContainer({
      ...{ name, Image: found.Image, Entrypoint: Entrypoint ?? [], Cmd, Env, Labels, User },
      HostConfig: { ...HostConfig, NetworkMode: networkMode },
    }),
  );
  // Where its log was removed meanwhile there is nothing to mount, and where it was ended it ends at once: then it goes the next time.
  await engine.startContainer(name, options);
  return 'started';
}

/** The container of a service, as `PROJECT/SERVICE`, that runs. */
async function serverOf(engine: DockerEngine, service: string, options: CallOptions): Promise<string | undefined> {
  const slash = service.indexOf('/');
  const compose = {
    [composeLabel.project]: service.slice(0, slash),
    [composeLabel.service]: service.slice(slash + 1),
  };
  const all = await engine.listByLabel(compose, options);
  return all.find(({ State, Labels }) => State === 'running' && Labels[composeLabel.oneOff] !== 'True')?.Id;
}

/** A restart of a server takes seconds; in this time it is followed again. */
const everyMs = 10_000;

/** Keeps all receivers of logs below a folder of this host running, until it is told to stop. @param home only those */
export async function keepReceivers(
  engine: DockerEngine,
  { home, signal, log }: { home: string; signal: AbortSignal; log: (message: string) => void },
): Promise<void> {
  let silent = false;
  while (!signal.aborted) {
    try {
      for (const { Id, Names, Mounts } of await engine.listByLabel(own, { signal })) {
        if (!Mounts.some(({ Source }) => Source.startsWith(`${home}/`))) continue;
        if ((await keepReceiver(engine, Id, { signal })) === 'started')
          log(`${Names[0]?.slice(1) ?? Id} was started again`);
      }
      silent = false;
    } catch (error) {
      // The daemon is away, or somebody removed it between two looks: there is a next time. Said once.
      if (!silent && !signal.aborted)
        log(`receivers of logs: ${error instanceof Error ? error.message : String(error)}`);
      silent = true;
    }
    await pause(everyMs, signal).catch(() => undefined);
  }
}
