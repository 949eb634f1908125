import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { openSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { Connection } from '@temporalio/client';
import { freePort } from '../../../client/local/free-port.ts';

/** A Temporal server with its state in a file: one that may be killed, started again, and wiped. */
export class OwnServer {
  #process: ChildProcess | undefined;

  private constructor(
    private readonly folder: string,
    private readonly root: string,
    readonly port: number,
  ) {}

  static async start(folder: string, root: string): Promise<OwnServer> {
    const server = new OwnServer(folder, root, await freePort());
    await server.up();
    return server;
  }

  get address(): string {
    return `127.0.0.1:${this.port}`;
  }
  get database(): string {
    return join(this.folder, 'temporal.db');
  }

  async up(): Promise<void> {
    const program = execFileSync(join(this.root, 'scripts/find-temporal'), { encoding: 'utf8' }).trim();
    const log = openSync(join(this.folder, 'temporal.log'), 'a');
    const words = [
      ...[
        'server',
        'start-dev',
        '--headless',
        '--ip',
        '127.0.0.1',
        '--port',
        String(this.port),
        '--log-level',
        'error',
      ],
      ...['--db-filename', this.database],
      ...['--dynamic-config-value', 'system.enableActivityEagerExecution=true'],
    ];
    this.#process = spawn(program, words, { stdio: ['ignore', log, log] });
    for (const deadline = Date.now() + 60_000; ;) {
      try {
        const connection = await Connection.connect({ address: this.address, connectTimeout: 1000 });
        await connection.workflowService.describeNamespace({ namespace: 'default' });
        await connection.close();
        return;
      } catch (error) {
        if (Date.now() > deadline) throw error;
        await wait(200);
      }
    }
  }

  /** Ends it, and all that it remembers. */
  async wipe(): Promise<void> {
    await this.kill();
    for (const suffix of ['', '-wal', '-shm']) await rm(`${this.database}${suffix}`, { force: true });
  }

  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const server = this.#process;
    if (server?.exitCode !== null || server.signalCode !== null) return;
    const gone = new Promise((resolve) => server.once('exit', resolve));
    server.kill(signal);
    await gone;
  }
}
