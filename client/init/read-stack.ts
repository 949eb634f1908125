import { realpath } from 'node:fs/promises';
import { basename, join } from 'node:path';

import { envFileFailure, learnFromEnvFile, learnFromText } from '../../activities/masking/index.ts';
import { SwitchbackError } from '../../runbook/errors.ts';
import { brokenEnvLine } from '../../runbook/masking/env-text.ts';
import { parseEnv } from '../plan-file/parse-env.ts';
import { largestAliasCount, parseYaml } from '../plan-file/parse-yaml.ts';
import { readText } from '../plan-file/read-text.ts';
import { dockerIn, type AskDocker } from './ask-docker.ts';
import { explainRefusal, variablesWithoutValue } from './explain-refusal.ts';
import { composeFlags, findFiles, type StackFiles, type StackRequest } from './find-files.ts';
import { lookAtEngine } from './look-at-engine.ts';
import { includedEnvFiles, isInSeveralFiles, putTogether } from './put-together.ts';
import { sketchStack, type StackSketch } from './stack-sketch.ts';

/** The stack that was found in a folder. */
export interface FoundStack {
  sketch: StackSketch;
  files: StackFiles;
  /** The one Compose file that says what several say together; absent where one file says it all. */
  together?: string;
  /** About reading it; what endangers a way back is found in the sketch. */
  warnings: string[];
}

/**
 * Reads the Compose project of a folder: with `docker compose config` where Docker is there, else from the YAML alone.
 * @throws SwitchbackError `PlanInvalid` when there is no Compose file, or Compose does not accept what is there
 */
export async function readStack(
  directory: string,
  request: StackRequest,
  environment: NodeJS.ProcessEnv,
): Promise<FoundStack> {
  const docker = dockerIn(directory, environment);
  const files = await findFiles(directory, request, docker);
  await learnFromFiles(directory, files);
  const documents = await Promise.all(files.compose.map((file) => readYaml(join(directory, file))));
  const several = isInSeveralFiles(documents);
  const warnings: string[] = [];
  const model = await resolve(docker, directory, files, several, warnings);
  const name = files.project ?? nameOf(model ?? documents[0]) ?? projectNameOf(basename(await realpath(directory)));
  const project = { docker, directory, files, name };
  const together =
    several && model !== undefined ? await putTogether(project, model, includedEnvFiles(documents)) : undefined;
  const written: unknown =
    together === undefined ? documents[0] : parseYaml(together, { aliases: true }).document?.toJS();
  const ports = files.env === undefined ? [] : await portNames(join(directory, files.env));
  const sketch = sketchStack({ project: project.name, written, ports, profiles: files.profiles, resolved: model });
  if (sketch.services.length === 0) throw nothingStarts(files, sketch);
  await lookAtEngine(docker, sketch);
  return { sketch, files, ...(together === undefined ? {} : { together }), warnings };
}

/** What Compose says of a file may quote it: its values are known before, and a line that it cannot read is told by its number alone. */
async function learnFromFiles(directory: string, { env, compose }: StackFiles): Promise<void> {
  for (const file of compose) {
    const read = await readText(join(directory, file));
    if ('text' in read) await learnFromText(file, read.text, directory);
  }
  if (env === undefined) return;
  await learnFromEnvFile(join(directory, env));
  const read = await readText(join(directory, env));
  const broken = 'text' in read ? brokenEnvLine(read.text) : undefined;
  if (!broken) return;
  throw new SwitchbackError('PlanInvalid', `${env} line ${broken.line} has ${broken.problem}`, {
    hint: 'Correct that line; what stands there is not shown, since it may be a secret.',
    facts: { file: env, line: broken.line },
  });
}

async function resolve(
  docker: AskDocker,
  directory: string,
  files: StackFiles,
  several: boolean,
  warnings: string[],
): Promise<Record<string, unknown> | undefined> {
  const flags = composeFlags(directory, files, files.project);
  const profiles = files.profiles.join(',');
  const resolved = await docker([...flags, 'config', '--format', 'json'], { profiles });
  if (!('problem' in resolved)) {
    const unset = variablesWithoutValue(resolved.said);
    if (unset.length > 0)
      warnings.push(
        `variables without a value: ${unset.join(', ')}. Set them in ${files.env ?? '.env'}: those of a shell do not reach the worker.`,
      );
    return JSON.parse(resolved.out) as Record<string, unknown>;
  }
  if (!resolved.missing)
    throw (await brokenEnvFile(resolved.problem, directory, files)) ?? explainRefusal(files, resolved.problem);
  if (several) {
    throw new SwitchbackError(
      'PreconditionFailed',
      'docker compose is not there to put several Compose files together',
      {
        hint: 'Install the Compose plugin, version 2; `switchback doctor` says how.',
      },
    );
  }
  warnings.push(
    `docker compose is not there, so names and ports are taken from ${files.compose[0]} as it is written: ${resolved.problem}`,
  );
  return undefined;
}

const brokenEnvFile = (problem: string, directory: string, { compose, env }: StackFiles) =>
  envFileFailure(problem, {
    directory,
    files: compose.map((file) => join(directory, file)),
    envFile: env === undefined ? undefined : join(directory, env),
  });

async function readYaml(file: string): Promise<unknown> {
  const read = await readText(file);
  if ('problem' in read) throw new SwitchbackError('PlanInvalid', `${file} ${read.detail}`, { facts: { file } });
  const { document, problems } = parseYaml(read.text, { aliases: true });
  // Compose has tags of its own for merging files; it knows what they mean.
  const wrong = problems.find(({ message }) => !/`!(reset|override)/.test(message));
  if (document === undefined || wrong !== undefined) {
    const line = read.text.slice(0, wrong?.start ?? 0).split('\n').length;
    throw new SwitchbackError('PlanInvalid', `${file}:${line}: ${wrong?.message ?? 'it is no YAML'}`, {
      hint: `${wrong?.hint ?? ''} \`docker compose config\` says more.`.trim(),
      facts: { file, line },
    });
  }
  return document.toJS({ maxAliasCount: largestAliasCount });
}

function nothingStarts(files: StackFiles, { otherProfiles }: StackSketch): SwitchbackError {
  const profiles = Object.keys(otherProfiles);
  return new SwitchbackError('PlanInvalid', `${files.compose.join(', ')} starts no service`, {
    hint:
      profiles.length === 0
        ? 'Name files with services, by --file.'
        : `Its services have profiles: switch one on by --profile (${profiles.join(', ')}).`,
    facts: { files: files.compose.join(', ') },
  });
}

/** Variables of an env file that hold ports, as checks of a plan may use them; other values are not looked at. */
async function portNames(file: string): Promise<string[]> {
  const read = await readText(file);
  return 'problem' in read ? [] : Object.keys(parseEnv(read.text).ports);
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
