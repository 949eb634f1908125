import type Docker from 'dockerode';

import { SwitchbackError } from '../../runbook/errors.ts';
import { EngineConnection, type CallOptions } from './engine-connection.ts';
import { statusOf } from './engine-error.ts';
import { joinLogFrames, tailOf } from './log-frames.ts';

export type Labels = Record<string, string>;

/** The part of `docker info` that is used here. */
export interface EngineInfo {
  /** Made at the engine's installation, and nowhere else. */
  ID: string;
  ServerVersion: string;
  OperatingSystem: string;
  /** Host name of the engine. */
  Name: string;
  NCPU: number;
  /** Bytes. */
  MemTotal: number;
  DockerRootDir: string;
}

/** Whether a container, volume or network can have that name, or id: no engine has one that cannot. */
export const isObjectName = (name: string) => /^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/.test(name);

/** What is asked of the Docker Engine, in words of our own; errors as its connection throws them. */
export class DockerEngine extends EngineConnection {
  async inspectContainer(
    nameOrId: string,
    options: CallOptions = {},
  ): Promise<Docker.ContainerInspectInfo | undefined> {
    if (!isObjectName(nameOrId)) return undefined;
    return this.find(`inspect container ${nameOrId}`, options, (docker) => docker.getContainer(nameOrId).inspect());
  }

  async inspectVolume(name: string, options: CallOptions = {}): Promise<Docker.VolumeInspectInfo | undefined> {
    if (!isObjectName(name)) return undefined;
    return this.find(`inspect volume ${name}`, options, (docker) => docker.getVolume(name).inspect());
  }

  async inspectNetwork(name: string, options: CallOptions = {}): Promise<Docker.NetworkInspectInfo | undefined> {
    if (!isObjectName(name)) return undefined;
    return this.find(`inspect network ${name}`, options, (docker) => docker.getNetwork(name).inspect());
  }

  async inspectImage(reference: string, options: CallOptions = {}): Promise<Docker.ImageInspectInfo | undefined> {
    // It becomes a part of the request's path as it is: nothing else than an image may be asked for.
    if (!/^[\w][\w./:@-]*$/.test(reference) || reference.includes('..')) return undefined;
    return this.find(`inspect image ${reference}`, options, (docker) => docker.getImage(reference).inspect());
  }

  /** Containers in any state that carry all these labels (an empty value asks for the label alone). */
  async listByLabel(labels: Labels, options: CallOptions = {}): Promise<Docker.ContainerInfo[]> {
    return this.#list({ label: labelFilter(labels) }, options);
  }

  /** Containers in any state that mount a volume. */
  async listByVolume(volume: string, options: CallOptions = {}): Promise<Docker.ContainerInfo[]> {
    // The filter also finds a volume by a part of its name's path; the mounts tell exactly.
    const found = await this.#list({ volume: [volume] }, options);
    return found.filter((container) =>
      container.Mounts.some((mount) => mount.Type === 'volume' && mount.Name === volume),
    );
  }

  /** Volumes that carry all these labels. */
  async listVolumes(labels: Labels, options: CallOptions = {}): Promise<Docker.VolumeInspectInfo[]> {
    const filters = { label: labelFilter(labels) };
    const found = await this.call('list volumes', options, (docker) => docker.listVolumes({ filters }));
    // Without any, the engine answers null.
    return found.Volumes ?? [];
  }

  /** Every container in any state. */
  async listAll(options: CallOptions = {}): Promise<Docker.ContainerInfo[]> {
    return this.#list({}, options);
  }

  async info(options: CallOptions = {}): Promise<EngineInfo> {
    return this.call('docker info', options, (docker) => docker.info() as Promise<EngineInfo>);
  }

  /** Starts a container; one that runs already is fine. */
  async startContainer(nameOrId: string, options: CallOptions = {}): Promise<void> {
    await this.#unlessAlready(`start container ${nameOrId}`, options, (docker) =>
      docker.getContainer(nameOrId).start(),
    );
  }

  /** Stops a container within its grace period (or `graceSeconds`), then by SIGKILL; one that does not run is fine. */
  async stopContainer(nameOrId: string, options: CallOptions & { graceSeconds?: number } = {}): Promise<void> {
    const { graceSeconds } = options;
    // The engine answers only after the container has gone, so its grace period is part of the wait.
    const deadlineMs = (options.deadlineMs ?? this.deadlineMs) + (graceSeconds ?? 300) * 1000;
    await this.#unlessAlready(`stop container ${nameOrId}`, { ...options, deadlineMs }, (docker) =>
      docker.getContainer(nameOrId).stop(graceSeconds === undefined ? {} : { t: graceSeconds }),
    );
  }

  async pauseContainer(nameOrId: string, options: CallOptions = {}): Promise<void> {
    if ((await this.inspectContainer(nameOrId, options))?.State.Paused) return;
    await this.call(`pause container ${nameOrId}`, options, (docker) => docker.getContainer(nameOrId).pause({}));
  }

  async unpauseContainer(nameOrId: string, options: CallOptions = {}): Promise<void> {
    const found = await this.inspectContainer(nameOrId, options);
    if (found && !found.State.Paused) return;
    await this.call(`unpause container ${nameOrId}`, options, (docker) => docker.getContainer(nameOrId).unpause({}));
  }

  /**
   * Resolves when the engine says that a container does not run any more; never when it cannot say. It proves nothing: the daemon may
   * have died meanwhile, so look afterwards, and have another reason to look.
   */
  async untilNotRunning(nameOrId: string, options: CallOptions = {}): Promise<void> {
    try {
      await this.call(`wait for container ${nameOrId}`, options, (docker) => docker.getContainer(nameOrId).wait());
    } catch {
      await new Promise(() => undefined);
    }
  }

  /** Kills a container at once; one that has ended, or is gone, is fine. */
  async killContainer(nameOrId: string, options: CallOptions = {}): Promise<void> {
    const found = await this.inspectContainer(nameOrId, options);
    if (!found?.State.Running) return;
    await this.call(`kill container ${nameOrId}`, options, async (docker) => {
      try {
        await docker.getContainer(nameOrId).kill({});
      } catch (error) {
        // 409: it ended between the look and the kill. 404: somebody removed it.
        if (statusOf(error) !== 409 && statusOf(error) !== 404) throw error;
      }
    });
  }

  /**
   * Removes a container that carries all of `labels`, killing it first if it runs; one that is gone is fine. Its volumes stay.
   * Throws `Protected` when the container of that name is not ours.
   */
  async removeContainer(nameOrId: string, labels: Labels, options: CallOptions = {}): Promise<void> {
    if (Object.keys(labels).length === 0)
      throw new Error('removeContainer needs labels that prove whose container it is');
    const found = await this.inspectContainer(nameOrId, options);
    if (!found) return;
    if (!carries(found.Config.Labels, labels)) {
      throw new SwitchbackError('Protected', `container ${nameOrId} does not carry this operation's labels`, {
        hint: `Look whose it is with \`docker inspect ${nameOrId}\`; Switchback removes only what it made.`,
        facts: { container: nameOrId },
      });
    }
    await this.call(`remove container ${nameOrId}`, options, async (docker) => {
      try {
        await docker.getContainer(found.Id).remove({ force: true, v: false });
      } catch (error) {
        // 404: gone. 409: its removal is in progress already.
        if (statusOf(error) !== 404 && !(statusOf(error) === 409 && /in progress/.test(String(error)))) throw error;
      }
    });
  }

  /** The last lines of a container's log, at most `bytes` bytes; empty where its log driver keeps none. */
  async logTail(nameOrId: string, options: CallOptions & { bytes?: number; lines?: number } = {}): Promise<string> {
    const { bytes = 8192, lines = 200 } = options;
    const body = await this.find(`logs of container ${nameOrId}`, options, async (docker) => {
      try {
        const query = { follow: false as const, stdout: true, stderr: true, tail: lines };
        return await docker.getContainer(nameOrId).logs(query);
      } catch (error) {
        // `LogConfig: none` has no reader: there is no tail, and that is no failure of what ran.
        if (/does not support reading/.test(String(error))) return Buffer.alloc(0);
        throw error;
      }
    });
    return tailOf(joinLogFrames(asBuffer(body)), bytes);
  }

  async #list(filters: Record<string, string[]>, options: CallOptions): Promise<Docker.ContainerInfo[]> {
    return this.call('list containers', options, (docker) =>
      docker.listContainers({ all: true, filters: JSON.stringify(filters) }),
    );
  }

  async #unlessAlready(
    what: string,
    options: CallOptions,
    action: (docker: Docker) => Promise<unknown>,
  ): Promise<void> {
    await this.call(what, options, async (docker) => {
      try {
        await action(docker);
      } catch (error) {
        // 304: it is in that state already.
        if (statusOf(error) !== 304) throw error;
      }
    });
  }
}

/** Whether `found` has all of `wanted`. */
export function carries(found: Labels | undefined | null, wanted: Labels): boolean {
  return Object.entries(wanted).every(([name, value]) => found?.[name] === value);
}

function labelFilter(labels: Labels): string[] {
  return Object.entries(labels).map(([name, value]) => (value === '' ? name : `${name}=${value}`));
}

/** A body that happens to be JSON arrives parsed. */
function asBuffer(body: unknown): Buffer {
  if (Buffer.isBuffer(body)) return body;
  if (body === undefined || body === null) return Buffer.alloc(0);
  return Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
}
