import { spawn, execFileSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { execa } from 'execa';
import { verbs } from '../../../client/verbs/index.ts';
import { readJournal, targetHome } from '../../../journal/index.ts';
import { invoke, type Invoked } from '../../client/command-line/invoke.ts';
import { PostgresServer } from '../../stores/postgres-server.ts';
import { composeFile, engine, image, sleeper } from '../compose/stack-fixture.ts';
import { checkoutId, ownName, sweepDead, sweepOwn } from '../own-names.ts';

const program = fileURLToPath(new URL('../../../dist/worker/main.js', import.meta.url));
const prefix = `switchback-backup-${checkoutId}-`;

/** A point as `backup list --json` tells of it. */
export interface Listed {
  point: string;
  state: string;
}

export interface PlaceOptions {
  /** Folder whose files the plan may refer to; the usual ones unless told. */
  secretFolder?: string;
  /** Secret reference of the database; by the worker's environment unless told. */
  storeUrl?: string;
  /** Lines of the plan. */
  repository?: string;
  /** Password of a database server among the services, which is the store `shop` of the plan. */
  server?: string;
}

/**
 * A stack on Docker with a volume and a PostgreSQL database, a Temporal server, and workers that are processes of their own, so that they
 * can be killed. Commands are typed in this process.
 */
export class BackupPlace {
  readonly #workers: ChildProcess[] = [];
  /** What workers have written to their two streams. */
  said = '';

  private constructor(
    readonly folder: string,
    readonly project: string,
    readonly database: string,
    readonly postgres: PostgresServer,
    readonly temporal: TestWorkflowEnvironment,
    readonly options: PlaceOptions,
  ) {}

  static async make(options: PlaceOptions = {}): Promise<BackupPlace> {
    if (!existsSync(program)) throw new Error('dist/ is not built: npm run build');
    for (const left of await readdir(tmpdir())) {
      const pid = left.startsWith(prefix) ? Number(left.slice(prefix.length).split('-')[0]) : undefined;
      if (pid !== undefined && !existsSync(`/proc/${pid}`)) await rm(join(tmpdir(), left), { recursive: true });
    }
    await sweepDead(engine);
    const path = execFileSync(fileURLToPath(new URL('../../../scripts/find-temporal', import.meta.url)), {
      encoding: 'utf8',
    }).trim();
    const folder = await mkdtemp(join(tmpdir(), `${prefix}${process.pid}-`));
    const dbFilename = join(folder, 'temporal.db');
    const [postgres, temporal] = await Promise.all([
      PostgresServer.start(),
      TestWorkflowEnvironment.createLocal({
        server: {
          ...{ executable: { type: 'existing-path', path }, dbFilename },
          log: { format: 'json', level: 'error' },
        },
      }),
    ]);
    const place = new BackupPlace(folder, ownName('backup'), await postgres.database(), postgres, temporal, options);
    await place.#writeStack();
    return place;
  }

  get home() {
    return join(this.folder, 'home');
  }
  get stack() {
    return join(this.folder, 'stack');
  }
  get volume() {
    return `${this.project}_data`;
  }
  get points() {
    return targetHome(this.project, { SWITCHBACK_HOME: this.home }).points;
  }
  get environment(): NodeJS.ProcessEnv {
    return {
      SWITCHBACK_HOME: this.home,
      TEMPORAL_ADDRESS: this.temporal.address,
      SWITCHBACK_SECRETS: 'STORE_URL,MOVED_URL,SERVER_PASSWORD',
      ...(this.options.secretFolder === undefined ? {} : { SWITCHBACK_SECRET_FOLDERS: this.options.secretFolder }),
      ...(this.options.server === undefined ? {} : { SERVER_PASSWORD: this.options.server }),
      ...(this.options.storeUrl === undefined
        ? { STORE_URL: this.postgres.url(this.database), MOVED_URL: this.postgres.url('moved') }
        : {}),
    };
  }

  async #writeStack(): Promise<void> {
    await mkdir(join(this.stack, 'docker'), { recursive: true });
    const { server } = this.options;
    const db = {
      image: 'switchback-shop/db:15',
      environment: { SHOP_DB_PASSWORD: 'x', SHOP_DB_ADMIN_PASSWORD: server },
      volumes: ['pgdata:/data'],
      healthcheck: { test: ['CMD', 'pg_isready', '-U', 'postgres', '-d', 'shop'], interval: '1s', retries: 60 },
    };
    const text = composeFile(
      { api: sleeper({ volumes: ['data:/data'] }), ...(server !== undefined && { db }) },
      {
        volumes: { data: {}, ...(server !== undefined && { pgdata: {} }) },
        subnet: `10.213.${process.pid % 256}.0/28`,
      },
    );
    await writeFile(join(this.stack, 'docker-compose.yml'), text);
    await writeFile(join(this.stack, 'docker/v1.yml'), text);
    await writeFile(
      join(this.stack, 'switchback.yml'),
      `switchback: 1
name: backed-up
stack: { directory: ., project: ${this.project}, compose: docker-compose.yml }
stores:
  orders: { kind: postgres, url: '${this.options.storeUrl ?? '${env:STORE_URL}'}' }
${server === undefined ? '' : "  shop: { kind: postgres, service: db, database: shop, user: postgres, password: '${env:SERVER_PASSWORD}' }\n"}${
        this.options.repository ?? ''
      }baseline: { compose: docker/v1.yml, services: ${server === undefined ? 1 : 2} }
phases:
  - id: one
    checkpoint: { compose: docker/v1.yml }
    backup: [{ volume: ${this.volume}, quiesce: pause }]
    gate: [{ approval: lead }]
    verify: [{ services: ${server === undefined ? 1 : 2} }]
`,
    );
    await execa('docker', ['compose', '-p', this.project, 'up', '-d', '--wait'], { cwd: this.stack });
    await this.write('old');
    await this.postgres.run(this.database, `create table things (id int primary key, what text)`);
    await this.postgres.run(this.database, `insert into things select n, 'thing' from generate_series(1, 1000) n`);
  }

  /** While some work is done the plan has one store more, in a database of that name. */
  async withStore(name: string, url: string, work: () => Promise<void>): Promise<void> {
    const file = join(this.stack, 'switchback.yml');
    const plan = await readFile(file, 'utf8');
    await this.postgres.run('postgres', `create database ${name}`);
    await writeFile(file, plan.replace('stores:\n', `stores:\n  ${name}: { kind: postgres, url: '\${env:${url}}' }\n`));
    await work();
    await writeFile(file, plan);
  }

  /** Puts content into the volume, through the service. */
  async write(state: string, megabytes = 2): Promise<void> {
    const script = `echo ${state} >/data/state; head -c ${megabytes}M /dev/urandom >/data/random`;
    await this.inService(script);
  }

  async inService(script: string): Promise<string> {
    const { stdout } = await execa(
      'docker',
      ['compose', '-p', this.project, 'exec', '-T', 'api', 'bash', '-c', script],
      {
        cwd: this.stack,
      },
    );
    return stdout.trim();
  }

  /** Asks the database server among the services. @returns what it says, one row a line */
  async ask(sql: string): Promise<string> {
    const psql = ['psql', '-X', '-q', '-A', '-t', '-U', 'postgres', '-d', 'shop', '-c', sql];
    return (await execa('docker', ['compose', '-p', this.project, 'exec', '-T', 'db', ...psql], { cwd: this.stack }))
      .stdout;
  }

  /** Looks into any volume, mounted at /v. */
  async inVolume(volume: string, script: string): Promise<string> {
    const { stdout } = await execa('docker', [
      'run',
      '--rm',
      '--network',
      'none',
      '-v',
      `${volume}:/v`,
      image,
      'bash',
      '-c',
      script,
    ]);
    return stdout.trim();
  }

  async removeVolumes(...names: string[]): Promise<void> {
    await execa('docker', ['volume', 'rm', ...names]);
  }

  read = () => this.inService('cat /data/state');

  /** A worker process. Returns when it takes work. */
  async work(failpoint?: string): Promise<ChildProcess> {
    const worker = spawn(process.execPath, [program], {
      cwd: this.stack,
      env: {
        PATH: process.env['PATH'],
        HOME: process.env['HOME'],
        DOCKER_HOST: process.env['DOCKER_HOST'],
        ...this.environment,
        SWITCHBACK_STACKS: this.stack,
        ...(failpoint === undefined ? {} : { SWITCHBACK_FAILPOINT: failpoint }),
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    worker.stderr.pipe(process.stderr);
    for (const stream of [worker.stdout, worker.stderr])
      stream.on('data', (text: Buffer) => (this.said += String(text)));
    this.#workers.push(worker);
    await once(worker.stdout, 'data');
    return worker;
  }

  async kill(worker: ChildProcess): Promise<void> {
    if (worker.exitCode !== null || worker.signalCode !== null) return;
    const gone = once(worker, 'exit');
    worker.kill('SIGKILL');
    await gone;
  }

  async killWorkers(): Promise<void> {
    for (const worker of this.#workers) await this.kill(worker);
  }

  /** Types a command in the folder of the plan. */
  type(argv: string[], more: { answers?: string[]; signal?: AbortSignal } = {}): Promise<Invoked> {
    return invoke(verbs, argv, { cwd: this.stack, env: this.environment, ...more });
  }

  async json(...argv: string[]) {
    const { code, out, error } = await this.type([...argv, '--json']);
    try {
      return { code, ...JSON.parse(out) };
    } catch {
      throw new Error(`${argv.join(' ')} ended with ${code}: ${out}${error}`);
    }
  }

  /** Awaits a state of the world; the test's own time limit is the only clock. */
  async until(look: () => Promise<boolean>, everyMs = 50): Promise<void> {
    while (!(await look())) await new Promise((resolve) => setTimeout(resolve, everyMs));
  }

  async list(): Promise<Listed[]> {
    return (await this.json('backup', 'list')).points;
  }

  async journal() {
    return readJournal(targetHome(this.project, { SWITCHBACK_HOME: this.home }).journal);
  }

  async remove(): Promise<void> {
    await this.killWorkers();
    await execa('docker', ['compose', '-p', this.project, 'down', '-v'], { cwd: this.stack, reject: false });
    await sweepOwn(engine);
    await this.postgres.stop();
    await this.temporal.teardown();
    await rm(this.folder, { recursive: true, force: true });
  }
}
