import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { bundleWorkflowCode, DefaultLogger, Runtime, type Worker } from '@temporalio/worker';
import { execa } from 'execa';
import { createActivities } from '../../../activities/index.ts';
import { readPlan } from '../../../client/plan-file/index.ts';
import { readJournal, targetHome } from '../../../journal/index.ts';
import type { CompiledPlan } from '../../../runbook/compiled-plan.ts';
import { hostTaskQueue, migrationWorkflowId, rehearsalWorkflowId } from '../../../runbook/names.ts';
import type { RehearsalOptions } from '../../../runbook/rehearsal.ts';
import { createWorker } from '../../../worker/create-worker.ts';
import { activityDependencies } from '../../../worker/dependencies.ts';
import type { MigrationInput, RehearsalInput } from '../../../workflows/messages.ts';
import type { migration } from '../../../workflows/migration.ts';
import type { rehearsal } from '../../../workflows/rehearsal.ts';
import { composeFile, engine, sleeper } from '../compose/stack-fixture.ts';
import { ownName } from '../own-names.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));

/** Temporal, one worker with everything real, and stacks in temporary folders. */
export class RehearsalStage {
  readonly stacks: RehearsedStack[] = [];
  /** The worker's environment: secrets may be added while it runs. */
  readonly variables: NodeJS.ProcessEnv;
  #worker: { worker: Worker; running: Promise<void> } | undefined;

  private constructor(
    readonly environment: TestWorkflowEnvironment,
    readonly workflowBundle: { code: string },
    readonly folder: string,
  ) {
    this.variables = {
      ...process.env,
      ...{ SWITCHBACK_HOME: this.home, SWITCHBACK_SECRETS: 'DB_PASSWORD', DB_PASSWORD: 'admin-secret' },
    };
  }

  /** @param inProcess whether the worker runs in this process; else use `spawn` */
  static async start(inProcess = true): Promise<RehearsalStage> {
    Runtime.install({ logger: new DefaultLogger('ERROR') });
    await execa(join(root, 'examples/shop/build-images'), [], { stdio: ['ignore', 2, 2] });
    const path = execFileSync(join(root, 'scripts/find-temporal'), { encoding: 'utf8' }).trim();
    const environment = await TestWorkflowEnvironment.createLocal({
      server: {
        executable: { type: 'existing-path', path },
        extraArgs: ['--dynamic-config-value', 'system.enableActivityEagerExecution=true'],
        log: { format: 'json', level: 'error' },
      },
    });
    const { code } = await bundleWorkflowCode({
      workflowsPath: join(root, 'workflows/index.ts'),
      logger: new DefaultLogger('ERROR'),
    });
    const folder = await realpath(await mkdtemp(join(tmpdir(), 'switchback-rehearsal-')));
    const stage = new RehearsalStage(environment, { code }, folder);
    if (inProcess) await stage.work();
    return stage;
  }

  get home(): string {
    return join(this.folder, 'home');
  }

  async work(): Promise<void> {
    const worker = await createWorker({
      connection: this.environment.nativeConnection,
      namespace: 'default',
      host: 'local',
      activities: createActivities(
        activityDependencies({
          address: '',
          namespace: 'default',
          host: 'local',
          stacks: [this.folder],
          secrets: { environment: this.variables, allowed: ['*'] },
          name: 'stage',
          environment: this.variables,
        }),
      ),
      workflows: { workflowBundle: this.workflowBundle },
    });
    this.#worker = { worker, running: worker.run() };
  }

  /** A worker in a process of its own, which can be killed. @returns once it takes work */
  async spawn(): Promise<ChildProcess> {
    const child = spawn(process.execPath, [join(root, 'dist/worker/main.js')], {
      env: { ...this.variables, TEMPORAL_ADDRESS: this.environment.address, SWITCHBACK_STACKS: this.folder },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await new Promise<void>((resolve, reject) => {
      child.stdout?.on('data', (text: Buffer) => String(text).includes('worker ready') && resolve());
      child.once('exit', (code) => reject(new Error(`the worker ended with ${code}`)));
    });
    child.removeAllListeners('exit');
    return child;
  }

  async stop(): Promise<void> {
    for (const stack of this.stacks) await stack.down();
    this.#worker?.worker.shutdown();
    await this.#worker?.running;
    await this.environment.teardown();
    await Runtime.instance().shutdown();
    await rm(this.folder, { recursive: true, force: true });
  }

  /** A stack's folder with these files, not yet up. */
  async stack(files: Record<string, string>): Promise<RehearsedStack> {
    const project = ownName('reh').replaceAll(/[^a-z0-9_-]/g, '-');
    const directory = join(this.folder, project);
    const stack = new RehearsedStack(this, project, directory);
    this.stacks.push(stack);
    for (const [path, text] of Object.entries(files)) await stack.write(path, text.replaceAll('PROJECT', project));
    return stack;
  }
}

export const plainOptions: RehearsalOptions = { required: false, discardData: false, ignore: [], withinSeconds: 600 };

export class RehearsedStack {
  constructor(
    readonly stage: RehearsalStage,
    readonly project: string,
    readonly directory: string,
  ) {}

  async write(path: string, text: string): Promise<void> {
    await mkdir(dirname(join(this.directory, path)), { recursive: true });
    await writeFile(join(this.directory, path), text);
  }

  async up(): Promise<void> {
    await execa('docker', ['compose', '-p', this.project, 'up', '-d', '--wait', '--wait-timeout', '60'], {
      cwd: this.directory,
      reject: false,
    });
  }

  async down(): Promise<void> {
    await execa('docker', ['compose', '-p', this.project, 'down', '-v', '--remove-orphans', '-t', '1'], {
      cwd: this.directory,
      reject: false,
    });
  }

  async plan(): Promise<CompiledPlan> {
    const reading = await readPlan(join(this.directory, 'switchback.yml'));
    if (!reading.ok) throw new Error(JSON.stringify(reading.issues, null, 2));
    return reading.compiled;
  }

  /** As `switchback rehearse` asks. */
  async begin(options: Partial<RehearsalOptions> = {}, phases?: string[]) {
    const input: RehearsalInput = {
      target: this.project,
      operator: 'test@here',
      plan: await this.plan(),
      options: { ...plainOptions, ...options },
      ...(phases ? { phases } : {}),
    };
    return this.stage.environment.client.workflow.start<typeof rehearsal>('rehearsal', {
      workflowId: rehearsalWorkflowId(this.project),
      taskQueue: hostTaskQueue('local'),
      args: [input],
    });
  }

  async rehearse(options: Partial<RehearsalOptions> = {}, phases?: string[]) {
    return (await this.begin(options, phases)).result();
  }

  async migrate(runId: string, extra: Partial<MigrationInput> = {}) {
    const input: MigrationInput = {
      target: this.project,
      runId,
      homeHost: 'local',
      operator: 'test@here',
      plan: await this.plan(),
      without: [],
      searchAttributes: false,
      ...extra,
    };
    return this.stage.environment.client.workflow.start<typeof migration>('migration', {
      workflowId: migrationWorkflowId(this.project),
      taskQueue: hostTaskQueue('local'),
      args: [input],
    });
  }

  /** Takes the newest phase back, as `switchback rollback` does when no run is open. */
  async goBack(runId: string) {
    const input: MigrationInput = {
      target: this.project,
      runId,
      homeHost: 'local',
      operator: 'test@here',
      rollback: { request: { to: 'previous', restoreData: false, discardData: false }, reason: 'a test' },
      without: [],
      searchAttributes: false,
    };
    const handle = await this.stage.environment.client.workflow.start<typeof migration>('migration', {
      workflowId: migrationWorkflowId(this.project),
      taskQueue: hostTaskQueue('local'),
      args: [input],
    });
    return handle.result();
  }

  journal() {
    return readJournal(targetHome(this.project, { SWITCHBACK_HOME: this.stage.home }).journal);
  }

  /** What is left of a clone: containers, volumes, networks and homes. Nothing, after a rehearsal. */
  async remains(): Promise<string[]> {
    const filter = ['--filter', `name=${this.project}-rehearsal`];
    const list = async (...argv: string[]) =>
      (await execa('docker', [...argv, ...filter])).stdout.split('\n').filter((line) => line !== '');
    const homes = await readdir(join(this.stage.home, 'targets')).catch(() => []);
    return [
      ...(await list('ps', '-aq')),
      ...(await list('volume', 'ls', '-q')),
      ...(await list('network', 'ls', '-q')),
      ...homes.filter((name) => name.startsWith(`${this.project}.`)),
    ];
  }

  exec(service: string, ...argv: string[]) {
    return execa('docker', ['exec', `${this.project}-${service}-1`, ...argv]);
  }

  sql(query: string): Promise<string> {
    return this.exec('db', 'psql', '-U', 'postgres', '-d', 'shop', '-Atc', query).then(({ stdout }) => stdout);
  }

  /** What the original is: ids and start times of containers, files, volumes, all rows. */
  async fingerprint(volumes: string[], queries: string[] = []): Promise<Record<string, string>> {
    const listed = await engine.listByLabel({ 'com.docker.compose.project': this.project });
    const containers = await Promise.all(listed.map(({ Id }) => engine.inspectContainer(Id)));
    const found: Record<string, string> = {
      containers: containers
        .map((info) => `${info?.Name} ${info?.Id} ${info?.State.StartedAt}`)
        .sort()
        .join('\n'),
    };
    const files = (await readdir(this.directory, { recursive: true, withFileTypes: true })).filter((entry) =>
      entry.isFile(),
    );
    for (const file of files) {
      const path = join(file.parentPath, file.name);
      found[path] = createHash('sha256')
        .update(await readFile(path))
        .digest('hex');
    }
    for (const volume of volumes) {
      const script = 'cd /v && find . -printf "%p %s %m %U %T@\\n" | sort; find . -type f | sort | xargs -r sha256sum';
      const argv = [
        'run',
        '--rm',
        '-v',
        `${this.project}_${volume}:/v:ro`,
        'debian:bookworm-slim',
        'bash',
        '-c',
        script,
      ];
      found[volume] = (await execa('docker', argv)).stdout;
    }
    for (const query of queries) found[query] = await this.sql(query);
    return found;
  }
}

let subnets = 0;

/** A database, an API and a worker with a volume, as version 1 and 2. */
export function smallStack(
  changes: {
    v1?: Record<string, object>;
    v2?: Record<string, object>;
    sql?: string;
    undo?: string;
    phase?: string;
  } = {},
): Record<string, string> {
  const subnet = `10.216.${process.pid % 256}.${((subnets += 1) % 16) * 16}/28`;
  const db = {
    image: 'switchback-shop/db:15',
    init: true,
    container_name: 'PROJECT-db-1',
    environment: { SHOP_DB_PASSWORD: 'x', SHOP_DB_ADMIN_PASSWORD: 'admin-secret' },
    ports: ['127.0.0.1::5432'],
    volumes: ['db_data:/data'],
    healthcheck: {
      test: ['CMD', 'pg_isready', '-q', '-h', '127.0.0.1', '-U', 'shop', '-d', 'shop'],
      interval: '1s',
      retries: 30,
    },
  };
  const app = (version: string) =>
    sleeper({
      hostname: 'app',
      environment: { VERSION: version },
      volumes: ['app_data:/data', './conf/app.conf:/etc/app.conf:ro'],
      labels: { 'traefik.enable': 'true' },
    });
  const volumes = { db_data: {}, app_data: {} };
  const v1 = composeFile({ db, app: app('1'), helper: sleeper(), ...changes.v1 }, { subnet, volumes });
  const v2 = composeFile({ db, app: app('2'), helper: sleeper(), ...changes.v2 }, { subnet, volumes });
  return {
    'docker-compose.yml': v1,
    'docker/v1.yml': v1,
    'docker/v2.yml': v2,
    'conf/app.conf': 'setting = 1\n',
    'schemas/002.sql': changes.sql ?? 'create index orders_by_customer on orders (customer);\n',
    'schemas/002.undo.sql': changes.undo ?? 'drop index orders_by_customer;\n',
    'switchback.yml': `switchback: 1
name: small
stack: { directory: ., project: PROJECT, compose: docker-compose.yml }
stores:
  orders: { kind: postgres, service: db, database: shop, user: postgres, password: "\${env:DB_PASSWORD}" }
baseline: { compose: docker/v1.yml, services: 3 }
phases:
  - id: two
    risk: low
    checkpoint: { compose: docker/v2.yml }
    backup: [ { volume: PROJECT_app_data, quiesce: none } ]
    steps: [ { sql: orders, file: schemas/002.sql, undo: schemas/002.undo.sql } ]
    verify: [ { services: 3 } ]
${changes.phase ?? ''}`,
  };
}
