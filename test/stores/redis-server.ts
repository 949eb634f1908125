import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { checkoutId } from '../real/own-names.ts';
import { until } from './until.ts';

/** The password of this process's test servers: looked for where no secret may ever be. */
export const sentinel = `sentinel-${process.pid}-r3d1s`;

/** A real server of this host's binary, of this process alone, on 127.0.0.1. */
export class RedisServer {
  #databases = 0;

  private constructor(
    private readonly folder: string,
    readonly port: number,
    private readonly child: ReturnType<typeof launch>,
  ) {}

  static async start(settings: Record<string, string> = {}): Promise<RedisServer> {
    const folder = await mkdtemp(join(tmpdir(), `sbt-redis-${checkoutId}-${process.pid}-`));
    const port = await freePort();
    const all = {
      port: String(port),
      bind: '127.0.0.1',
      dir: folder,
      save: '',
      databases: '64',
      'repl-diskless-sync-delay': '0',
      ...settings,
    };
    const config = Object.entries({ ...all, requirepass: sentinel }).map(([name, value]) => `${name} "${value}"\n`);
    const server = new RedisServer(folder, port, launch(config.join('')));
    await until('the server answers', async () => (await server.try(0, ['PING'])) === 'PONG');
    return server;
  }

  /** A database of its own for one test; restores take others, from below. */
  database(): number {
    this.#databases += 1;
    return 64 - this.#databases;
  }

  url(database: number): string {
    return `redis://:${sentinel}@127.0.0.1:${this.port}/${database}`;
  }

  async try(database: number, args: string[]): Promise<string> {
    const argv = ['-p', String(this.port), '-n', String(database), '--no-auth-warning', ...args];
    const { stdout } = await execa('redis-cli', argv, { env: { REDISCLI_AUTH: sentinel }, reject: false });
    return stdout.trim();
  }

  /** Runs one command. */
  async run(database: number, ...args: string[]): Promise<string> {
    return this.try(database, ['-e', ...args]);
  }

  /** Runs many commands, a line each. */
  async load(database: number, lines: string[]): Promise<void> {
    const argv = ['-p', String(this.port), '-n', String(database), '--no-auth-warning'];
    await execa('redis-cli', argv, { env: { REDISCLI_AUTH: sentinel }, input: lines.join('\n') });
  }

  async stop(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.child;
    await rm(this.folder, { recursive: true, force: true });
  }
}

const launch = (config: string) =>
  execa('redis-server', ['-'], { input: config, reject: false, stdout: 'ignore', stderr: 'ignore' });

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}
