import { createServer } from 'node:net';

import type { ComposeModel, PublishedPort, StackWorld } from '../compose/index.ts';
import { fixedPorts, overlap } from '../compose/index.ts';

/**
 * TCP ports that a checkpoint asks for and that no container holds, but a process on this host does. Asked by listening for a moment,
 * so only where the engine is on this host.
 */
export async function busyPorts(model: ComposeModel, world: StackWorld): Promise<PublishedPort[]> {
  const held = [...world.own, ...world.foreign].flatMap((container) => container.ports);
  const asked = fixedPorts(model).filter(
    (port) => port.protocol === 'tcp' && !held.some((other) => overlap(other, port)),
  );
  const busy: PublishedPort[] = [];
  for (const port of asked) if (await isBusy(port)) busy.push(port);
  return busy;
}

function isBusy({ ip, port }: PublishedPort): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    // Other errors (a port below 1024, an address of another host) say nothing about whether somebody listens.
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code === 'EADDRINUSE'));
    server.listen({ port, host: ip, exclusive: true }, () => server.close(() => resolve(false)));
  });
}
