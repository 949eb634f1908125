import { randomInt } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, afterEach } from '@jest/globals';
import { execa } from 'execa';
import { freePort } from '../../client/local/free-port.ts';
import { verbs } from '../../client/verbs/index.ts';
import { readJournal, targetHome } from '../../journal/index.ts';
import { finalRunStates, type RunState, type RunStatus } from '../../runbook/run-state.ts';
import { invoke, type Invoked } from '../client/command-line/invoke.ts';
import { caseWorld, type CaseWorld } from './case-world.ts';
import { casePrefix, removeProject } from './docker-objects.ts';
import type { StandIn } from './stand-in-image.ts';

/**
 * A small Compose project of one test, on real Docker, Temporal and a built worker (`npm run build` first):
 *
 *     const cases = caseStacks();                       // a server and a worker for the cases of this file
 *     it('…', async () => {
 *       const stack = await cases.stack(({ project, image, port }) => ({ 'docker-compose.yml': `name: ${project}…` }));
 *       await stack.compose('up', '--detach', '--wait');
 *       expect(await stack.type('start', '--watch')).toMatchObject({ code: 0 });
 *       expect((await stack.container('web')).env['RELEASE']).toBe('2');
 *     });
 *
 * `image.v1` and `image.v2` are a stand-in service that answers on 8080 and is healthy within a second (see stand-in/stand-in); a case with
 * its own health check uses `interval: 1s`, and one with another image `init: true`. Files are written as they stand. What a case makes
 * is removed after it. `cases.world.killWorker()` and `startWorker()` are a crash and what comes after it.
 */
export interface Own {
  /** Name of the Compose project and of the target: nothing else on this machine has it. */
  project: string;
  image: StandIn;
  /** A free port on 127.0.0.1, for each name the same one. */
  port: (name: string) => number;
}

/** One container of the project, as the engine sees it. */
export interface SeenContainer {
  id: string;
  name: string;
  service: string;
  /** `running`, `exited`, `created`, … */
  state: string;
  /** `healthy`, `unhealthy`, `starting`, or nothing where it has no check. */
  health: string | undefined;
  /** The image's id. */
  image: string;
  env: Record<string, string>;
  /** Where a volume or a folder is mounted: the volume's name or the folder, by its place in the container. */
  mounts: Record<string, string>;
}

interface Inspected {
  Id: string;
  Name: string;
  Image: string;
  State: { Status: string; Health?: { Status: string } };
  Config: { Env: string[] | null; Labels: Record<string, string> };
  Mounts: { Type: string; Name?: string; Source: string; Destination: string }[];
}

/** How long a run may take to get somewhere, in milliseconds; for a stack of many containers it is set higher. */
const untilMs = 90_000;

export class CaseStack {
  patienceMs = untilMs;

  constructor(
    readonly world: CaseWorld,
    readonly project: string,
    readonly folder: string,
    readonly port: (name: string) => number,
  ) {}

  write(path: string, text: string): void {
    mkdirSync(dirname(join(this.folder, path)), { recursive: true });
    writeFileSync(join(this.folder, path), text);
  }

  read(path: string): string {
    return readFileSync(join(this.folder, path), 'utf8');
  }

  /** Types a `switchback` command in the stack's folder. */
  type(...argv: string[]): Promise<Invoked> {
    return invoke(verbs, argv, { cwd: this.folder, env: { ...this.world.environment, USER: 'ada' } });
  }

  /** Types it with `--json`. @returns its answer, with the exit code as `code` */
  async ask<T extends object = Record<string, unknown>>(...argv: string[]): Promise<T & { code: number }> {
    const { code, out, error } = await this.type(...argv, '--json');
    if (out === '') throw new Error(`switchback ${argv.join(' ')} said nothing: ${error}`);
    return { ...(JSON.parse(out) as T), code };
  }

  /** Awaits one of these states of the run. @throws Error when the run ends in another one, or nothing comes for a long time */
  async until(...states: RunState[]): Promise<RunStatus> {
    const end = Date.now() + this.patienceMs;
    for (;;) {
      const { status } = await this.ask<{ status?: RunStatus }>('status');
      if (status && states.includes(status.state)) return status;
      if ((status && finalRunStates.includes(status.state)) || Date.now() > end)
        throw new Error(`awaited ${states.join(' or ')}, the run is ${JSON.stringify(status, undefined, 2)}`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  journal() {
    return readJournal(targetHome(this.project, { SWITCHBACK_HOME: this.world.home }).journal);
  }

  /** Runs `docker …`. @throws ExecaError when it fails */
  async docker(...argv: string[]): Promise<string> {
    return (await execa('docker', argv, { cwd: this.folder })).stdout;
  }

  compose(...argv: string[]): Promise<string> {
    return this.docker('compose', '--project-name', this.project, ...argv);
  }

  /** Runs a command in the service's first container. */
  exec(service: string, ...argv: string[]): Promise<string> {
    return this.docker('exec', `${this.project}-${service}-1`, ...argv);
  }

  /** All containers of the project, running or not, by service and name. */
  async containers(): Promise<SeenContainer[]> {
    const filter = `label=com.docker.compose.project=${this.project}`;
    const ids = (await this.docker('ps', '--all', '--quiet', '--filter', filter)).split('\n').filter(Boolean);
    if (ids.length === 0) return [];
    // One that was removed meanwhile leaves the others in the answer.
    const { stdout } = await execa('docker', ['inspect', '--type', 'container', ...ids], { reject: false });
    return (JSON.parse(stdout) as Inspected[])
      .map((one) => ({
        id: one.Id,
        name: one.Name.slice(1),
        service: one.Config.Labels['com.docker.compose.service'] ?? '',
        state: one.State.Status,
        health: one.State.Health?.Status,
        image: one.Image,
        env: Object.fromEntries((one.Config.Env ?? []).map((pair) => splitOnce(pair))),
        mounts: Object.fromEntries(
          one.Mounts.map((mount) => [mount.Destination, mount.Type === 'volume' ? (mount.Name ?? '') : mount.Source]),
        ),
      }))
      .sort((a, b) => `${a.service} ${a.name}`.localeCompare(`${b.service} ${b.name}`));
  }

  /** The one container of a service. @throws Error when it has none, or several */
  async container(service: string): Promise<SeenContainer> {
    const found = (await this.containers()).filter((one) => one.service === service);
    if (found.length !== 1) throw new Error(`${this.project} has ${found.length} containers of ${service}`);
    return found[0]!;
  }

  /** Commits all files to a new git repository, for plans whose steps or tags need one. */
  async commit(): Promise<void> {
    const git = (...argv: string[]) => execa('git', argv, { cwd: this.folder });
    await git('init', '--quiet', '--initial-branch', 'main');
    await git('add', '--all');
    await git('-c', 'user.name=Ada', '-c', 'user.email=ada@example.org', 'commit', '--quiet', '--message', 'Begin');
  }
}

const splitOnce = (pair: string): [string, string] => {
  const at = pair.indexOf('=');
  return [pair.slice(0, at), pair.slice(at + 1)];
};

let count = 0;
const portsOfStack = 16;

/** Below the ports that the system gives to outgoing connections: one of those may hold a port while its container is made again. */
const unusedPort = () => freePort(...Array.from({ length: 20 }, () => randomInt(16_000, 32_000)));

export interface CaseStacks {
  world: CaseWorld;
  /** Makes a project of these files. Nothing is started yet. */
  stack(files: (own: Own) => Record<string, string>): Promise<CaseStack>;
}

/**
 * @param workerEnv variables of the worker beside its own, such as secrets that plans refer to
 * @param removeAfter `all`: stacks stay until the last case of the file has ended
 */
export function caseStacks(workerEnv: Record<string, string> = {}, removeAfter: 'each' | 'all' = 'each'): CaseStacks {
  const world = caseWorld(workerEnv);
  const made: string[] = [];
  const after = removeAfter === 'each' ? afterEach : afterAll;
  after(async () => {
    for (const project of made.splice(0)) await removeProject(project);
  }, untilMs);
  return {
    world,
    async stack(files) {
      const project = `${casePrefix}${process.pid}-${(count += 1)}`;
      made.push(project);
      const ports = new Map<string, number>();
      const free = [...new Set(await Promise.all(Array.from({ length: portsOfStack }, () => unusedPort())))];
      const port = (name: string) => {
        const taken = ports.get(name) ?? free.pop();
        if (taken === undefined) throw new Error(`a case has ${portsOfStack} ports, and ${name} is one more`);
        ports.set(name, taken);
        return taken;
      };
      const stack = new CaseStack(world, project, join(world.stacks, project), port);
      for (const [path, text] of Object.entries(files({ project, image: world.image, port }))) stack.write(path, text);
      return stack;
    },
  };
}
