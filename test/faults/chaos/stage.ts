import { spawn, type ChildProcess } from 'node:child_process';
import { openSync } from 'node:fs';
import { cp, mkdir, mkdtemp, realpath, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { freePort } from '../../../client/local/free-port.ts';
import { verbs } from '../../../client/verbs/index.ts';
import type { RunState, RunStatus } from '../../../runbook/run-state.ts';
import { Journal, targetHome, type TargetHome } from '../../../journal/index.ts';
import { invoke } from '../../client/command-line/invoke.ts';
import { ownName } from '../../real/own-names.ts';
import { Customers } from './customers.ts';
import { CuttingProxy } from './cutting-proxy.ts';
import { addressOf } from './own-network.ts';
import { OwnDaemon } from './own-daemon.ts';
import { OwnServer } from './own-server.ts';
import { removeStage, stagePrefix, sweepDeadStages } from './sweep-dead.ts';
import { till } from './till.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const loopback = '127.0.0.1';

/** A password that must be found nowhere: it is set in the running database, so that not even the stack's own files have it. */
const sentinel = 'sentinel-5f1a9c';

/**
 * Everything that can be disturbed: a Docker daemon, a Temporal server and a database of the test's own, wires between them and
 * the worker that can be cut, and a home on a small disk that can be filled. Needs root.
 */
export class ChaosStage {
  readonly project = ownName('till').replaceAll(/[^a-z0-9_-]/g, '-');
  readonly customers: Customers;
  readonly workers = new Set<ChildProcess>();
  journal!: Journal;
  readonly #env: NodeJS.ProcessEnv;

  private constructor(
    readonly folder: string,
    readonly daemon: OwnDaemon,
    readonly server: OwnServer,
    readonly wires: { docker: CuttingProxy; postgres: CuttingProxy; temporal: CuttingProxy },
    readonly ports: { postgres: number; wiredPostgres: number; wiredTemporal: number },
  ) {
    this.customers = new Customers(`postgres://postgres:${sentinel}@${addressOf(process.pid)}:${ports.postgres}/shop`);
    this.#env = {
      ...process.env,
      SWITCHBACK_HOME: this.home,
      SWITCHBACK_STACKS: folder,
      TEMPORAL_ADDRESS: `${loopback}:${ports.wiredTemporal}`,
      DOCKER_HOST: `unix://${join(folder, 'wired.sock')}`,
      SWITCHBACK_SECRETS: 'TILL_ADMIN_URL',
      TILL_ADMIN_URL: `postgres://postgres:${sentinel}@${loopback}:${ports.wiredPostgres}/shop`,
    };
  }

  static async start(): Promise<ChaosStage> {
    await sweepDeadStages();
    await execa(join(root, 'examples/shop/build-images'), [], { stdio: ['ignore', 2, 2] });
    const folder = await realpath(await mkdtemp(join(tmpdir(), `${stagePrefix}${process.pid}-`)));
    const { stdout } = await execa('docker', ['images', '--format', '{{.Repository}}:{{.Tag}}', 'switchback-helper']);
    const helpers = stdout.split('\n').filter((line) => line !== '');
    const daemon = await OwnDaemon.start(join(folder, 'docker'), [
      'debian:bookworm-slim',
      'switchback-shop/db:15',
      ...helpers,
    ]);
    const server = await OwnServer.start(folder, root);
    const ports = { postgres: await freePort(), wiredPostgres: await freePort(), wiredTemporal: await freePort() };
    const wires = {
      docker: await CuttingProxy.start({ path: join(folder, 'wired.sock') }, { path: daemon.socket }),
      postgres: await CuttingProxy.start(
        { host: loopback, port: ports.wiredPostgres },
        { host: addressOf(process.pid), port: ports.postgres },
      ),
      temporal: await CuttingProxy.start(
        { host: loopback, port: ports.wiredTemporal },
        { host: loopback, port: server.port },
      ),
    };
    const stage = new ChaosStage(folder, daemon, server, wires, ports);
    await mkdir(stage.home, { recursive: true });
    await execa('mount', ['-t', 'tmpfs', '-o', 'size=192m,mode=700', 'switchback-chaos', stage.home]);
    await stage.#bringUpTill();
    return stage;
  }

  get home(): string {
    return join(this.folder, 'home');
  }
  get stack(): string {
    return join(this.folder, 'till');
  }
  get targetHome(): TargetHome {
    return targetHome(this.project, { SWITCHBACK_HOME: this.home });
  }
  get secret(): string {
    return sentinel;
  }
  get workerLog(): string {
    return join(this.folder, 'worker.log');
  }

  docker = async (...words: string[]): Promise<string> =>
    (await execa('docker', words, { env: { DOCKER_HOST: this.daemon.host } })).stdout;

  sql = (query: string): Promise<string> =>
    this.docker('exec', `${this.project}-db-1`, 'psql', '-U', 'postgres', '-d', 'shop', '-Atc', query);

  /** Types a command as an operator whose own connections are sound. */
  async type(...argv: string[]) {
    const env = {
      SWITCHBACK_HOME: this.home,
      TEMPORAL_ADDRESS: this.server.address,
      USER: 'ada',
      PATH: process.env['PATH'],
    };
    return invoke(verbs, argv, { cwd: this.stack, env });
  }

  /** What `switchback status` says; undefined when nothing has run yet. */
  async status(): Promise<{ runId: string; state: RunState; inconsistent: boolean; lost: boolean } | undefined> {
    const { out } = await this.type('status', '--json');
    if (out === '') return undefined;
    const said = JSON.parse(out) as { status: RunStatus | null; ended?: string | null };
    if (!said.status) return undefined;
    const { runId, state, inconsistent } = said.status;
    return { runId, state, inconsistent, lost: Boolean(said.ended) };
  }

  /** Lines in the target's journal. */
  async journalLines(): Promise<number> {
    await this.journal.refresh();
    return this.journal.records.length;
  }

  /** Waits until everything answers, and exactly one worker is at work. */
  async settled(): Promise<void> {
    for (const worker of [...this.workers].slice(0, -1)) worker.kill('SIGKILL');
    if (this.workers.size === 0) this.startWorker();
    for (const deadline = Date.now() + 60_000; ;) {
      const health = await this.docker('inspect', '--format', '{{.State.Health.Status}}', `${this.project}-db-1`).catch(
        () => '',
      );
      if (health === 'healthy') return;
      if (Date.now() > deadline) throw new Error(`the database is ${health}`);
      await wait(200);
    }
  }

  /** The last worker that was started, if it still runs. */
  get worker(): ChildProcess | undefined {
    return [...this.workers].at(-1);
  }

  /** Starts a worker; it takes work some time later. @param build where its program is */
  startWorker(environment: NodeJS.ProcessEnv = {}, build = join(root, 'dist')): ChildProcess {
    const log = openSync(this.workerLog, 'a', 0o600);
    const child = spawn(process.execPath, [join(build, 'worker/main.js')], {
      env: { ...this.#env, ...environment },
      stdio: ['ignore', log, log],
    });
    this.workers.add(child);
    child.once('exit', () => this.workers.delete(child));
    return child;
  }

  /** Ends every worker at once. */
  async killWorkers(): Promise<void> {
    for (const worker of this.workers) {
      const gone = new Promise((resolve) => worker.once('exit', resolve));
      worker.kill('SIGKILL');
      await gone;
    }
  }

  /** The same program as built elsewhere. @returns its folder */
  async anotherBuild(): Promise<string> {
    const folder = join(this.folder, 'another');
    await cp(join(root, 'dist'), join(folder, 'dist'), { recursive: true });
    await cp(join(root, 'package.json'), join(folder, 'package.json'));
    await symlink(join(root, 'node_modules'), join(folder, 'node_modules'));
    await execa(process.execPath, [join(folder, 'dist/worker/build-workflow-bundle.js')], { cwd: folder });
    return join(folder, 'dist');
  }

  async stop(): Promise<void> {
    await this.customers.end();
    await this.killWorkers();
    await Promise.all(Object.values(this.wires).map((wire) => wire.stop()));
    await this.server.kill();
    await this.daemon.stop();
    await removeStage(this.folder);
  }

  async #bringUpTill(): Promise<void> {
    const { project } = this;
    for (const [path, text] of Object.entries(till({ project, port: this.ports.postgres }))) {
      await mkdir(dirname(join(this.stack, path)), { recursive: true });
      await writeFile(join(this.stack, path), text);
    }
    await execa('docker', ['compose', '-p', project, 'up', '--detach'], {
      cwd: this.stack,
      env: { DOCKER_HOST: this.daemon.host },
    });
    for (const deadline = Date.now() + 60_000; ;) {
      try {
        await this.sql('select 1');
        break;
      } catch (error) {
        if (Date.now() > deadline) throw error;
        await wait(200);
      }
    }
    await this.sql(`alter role postgres password '${sentinel}'`);
    await this.sql('create table public.orders (key text primary key, amount int not null)');
    await this.docker('exec', `${project}-app-1`, 'bash', '-c', 'head -c 300000 /dev/urandom > /var/app/blob');
    await mkdir(dirname(this.targetHome.journal), { recursive: true });
    this.journal = await Journal.open(this.targetHome.journal, { keepRecords: true });
  }
}
