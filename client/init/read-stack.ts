import { access, realpath } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { execa } from 'execa';

import { SwitchbackError } from '../../runbook/errors.ts';
import { parseEnv } from '../plan-file/parse-env.ts';
import { largestAliasCount, parseYaml } from '../plan-file/parse-yaml.ts';
import { readText } from '../plan-file/read-text.ts';
import { sketchStack, type StackSketch } from './stack-sketch.ts';

/** The stack that was found in a folder. */
export interface FoundStack {
  sketch: StackSketch;
  /** Names of the active files, in the folder. */
  compose: string;
  env?: string;
  warnings: string[];
}

/** Names that Compose looks for, in its own order. */
const composeNames = ['compose.yaml', 'compose.yml', 'docker-compose.yaml', 'docker-compose.yml'];

/**
 * Reads the Compose project of a folder: with `docker compose config` where Docker is there, else from the YAML alone.
 * Throws `PlanInvalid` when there is no Compose file, or when it cannot be read.
 */
export async function readStack(directory: string, environment: NodeJS.ProcessEnv): Promise<FoundStack> {
  const compose = await firstPresent(directory, composeNames);
  if (compose === undefined) {
    throw new SwitchbackError('PlanInvalid', `${directory} has no Compose file`, {
      hint: `Go to the folder of the stack: one with a ${composeNames.at(-1)}.`,
      facts: { directory },
    });
  }
  const env = await firstPresent(directory, ['.env']);
  const written = await readYaml(join(directory, compose));
  const warnings: string[] = [];
  const docker = dockerIn(directory, environment);
  const resolved = await docker(['compose', ...filesOf(directory, compose, env), 'config', '--format', 'json']);
  if ('problem' in resolved) {
    warnings.push(
      `docker compose could not read ${compose}, so names and ports are taken from the file as it is written: ${resolved.problem}`,
    );
  }
  const model = 'problem' in resolved ? undefined : (JSON.parse(resolved.out) as { name?: string });
  const running = await docker(['compose', 'ls', '--all', '--format', 'json']);
  const project =
    'problem' in running
      ? undefined
      : runningProject(running.out, await realpath(join(directory, compose)), join(directory, compose));
  const name = project ?? model?.name ?? nameOf(written) ?? projectNameOf(basename(await realpath(directory)));
  const ports = env === undefined ? [] : await portNames(join(directory, env));
  return { sketch: sketchStack(name, written, ports, model), compose, ...(env === undefined ? {} : { env }), warnings };
}

const filesOf = (directory: string, compose: string, env: string | undefined) => [
  `--project-directory=${directory}`,
  `--file=${join(directory, compose)}`,
  `--env-file=${env === undefined ? '/dev/null' : join(directory, env)}`,
];

async function readYaml(file: string): Promise<unknown> {
  const read = await readText(file);
  if ('problem' in read) throw new SwitchbackError('PlanInvalid', `${file} ${read.detail}`, { facts: { file } });
  const { document, problems } = parseYaml(read.text, { aliases: true });
  // Compose has tags of its own for merging files; it knows what they mean.
  const wrong = problems.find(({ message }) => !/`!(reset|override)/.test(message));
  if (document === undefined || wrong !== undefined) {
    throw new SwitchbackError('PlanInvalid', `${file}: ${wrong?.message ?? 'it is no YAML'}`, {
      hint: `${wrong?.hint ?? ''} \`docker compose config\` says more.`.trim(),
      facts: { file },
    });
  }
  return document.toJS({ maxAliasCount: largestAliasCount });
}

/** Variables of an env file that hold ports, as checks of a plan may use them; other values are not looked at. */
async function portNames(file: string): Promise<string[]> {
  const read = await readText(file);
  return 'problem' in read ? [] : Object.keys(parseEnv(read.text).ports);
}

type Ran = { out: string } | { problem: string };

/** Without the shell's COMPOSE_ variables: they would describe another project than the folder's. */
function dockerIn(cwd: string, environment: NodeJS.ProcessEnv) {
  const env = Object.fromEntries(
    Object.entries(environment).filter(
      ([name, value]) => value !== undefined && /^(PATH|HOME|USER|DOCKER_\w+|XDG_\w+)$/.test(name),
    ),
  ) as Record<string, string>;
  return async (argv: string[]): Promise<Ran> => {
    // Past half a minute the daemon hangs, and what it would add is not worth the wait.
    const ran = await execa('docker', argv, {
      cwd,
      env,
      extendEnv: false,
      reject: false,
      stdin: 'ignore',
      timeout: 30_000,
    });
    if (ran.exitCode === 0) return { out: ran.stdout };
    return {
      problem: (ran.stderr || ran.shortMessage || 'no answer').split('\n').filter(Boolean).at(-1)?.trim() ?? '',
    };
  };
}

/** The project that runs from this very file, whatever it is called. */
function runningProject(json: string, ...files: string[]): string | undefined {
  const projects = JSON.parse(json) as { Name: string; ConfigFiles?: string }[];
  return projects.find(({ ConfigFiles }) => ConfigFiles?.split(',').some((file) => files.includes(file)))?.Name;
}

function nameOf(document: unknown): string | undefined {
  const name = (document as { name?: unknown } | null)?.name;
  return typeof name === 'string' && !name.includes('$') ? name : undefined;
}

/** The name that Compose makes from a folder's. */
const projectNameOf = (folder: string) =>
  folder
    .toLowerCase()
    .replace(/[^a-z0-9_-]/g, '')
    .replace(/^[_-]+/, '') || 'stack';

async function firstPresent(directory: string, names: readonly string[]): Promise<string | undefined> {
  for (const name of names) {
    try {
      await access(join(directory, name));
      return name;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }
  return undefined;
}
