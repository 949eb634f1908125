import { access, realpath } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { parseEnv } from 'node:util';

import { SwitchbackError } from '../../runbook/errors.ts';
import { readText } from '../plan-file/read-text.ts';
import type { AskDocker } from './ask-docker.ts';

/** What was asked for on the command line; all of it is found by itself where it is left out. */
export interface StackRequest {
  /** Compose files, in the order in which they are merged, relative to the folder. */
  compose?: readonly string[];
  env?: string;
  profiles?: readonly string[];
  project?: string;
}

/** The files of a Compose project, relative to its folder. */
export interface StackFiles {
  compose: string[];
  env?: string;
  profiles: string[];
  /** Where something says it: the command line, a project that runs from these files, the env file. */
  project?: string;
}

/** The words with which Compose is asked about the project. */
export const composeFlags = (directory: string, { env, compose }: StackFiles, project?: string): string[] => [
  'compose',
  ...(project === undefined ? [] : [`--project-name=${project}`]),
  `--project-directory=${directory}`,
  `--env-file=${env === undefined ? '/dev/null' : join(directory, env)}`,
  ...compose.map((file) => (file === '-' ? '--file=-' : `--file=${join(directory, file)}`)),
  '--profile=*',
];

/** Names that Compose looks for, in its own order. */
const composeNames = ['compose.yaml', 'compose.yml', 'docker-compose.yml', 'docker-compose.yaml'];
const overrideNames = [
  'compose.override.yml',
  'compose.override.yaml',
  'docker-compose.override.yml',
  'docker-compose.override.yaml',
];

/**
 * Finds the files that a person in this folder would start: those asked for, those that `COMPOSE_FILE` in the env file names, those from
 * which the project runs now, or the usual ones with their override. @throws SwitchbackError `PlanInvalid` where there are none
 */
export async function findFiles(directory: string, request: StackRequest, docker: AskDocker): Promise<StackFiles> {
  const env = request.env ?? (await firstPresent(directory, ['.env']));
  const said = env === undefined ? {} : await composeVariables(join(directory, env), directory);
  const usual = await firstPresent(directory, composeNames);
  const override = usual === undefined ? undefined : await firstPresent(directory, overrideNames);
  const runs = await runningProject(docker, directory);
  const named = request.compose ?? said.files;
  const compose = named?.map((file) => insideOf(directory, file)) ??
    runs?.files ?? [...(usual === undefined ? [] : [usual]), ...(override === undefined ? [] : [override])];
  if (compose.length === 0) {
    throw new SwitchbackError('PlanInvalid', `${directory} has no Compose file`, {
      hint: `Go to the folder of the stack: one with a ${composeNames[2]}. A file of another name is given by --file.`,
      facts: { directory },
    });
  }
  for (const file of [...compose, ...(env === undefined ? [] : [env])]) await requireFile(directory, file);
  const ofThese = runs?.files.some((file) => compose.includes(file)) ? runs.name : undefined;
  const project = request.project ?? ofThese ?? said.project;
  return {
    compose,
    ...(env === undefined ? {} : { env }),
    profiles: [...(request.profiles ?? said.profiles ?? [])],
    ...(project === undefined ? {} : { project }),
  };
}

/** Compose takes relative paths from the folder of its first file, so that folder is the stack's. */
function insideOf(directory: string, file: string): string {
  const inside = relative(directory, resolve(directory, file));
  if (!inside.startsWith('..')) return inside;
  throw new SwitchbackError('PlanInvalid', `${file} is not in ${directory}`, {
    hint: `Name the folder of the stack: \`switchback init ${dirname(file)} --file ${basename(file)}\`.`,
    facts: { file },
  });
}

async function requireFile(directory: string, file: string): Promise<void> {
  if ((await firstPresent(directory, [file])) !== undefined) return;
  throw new SwitchbackError('PlanInvalid', `${join(directory, file)} does not exist`, {
    hint: 'Give the files as `docker compose -f` gets them, relative to the folder of the stack.',
    facts: { file },
  });
}

/** What an env file says to Compose itself. Nothing else of it is looked at. */
async function composeVariables(
  file: string,
  directory: string,
): Promise<{ files?: string[]; profiles?: string[]; project?: string }> {
  const read = await readText(file);
  const variables = 'problem' in read ? {} : (parseEnv(read.text) as Record<string, string>);
  const value = (name: string) => fill(variables[name] ?? '', variables) || undefined;
  const separator = value('COMPOSE_PATH_SEPARATOR') ?? ':';
  const list = (text: string | undefined, by: string) =>
    text
      ?.split(by)
      .map((part) => part.trim())
      .filter((part) => part !== '');
  const files = list(value('COMPOSE_FILE'), separator)?.map((path) => relative(directory, resolve(directory, path)));
  const profiles = list(value('COMPOSE_PROFILES'), ',');
  const project = value('COMPOSE_PROJECT_NAME');
  return {
    ...(files === undefined ? {} : { files }),
    ...(profiles === undefined ? {} : { profiles }),
    ...(project === undefined ? {} : { project }),
  };
}

/** `${NAME}` and `${NAME:-default}` of the same file, as Compose fills them. */
function fill(text: string, variables: Record<string, string>): string {
  return text.replace(
    /\$\{(\w+)(?::?-([^}]*))?\}|\$(\w+)/g,
    (_all, braced?: string, fallback?: string, bare?: string) => {
      return variables[braced ?? bare ?? ''] || (fallback ?? '');
    },
  );
}

/** The project that runs from files of this very folder, whatever it is called. */
async function runningProject(
  docker: AskDocker,
  directory: string,
): Promise<{ name: string; files: string[] } | undefined> {
  const answer = await docker(['compose', 'ls', '--all', '--format', 'json']);
  if ('problem' in answer) return undefined;
  const roots = [directory, await realpath(directory)];
  for (const { Name, ConfigFiles } of JSON.parse(answer.out) as { Name: string; ConfigFiles?: string }[]) {
    const files = (ConfigFiles ?? '').split(',').flatMap((file) => {
      const inside = roots.map((root) => relative(root, file)).find((path) => path !== '' && !path.startsWith('..'));
      return inside === undefined ? [] : [inside];
    });
    // Files of others beside them are our own: pinned images.
    const [first] = files;
    if (first !== undefined && !first.includes('/') && (await allPresent(directory, files)))
      return { name: Name, files };
  }
  return undefined;
}

const allPresent = async (directory: string, files: readonly string[]) =>
  (await Promise.all(files.map((file) => firstPresent(directory, [file])))).every((found) => found !== undefined);

async function firstPresent(directory: string, names: readonly string[]): Promise<string | undefined> {
  for (const name of names) {
    try {
      await access(join(directory, name));
      return name;
    } catch (error) {
      if (!['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
    }
  }
  return undefined;
}
