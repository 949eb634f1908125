import { connect, createServer, type NetConnectOpts, type Server, type Socket } from 'node:net';
import { rm } from 'node:fs/promises';

/** What a proxy does to connections: lets them through, cuts them after so many bytes, holds them silently, or accepts none. */
export type Trouble = { how: 'cut'; afterBytes: number } | { how: 'stall' } | { how: 'refuse' };

/** A wire between the worker and a server that can be cut, held and taken away. */
export class CuttingProxy {
  readonly #pairs = new Set<{ near: Socket; far: Socket }>();
  #server: Server | undefined;
  #trouble: Trouble | undefined;
  #bytesLeft = 0;

  private constructor(
    private readonly listen: { path: string } | { host: string; port: number },
    private readonly target: NetConnectOpts,
  ) {}

  static async start(listen: { path: string } | { host: string; port: number }, target: NetConnectOpts) {
    const proxy = new CuttingProxy(listen, target);
    await proxy.#open();
    return proxy;
  }

  /** Makes trouble until `clear` is called. */
  async disturb(trouble: Trouble): Promise<void> {
    this.#trouble = trouble;
    if (trouble.how === 'cut') this.#bytesLeft = trouble.afterBytes;
    if (trouble.how === 'stall') for (const pair of this.#pairs) hold(pair);
    if (trouble.how === 'refuse') await this.stop();
  }

  async clear(): Promise<void> {
    const before = this.#trouble;
    this.#trouble = undefined;
    // What was held is reset rather than let through: a router that comes back has forgotten its connections.
    if (before?.how === 'stall') this.#reset();
    if (before?.how === 'refuse') await this.#open();
  }

  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    this.#reset();
    await new Promise<void>((resolve) => (server ? server.close(() => resolve()) : resolve()));
  }

  async #open(): Promise<void> {
    if ('path' in this.listen) await rm(this.listen.path, { force: true });
    const server = createServer({ allowHalfOpen: true }, (near) => this.#join(near));
    this.#server = server;
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(this.listen, resolve);
    });
  }

  #join(near: Socket): void {
    const pair = { near, far: connect({ ...this.target, allowHalfOpen: true } as NetConnectOpts) };
    this.#pairs.add(pair);
    for (const [from, to] of [
      [near, pair.far],
      [pair.far, near],
    ] as const) {
      from.on('data', (piece: Buffer) => this.#pass(piece, from, to));
      from.on('end', () => to.end());
      from.on('error', () => to.destroy());
      from.on('close', () => {
        this.#pairs.delete(pair);
        if (from.destroyed && !from.readableEnded) to.destroy();
      });
      to.on('drain', () => {
        if (this.#trouble?.how !== 'stall') from.resume();
      });
    }
    if (this.#trouble?.how === 'stall') hold(pair);
  }

  #pass(piece: Buffer, from: Socket, to: Socket): void {
    if (this.#trouble?.how === 'cut') {
      const passed = piece.subarray(0, this.#bytesLeft);
      this.#bytesLeft -= passed.length;
      if (passed.length > 0) to.write(passed);
      if (this.#bytesLeft <= 0) this.#reset();
      return;
    }
    if (!to.write(piece)) from.pause();
  }

  #reset(): void {
    for (const { near, far } of this.#pairs) {
      // Only TCP knows resets.
      if (near.remoteAddress === undefined) near.destroy();
      else near.resetAndDestroy();
      far.destroy();
    }
    this.#pairs.clear();
  }
}

function hold({ near, far }: { near: Socket; far: Socket }): void {
  near.pause();
  far.pause();
}
