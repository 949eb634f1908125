import { createServer } from 'node:net';

const loopback = '127.0.0.1';

function listenOnce(port: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(undefined));
    server.listen({ port, host: loopback, exclusive: true }, () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : undefined));
    });
  });
}

/** The first of the wanted ports that is free on 127.0.0.1, else one that the system gives. */
export async function freePort(...wanted: (number | undefined)[]): Promise<number> {
  for (const port of wanted) {
    if (port !== undefined && (await listenOnce(port)) !== undefined) return port;
  }
  const given = await listenOnce(0);
  if (given === undefined) throw new Error('no free port on 127.0.0.1');
  return given;
}
