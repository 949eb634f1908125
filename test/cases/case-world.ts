import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from '@jest/globals';
import { isRunning } from '../../client/local/process-identity.ts';
import { startServer, untilServerReady, type RunningServer } from '../../client/local/server.ts';
import { readLog, startProcess, untilReady, type Launched } from '../../client/local/start-process.ts';
import { workerEnvironment } from '../../client/local/worker.ts';
import { settingsFrom } from '../../client/settings/settings.ts';
import { casePrefix, removeDead } from './docker-objects.ts';
import { standInImage, type StandIn } from './stand-in-image.ts';

const root = join(import.meta.dirname, '../..');
const program = join(root, 'dist/worker/main.js');
const startingMs = 120_000;

/**
 * A Temporal server and a built worker, which the cases of one test file share: both together are up in some seconds. `caseWorld()` at the
 * top of a file starts and ends them.
 */
export class CaseWorld {
  readonly folder = mkdtempSync(join(realpathSync(tmpdir()), `${casePrefix}${process.pid}-`));
  readonly home = join(this.folder, 'home');
  readonly stacks = join(this.folder, 'stacks');
  image: StandIn = { v1: '', v2: '' };
  #server: RunningServer | undefined;
  #worker: Launched | undefined;
  readonly #abort = new AbortController();

  /** @param workerEnv variables of the worker beside its own, such as secrets that plans refer to */
  constructor(readonly workerEnv: Record<string, string>) {
    mkdirSync(this.stacks);
  }

  /** What a command line or a worker of this world has in its environment: nothing of other servers and homes. */
  get environment(): NodeJS.ProcessEnv {
    const foreign = /^(TEMPORAL|SWITCHBACK|COMPOSE)_/;
    return {
      ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !foreign.test(name))),
      SWITCHBACK_HOME: this.home,
      NO_COLOR: '1',
      ...(this.#server && { TEMPORAL_ADDRESS: this.#server.address }),
    };
  }

  async start(): Promise<void> {
    refuseStaleBuild();
    await removeDead();
    await endDeadWorlds();
    this.image = await standInImage();
    const env = this.environment;
    this.#server = await startServer({ home: this.home, namespace: 'default', env });
    this.#note(this.#server.process);
    await untilServerReady(this.#server, settingsFrom({}, this.environment, undefined), this.#abort.signal);
    await this.startWorker();
  }

  /** Starts the worker, and waits until it takes work. */
  async startWorker(): Promise<void> {
    const worker = await startProcess({
      name: 'the worker',
      file: process.execPath,
      args: [program],
      env: {
        ...workerEnvironment(this.environment, settingsFrom({}, this.environment, undefined), [this.stacks]),
        ...this.workerEnv,
      },
      log: this.workerLog,
    });
    this.#worker = worker;
    this.#note(worker);
    await untilReady(
      'the worker',
      worker,
      async () => /worker ready/.test(await readLog(worker.log, worker.logStart)),
      {
        withinMs: 60_000,
        signal: this.#abort.signal,
      },
    );
  }

  /** `kill -9` of the worker alone: its children live on, as they do after a crash. @returns once it is gone */
  async killWorker(): Promise<void> {
    if (this.#worker === undefined) throw new Error('there is no worker');
    process.kill(this.#worker.pid, 'SIGKILL');
    while (await isRunning(this.#worker)) await new Promise((resolve) => setTimeout(resolve, 10));
    this.#worker = undefined;
  }

  get workerLog(): string {
    return join(this.home, 'logs/worker.log');
  }

  stop(): void {
    this.#abort.abort();
    for (const launched of this.#launched) endGroup(launched.pid);
    rmSync(this.folder, { recursive: true, force: true });
  }

  readonly #launched: Launched[] = [];
  #note(launched: Launched): void {
    this.#launched.push(launched);
    writeFileSync(join(this.folder, 'processes.json'), JSON.stringify(this.#launched));
  }
}

/** Starts a world before the cases of this file, and ends it after them. */
export function caseWorld(workerEnv: Record<string, string> = {}): CaseWorld {
  const world = new CaseWorld(workerEnv);
  beforeAll(() => world.start(), startingMs);
  afterAll(() => world.stop(), startingMs);
  return world;
}

/** A worker of yesterday's code would make every case lie. @throws Error when a source is newer than what was built */
function refuseStaleBuild(): void {
  const built = existsSync(program) ? statSync(join(root, 'dist/worker/workflow-bundle.js')).mtimeMs : 0;
  for (const folder of ['runbook', 'journal', 'workflows', 'activities', 'worker', 'client'])
    for (const file of readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }))
      if (file.endsWith('.ts') && statSync(join(root, folder, file)).mtimeMs > built)
        throw new Error(`${folder}/${file} is newer than dist/: npm run build`);
}

/** Ends servers and workers of test processes of this checkout that were killed. */
async function endDeadWorlds(): Promise<void> {
  const names = readdirSync(tmpdir()).filter((name) => name.startsWith(casePrefix));
  for (const name of names) {
    const pid = name.slice(casePrefix.length).split('-')[0] ?? '';
    if (existsSync(`/proc/${pid}`)) continue;
    const folder = join(tmpdir(), name);
    const written = join(folder, 'processes.json');
    const launched = existsSync(written) ? (JSON.parse(readFileSync(written, 'utf8')) as Launched[]) : [];
    for (const process of launched) if (await isRunning(process)) endGroup(process.pid);
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The process and the children that it left: each was started as the leader of a group of its own. */
function endGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
