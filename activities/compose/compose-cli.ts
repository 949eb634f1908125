import { join } from 'node:path';

import { SwitchbackError } from '../../runbook/errors.ts';
import { composeEnvironment } from './compose-environment.ts';
import { parseEvent, type ComposeEvent } from './compose-event.ts';
import { envFileFailure, learnFromModel, masked } from '../masking/index.ts';
import { composeFailure } from './compose-failure.ts';
import { parseModel, type ComposeModel } from './compose-model.ts';
import { lockProject } from './project-lock.ts';
import { runDocker, type Ran, type RunOptions } from './run-compose.ts';

/** A Compose project with the files that describe it. All paths absolute. */
export interface ComposeProject {
  name: string;
  /** What relative paths in the files start from. */
  directory: string;
  files: string[];
  /** Absent: no env file at all, also not the one that Compose would find by itself. */
  envFile?: string | undefined;
  /** That are on, whatever the env file says of `COMPOSE_PROFILES`. */
  profiles?: readonly string[] | undefined;
}

export interface ComposeOptions {
  signal?: AbortSignal | undefined;
  /** In milliseconds. */
  timeoutMs?: number | undefined;
}

type RunSurroundings = Omit<RunOptions, 'environment' | 'timeoutMs'> & {
  timeoutMs?: number | undefined;
  profiles?: readonly string[] | undefined;
};

export interface LockedOptions extends ComposeOptions {
  /** Folder of the target's home that has the project's lock. */
  lockFolder: string;
  /** What it is done for, shown to whoever waits for the lock. */
  doing: string;
}

export interface UpOptions extends LockedOptions {
  /** Called with the lock held, when nobody else's Compose works on the project any more. */
  settle?: () => Promise<void>;
  onEvent?: (event: ComposeEvent) => void;
}

/**
 * `docker compose`, always with a scrubbed environment and everything named: project, directory, env file, files. It never builds,
 * pulls, answers questions or removes volumes.
 */
export class ComposeCli {
  readonly #environment: Record<string, string>;

  /** @param dockerHost address of the engine, so that it is the same one that the API client talks to */
  constructor(options: { dockerHost: string; environment?: NodeJS.ProcessEnv }) {
    this.#environment = composeEnvironment(options.environment ?? process.env, options.dockerHost);
  }

  /** The version of the plugin, e.g. `2.26.1`. @throws SwitchbackError `PreconditionFailed` when there is none. */
  async version(options: ComposeOptions = {}): Promise<string> {
    const ran = await this.#run(['compose', 'version', '--short'], { directory: '/', ...options });
    const version = ran.stdout.trim().replace(/^v/, '');
    if (ran.exitCode === 0 && /^\d+\.\d+/.test(version)) return version;
    throw new SwitchbackError('PreconditionFailed', 'docker compose is not there', {
      hint: 'Install the Compose plugin, version 2; `switchback doctor` says how.',
    });
  }

  /**
   * The project as Compose understands it, with services of all profiles. Holds interpolated secrets.
   * @throws SwitchbackError `PlanInvalid` when Compose does not accept the files.
   */
  async model(project: ComposeProject, options: ComposeOptions = {}): Promise<{ model: ComposeModel; text: string }> {
    const args = [...everyProfile(project), 'config', '--format', 'json'];
    const text = await this.#answer('config', args, project, options);
    const model = parseModel(text, project.profiles);
    await learnFromModel(model);
    return { model, text };
  }

  /**
   * The hash of each service, as `up` writes it on the containers. @param text what `model` returned: hashes of the files
   * themselves still contain `env_file`, which `up` has resolved by then.
   */
  async hashes(project: ComposeProject, text: string, options: ComposeOptions = {}): Promise<Record<string, string>> {
    const args = [...everyProfile({ ...project, files: ['-'], envFile: undefined }), 'config', '--hash', '*'];
    const printed = await this.#answer('config', args, project, { ...options, input: text });
    return Object.fromEntries(
      printed
        .split('\n')
        .map((line) => line.trim().split(/\s+/))
        .filter((parts): parts is [string, string] => parts.length === 2),
    );
  }

  /**
   * Brings containers to what the files say, under the project's lock. Ends when they were started and their conditions met.
   * @throws SwitchbackError `Conflict` (a name or port is taken), `PreconditionFailed` (an image is missing), `StepFailed`,
   * `NotReady` (time is up), `Busy` (the lock), or the signal's reason after the command has gone.
   */
  async up(project: ComposeProject, options: UpOptions): Promise<void> {
    await this.#act(project, 'up', ['--detach', '--no-build', '--pull=never', '--no-color'], options);
  }

  /**
   * Makes the containers of some services anew where their configuration changed, or in any case with `force`, and starts nothing: what is
   * running is ended first. Then use `start`. (`up --no-deps` would write another hash on them, and the next `up` recreate them again.)
   * Errors as `up`.
   */
  async create(
    project: ComposeProject,
    services: readonly string[],
    options: UpOptions & { force: boolean },
  ): Promise<void> {
    const force = options.force ? ['--force-recreate'] : [];
    await this.#act(project, 'create', ['--no-build', '--pull=never', ...force, '--', ...services], options);
  }

  /** Starts the containers of some services as they are, and no others: one-shots that they depend on do not run again. Errors as `up`. */
  async start(project: ComposeProject, services: readonly string[], options: UpOptions): Promise<void> {
    const as = [
      '--detach',
      '--no-build',
      '--pull=never',
      '--no-color',
      '--no-deps',
      '--no-recreate',
      '--',
      ...services,
    ];
    await this.#act(project, 'up', as, options);
  }

  /**
   * Waits until no Compose works on a project: ends what a dead worker left running, before anybody looks at what is there.
   * @throws SwitchbackError `Busy`
   */
  async untilIdle(project: string, options: LockedOptions): Promise<void> {
    const lock = await lockProject(composeLock(options.lockFolder, project), options);
    await lock.release();
  }

  async #act(project: ComposeProject, command: 'up' | 'create', args: string[], options: UpOptions): Promise<void> {
    const lock = await lockProject(composeLock(options.lockFolder, project.name), options);
    try {
      await options.settle?.();
      const ran = await this.#run([...base(project), command, ...args], {
        profiles: project.profiles,
        directory: project.directory,
        signal: options.signal,
        timeoutMs: options.timeoutMs ?? 1_800_000,
        onStart: (pid) => lock.note(pid),
        onLine: (line) => {
          const event = parseEvent(line);
          if (event) options.onEvent?.(event);
        },
      });
      if (ran.exitCode !== 0) throw await explained(command, ran, project);
    } finally {
      await lock.release();
    }
  }

  async #answer(
    command: string,
    args: string[],
    project: ComposeProject,
    options: ComposeOptions & { input?: string },
  ): Promise<string> {
    const ran = await this.#run(args, { directory: project.directory, profiles: project.profiles, ...options });
    if (ran.exitCode !== 0) throw await explained(command, ran, project);
    return ran.stdout;
  }

  #run(args: string[], options: RunSurroundings): Promise<Ran> {
    const { timeoutMs = 60_000, profiles = [], ...rest } = options;
    // An env file may say it too; what the process says comes first, also where a Compose file interpolates it.
    const said = { COMPOSE_PROFILES: profiles.join(','), COMPOSE_REMOVE_ORPHANS: 'false' };
    const environment = { ...this.#environment, ...said };
    return runDocker(args, { ...rest, timeoutMs, environment });
  }
}

/** What Compose says of an env file that it cannot read quotes what stands there: such a line is looked for first. */
async function explained(command: string, { exitCode, stderr }: Ran, project: ComposeProject): Promise<Error> {
  return (await envFileFailure(stderr, project)) ?? composeFailure(command, exitCode, masked(stderr));
}

/** The lock file of a project, in the home of its target. */
export function composeLock(folder: string, project: string): string {
  return join(folder, `compose-${project}.lock`);
}

function base(project: ComposeProject): string[] {
  return [
    'compose',
    '--progress=plain',
    `--project-name=${project.name}`,
    `--project-directory=${project.directory}`,
    // Without one, Compose would read a `.env` that it happens to find.
    `--env-file=${project.envFile ?? '/dev/null'}`,
    ...project.files.map((file) => `--file=${file}`),
    ...(project.profiles ?? []).map((profile) => `--profile=${profile}`),
  ];
}

const everyProfile = (project: ComposeProject) => [...base({ ...project, profiles: [] }), '--profile=*'];
