import { labels } from '../../runbook/names.ts';
import { creation, type CallOptions, type DockerEngine, type HelperSpec, type Labels } from '../docker/index.ts';

/** `io.switchback.role` of receivers. */
export const receiverRole = 'log-receiver';

/** A container that writes the log of a server down, until somebody ends it. */
export interface Receiver {
  name: string;
  labels: Labels;
  image: string;
  argv: string[];
  env: Record<string, string>;
  user?: string;
  /** Of the server's container. */
  server: string;
  /** Folder of the log on this host. */
  folder: string;
}

/** What tells a receiver: whose it is, what it follows, and where that is found again when its container is made anew. */
export const receiverLabels = (of: { point: string; volume: string; service: string }): Labels => ({
  [labels.role]: receiverRole,
  [labels.point]: of.point,
  [labels.follows]: of.volume,
  [labels.service]: of.service,
});

/**
 * Starts a receiver. Docker starts it again whenever it ends with anything but 0, also after a restart of its own; where its server's
 * container is down in that moment or was made anew, that is done by `keepReceivers`.
 */
export async function startReceiver(engine: DockerEngine, receiver: Receiver, options: CallOptions): Promise<void> {
  const spec: HelperSpec = {
    ...{ name: receiver.name, image: receiver.image, argv: receiver.argv, labels: receiver.labels, env: receiver.env },
    ...(receiver.user === undefined ? {} : { user: receiver.user }),
    networkMode: `container:${receiver.server}`,
    mounts: [{ type: 'bind', source: receiver.folder, target: '/log' }],
    // Of helpers that end; this one does not.
    timeoutMs: 0,
  };
  const { HostConfig, ...made } = creation(spec);
  await engine.removeContainer(receiver.name, receiver.labels, options);
  await engine.call(`create container ${receiver.name}`, options, (docker) =>
    docker.createContainer({ ...made, HostConfig: { ...HostConfig, RestartPolicy: { Name: 'on-failure' } } }),
  );
  await engine.startContainer(receiver.name, options);
}
