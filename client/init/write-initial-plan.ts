import { chmod, mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve } from 'node:path';

import { headCommit, isRepository, runGit, tagCommit } from '../../activities/git/index.ts';
import { SwitchbackError } from '../../runbook/errors.ts';
import { readPlan } from '../plan-file/index.ts';
import { dangersIn } from './dangers.ts';
import type { StackRequest } from './find-files.ts';
import { readStack, type FoundStack } from './read-stack.ts';
import { renderPlan, type PlanDraft } from './render-plan.ts';

export interface InitialPlan {
  /** Of the plan, absolute. */
  path: string;
  text: string;
  /** Files that were written, the plan among them, absolute. */
  files: string[];
  /** What the operator should look at, one sentence each. */
  warnings: string[];
}

export interface InitRequest extends StackRequest {
  /** Folder of the Compose project. */
  directory: string;
  /** Where the plan goes, relative to the folder; `switchback.yml` unless told. */
  file?: string;
  environment?: NodeJS.ProcessEnv;
}

const defaultFile = 'switchback.yml';
/** What several Compose files say together. Compose finds it by name only when it is told to. */
const togetherFile = 'docker-compose.switchback.yml';

/**
 * Writes a commented plan for the Compose project in a folder, and copies of its active files as the baseline to go back to.
 * Nothing that is there is overwritten. Throws `Conflict` when there is a plan already, `PlanInvalid` without a readable Compose file.
 */
export async function writeInitialPlan(request: InitRequest): Promise<InitialPlan> {
  const directory = resolve(request.directory);
  const path = resolve(directory, request.file ?? defaultFile);
  await refuseOverwriting(path);
  const found = await readStack(directory, request, request.environment ?? process.env);
  const { sketch, together } = found;
  const [first = ''] = found.files.compose;
  const { env, profiles } = found.files;
  const dangers = dangersIn(sketch, directory);
  const warnings = [...found.warnings, ...dangers, ...doubts(found)];
  const baseline = { compose: 'docker/v1-baseline.yml', ...(env === undefined ? {} : { env: 'docker/.env.v1' }) };
  const git = await gitNames(directory, sketch.project, warnings);
  const compose = together === undefined ? first : togetherFile;
  const draft: PlanDraft = {
    sketch,
    directory: relative(dirname(path), directory) || '.',
    compose,
    ...(env === undefined ? {} : { env }),
    profiles,
    ...(together === undefined ? {} : { together: found.files.compose }),
    dangers,
    baseline,
    ...(git === undefined ? {} : { git }),
  };
  const text = renderPlan(draft);
  await mkdir(dirname(path), { recursive: true });
  await writeNew(path, text);
  const files = [path];
  const written = { directory, files, warnings };
  if (together !== undefined) await writeBeside(written, compose, Buffer.from(together));
  await writeBeside(written, baseline.compose, await readFile(join(directory, compose)), compose);
  if (env !== undefined && baseline.env !== undefined) {
    await writeBeside(written, baseline.env, await readFile(join(directory, env)), env);
    await warnIfExposed(directory, env, baseline.env, git !== undefined, warnings);
  }
  return { path, text, files, warnings: [...warnings, ...(await mistakesIn(path))] };
}

async function writeNew(path: string, text: string): Promise<void> {
  try {
    await writeFile(path, text, { flag: 'wx' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    throw isThere(path);
  }
}

/** Before Docker is asked: that takes a while. */
async function refuseOverwriting(path: string): Promise<void> {
  if (await stat(path).catch(() => undefined)) throw isThere(path);
}

const isThere = (path: string) =>
  new SwitchbackError('Conflict', `${path} is there already`, {
    hint: 'Give another name for the plan, or check the one that is there with `switchback lint`.',
    facts: { path },
  });

interface Written {
  directory: string;
  files: string[];
  warnings: string[];
}

/** Writes a file of the stack, unless there is one of that name. @param from the active file that it is a copy of */
async function writeBeside(
  { directory, files, warnings }: Written,
  to: string,
  bytes: Buffer,
  from?: string,
): Promise<void> {
  const target = join(directory, to);
  await mkdir(dirname(target), { recursive: true });
  try {
    await writeFile(target, bytes, { flag: 'wx' });
    // An env file holds secrets, whoever may read the original.
    if (basename(to).startsWith('.env')) await chmod(target, 0o600);
    files.push(target);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    if ((await readFile(target)).equals(bytes)) return;
    warnings.push(
      from === undefined
        ? `${to} was there already, and the Compose files say something else by now: remove it and repeat this, or keep it.`
        : `${to} was there already and differs from ${from}: it is the baseline now, so look at both.`,
    );
  }
}

/** Names for the tag and the branch, where the stack is in a repository. */
async function gitNames(directory: string, project: string, warnings: string[]): Promise<PlanDraft['git']> {
  try {
    if (!(await isRepository(directory))) return undefined;
    const head = await headCommit(directory);
    const taken = await tagCommit(directory, 'v1-stable');
    const tag = taken === undefined || taken === head ? 'v1-stable' : `${project}-v1-stable`;
    if (tag !== 'v1-stable')
      warnings.push(`tag v1-stable is on another commit, so the plan calls the baseline ${tag}.`);
    return { tag, branch: `backup-${project}-v1` };
  } catch (error) {
    if (!(error instanceof SwitchbackError)) throw error;
    warnings.push(`no tags in the plan: ${error.message}.`);
    return undefined;
  }
}

/** A copy of an ignored env file is not ignored by itself. */
async function warnIfExposed(
  directory: string,
  env: string,
  copy: string,
  inGit: boolean,
  warnings: string[],
): Promise<void> {
  if (!inGit) return;
  const ignored = async (path: string) =>
    (await runGit(directory, ['check-ignore', '--quiet', '--', path], { answers: [0, 1] })).exitCode === 0;
  if ((await ignored(env)) && !(await ignored(copy))) {
    warnings.push(
      `git ignores ${env}, but not its copy ${copy}: add it to .gitignore before you commit, it holds the same secrets.`,
    );
  }
}

function doubts({ sketch, files }: FoundStack): string[] {
  const external = [
    ...sketch.volumes.filter((volume) => volume.external).map(({ name }) => `volume ${name}`),
    ...sketch.networks.filter((network) => network.external).map(({ name }) => `network ${name}`),
  ];
  return [
    ...(external.length === 0
      ? []
      : [
          `made outside the project: ${external.join(', ')}. They must be there before a run; Compose does not make them.`,
        ]),
    ...(files.env === undefined
      ? ['there is no .env file: what Compose files take from variables has its defaults.']
      : []),
  ];
}

/** What `switchback lint` would say. */
async function mistakesIn(path: string): Promise<string[]> {
  const reading = await readPlan(path);
  const issues = reading.ok ? reading.warnings : reading.issues;
  return issues.map(
    ({ file, line, column, message }) => `${relative(dirname(path), file) || file}:${line}:${column}: ${message}`,
  );
}
