import { chown, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import pg from 'pg';
import { checkoutId } from '../real/own-names.ts';

/** The password of every role of this process's test servers: looked for where no secret may ever be, beside other suites. */
export const sentinel = `sentinel-${process.pid}-p4ss:w\\rd`;
/** The part of it that no encoding changes. */
export const sentinelMark = `sentinel-${process.pid}-p4ss`;

const folderPrefix = `sbt-pg-${checkoutId}-`;

/** A real server from the host's binaries, of this process alone, on 127.0.0.1. */
export class PostgresServer {
  #databases = 0;

  private constructor(
    readonly folder: string,
    readonly port: number,
    readonly binaries: string,
    private readonly starting: string[],
  ) {}

  static async start(settings: Record<string, string> = {}): Promise<PostgresServer> {
    await sweepDead();
    const binaries = await binariesFolder();
    const folder = await mkdtemp(join(tmpdir(), `${folderPrefix}${process.pid}-`));
    await ownedByPostgres(folder);
    const passwords = join(folder, 'password');
    await writeFile(passwords, `${sentinel}\n`);
    await ownedByPostgres(passwords);
    const data = join(folder, 'data');
    const init = [
      '-D',
      data,
      '-U',
      'postgres',
      '-E',
      'UTF8',
      '--locale=C.UTF-8',
      '-A',
      'scram-sha-256',
      '--pwfile',
      passwords,
      '--no-sync',
    ];
    await asPostgres(binaries, 'initdb', init);
    const port = await freePort();
    const all = {
      fsync: 'off',
      listen_addresses: '127.0.0.1',
      port: String(port),
      unix_socket_directories: folder,
      shared_buffers: '32MB',
      max_connections: '60',
      max_prepared_transactions: '5',
      wal_level: 'logical',
      ...settings,
    };
    const options = Object.entries(all)
      .map(([name, value]) => `-c ${name}=${value}`)
      .join(' ');
    const starting = ['start', '-w', '-D', data, '-l', join(folder, 'log'), '-o', options];
    await asPostgres(binaries, 'pg_ctl', starting);
    return new PostgresServer(folder, port, binaries, starting);
  }

  /** Ends the server as a power cut would, for its clients. */
  async halt(): Promise<void> {
    await asPostgres(this.binaries, 'pg_ctl', ['stop', '-w', '-m', 'immediate', '-D', join(this.folder, 'data')]);
  }

  /** Starts it again after `halt`. */
  async goOn(): Promise<void> {
    await asPostgres(this.binaries, 'pg_ctl', this.starting);
  }

  /** A URL, with the password. */
  url(database: string, user = 'postgres'): string {
    return `postgres://${user}:${encodeURIComponent(sentinel)}@127.0.0.1:${this.port}/${database}`;
  }

  /** A database of its own for one test; a copy of `template` where one is named. */
  async database(template?: string): Promise<string> {
    const name = `shop_${(this.#databases += 1)}`;
    await this.run('postgres', `create database ${name}${template === undefined ? '' : ` template ${template}`}`);
    return name;
  }

  /** Runs SQL of any number of statements. */
  async run(database: string, sql: string, user?: string): Promise<pg.QueryResult> {
    return this.with(database, (client) => client.query(sql), user);
  }

  /** The first value of the first row. */
  async value(database: string, sql: string): Promise<unknown> {
    const { rows } = await this.with(database, (client) => client.query<unknown[]>({ text: sql, rowMode: 'array' }));
    return rows[0]?.[0];
  }

  async with<T>(database: string, work: (client: pg.Client) => Promise<T>, user?: string): Promise<T> {
    const client = new pg.Client({ connectionString: this.url(database, user) });
    client.on('error', () => undefined);
    await client.connect();
    try {
      return await work(client);
    } finally {
      await client.end();
    }
  }

  async databases(): Promise<string[]> {
    const { rows } = await this.run('postgres', `select datname from pg_database where not datistemplate order by 1`);
    return rows.map((row) => row.datname);
  }

  async stop(): Promise<void> {
    await this.halt();
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** Of the newest PostgreSQL of this machine, or of the one that `SWITCHBACK_TEST_POSTGRES` names: its folder of programs. */
async function binariesFolder(): Promise<string> {
  const told = process.env['SWITCHBACK_TEST_POSTGRES'];
  if (told !== undefined && told !== '') return told;
  const shelf = '/usr/lib/postgresql';
  const versions = await readdir(shelf).catch(() => [] as string[]);
  const newest = versions.sort((a, b) => Number(b) - Number(a))[0];
  if (newest !== undefined) return join(shelf, newest, 'bin');
  const { stdout } = await execa('pg_config', ['--bindir']);
  return stdout.trim();
}

/** `initdb` and the server refuse to run as root. */
async function asPostgres(binaries: string, program: string, args: string[]): Promise<void> {
  const path = join(binaries, program);
  const options = { stdin: 'ignore', stdout: 'ignore', cwd: '/' } as const;
  if (process.getuid?.() === 0) await execa('runuser', ['-u', 'postgres', '--', path, ...args], options);
  else await execa(path, args, options);
}

async function ownedByPostgres(path: string): Promise<void> {
  if (process.getuid?.() !== 0) return;
  const { stdout } = await execa('id', ['-u', 'postgres']);
  await chown(path, Number(stdout), -1);
}

async function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}

/** Ends servers that killed test processes of this checkout left, and removes their folders. */
async function sweepDead(): Promise<void> {
  const binaries = await binariesFolder();
  for (const name of await readdir(tmpdir())) {
    if (!name.startsWith(folderPrefix)) continue;
    const owner = Number(name.slice(folderPrefix.length).split('-')[0]);
    if (isAlive(owner)) continue;
    const folder = join(tmpdir(), name);
    // One that was never started, or has ended already, cannot be stopped.
    await asPostgres(binaries, 'pg_ctl', ['stop', '-m', 'immediate', '-D', join(folder, 'data')]).catch(
      () => undefined,
    );
    await rm(folder, { recursive: true, force: true });
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
