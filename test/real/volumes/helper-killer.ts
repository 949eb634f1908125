import type Docker from 'dockerode';

import { DockerEngine, type CallOptions } from '../../../activities/docker/index.ts';
import { until } from '../../stores/until.ts';

/** Stops the shell of a helper at a place in its script: whoever waits for that knows that it has come there and no further. */
export const hold = 'kill -STOP $$';

/** An engine whose helper of a role holds still where its script was made to, and is killed there. */
export class HelperKiller extends DockerEngine {
  constructor(
    readonly role: string,
    /** The script with a `hold` in it. */
    readonly rewrite: (script: string) => string,
  ) {
    super();
  }

  override async call<T>(
    what: string,
    options: CallOptions,
    action: (docker: Docker, signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    if (!what.startsWith('create container') || !what.endsWith(this.role)) return super.call(what, options, action);
    return super.call(what, options, (docker, signal) => action(this.#holding(docker), signal));
  }

  override async startContainer(name: string, options = {}): Promise<void> {
    await super.startContainer(name, options);
    if (!name.endsWith(this.role)) return;
    await until(`${name} holds still`, async () => {
      const seen = await super.call(`top ${name}`, {}, (docker) =>
        docker.getContainer(name).top({ ps_args: 'ao pid,stat,args' }),
      );
      return (seen as { Processes: string[][] }).Processes.some((columns) => columns[1]?.startsWith('T'));
    });
    await super.killContainer(name);
  }

  #holding(docker: Docker): Docker {
    return Object.assign(Object.create(docker) as Docker, {
      createContainer: ({ Cmd = [], ...rest }: Docker.ContainerCreateOptions) =>
        docker.createContainer({ ...rest, Cmd: [Cmd[0] ?? '', this.rewrite(Cmd[1] ?? ''), ...Cmd.slice(2)] }),
    });
  }
}

/** A script with something put before, or behind, the one place where it holds a text. */
export function around(script: string, text: string, before: string, behind = ''): string {
  if (script.split(text).length !== 2) throw new Error(`the script has ${JSON.stringify(text)} not once`);
  return script.replace(text, () => `${before}${text}${behind}`);
}
