import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve } from 'node:path';

import { headCommit, isRepository, runGit, tagCommit } from '../../activities/git/index.ts';
import { SwitchbackError } from '../../runbook/errors.ts';
import { readPlan } from '../plan-file/index.ts';
import { readStack, type FoundStack } from './read-stack.ts';
import { recognisePostgres } from './recognise.ts';
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

export interface InitRequest {
  /** Folder of the Compose project. */
  directory: string;
  /** Where the plan goes, relative to the folder; `switchback.yml` unless told. */
  file?: string;
  environment?: NodeJS.ProcessEnv;
}

const defaultFile = 'switchback.yml';

/**
 * Writes a commented plan for the Compose project in a folder, and copies of its active files as the baseline to go back to.
 * Nothing that is there is overwritten. Throws `Conflict` when there is a plan already, `PlanInvalid` without a readable Compose file.
 */
export async function writeInitialPlan(request: InitRequest): Promise<InitialPlan> {
  const directory = resolve(request.directory);
  const path = resolve(directory, request.file ?? defaultFile);
  const found = await readStack(directory, request.environment ?? process.env);
  const warnings = [...found.warnings, ...doubts(found)];
  const baseline = { compose: 'docker/v1-baseline.yml', ...(found.env === undefined ? {} : { env: 'docker/.env.v1' }) };
  const git = await gitNames(directory, found.sketch.project, warnings);
  const draft: PlanDraft = {
    sketch: found.sketch,
    directory: relative(dirname(path), directory) || '.',
    compose: found.compose,
    ...(found.env === undefined ? {} : { env: found.env }),
    baseline,
    ...(git === undefined ? {} : { git }),
  };
  const text = renderPlan(draft);
  await mkdir(dirname(path), { recursive: true });
  await writeNew(path, text);
  const files = [path];
  await copyBaseline(directory, found.compose, baseline.compose, files, warnings);
  if (found.env !== undefined && baseline.env !== undefined) {
    await copyBaseline(directory, found.env, baseline.env, files, warnings);
    await warnIfExposed(directory, found.env, baseline.env, git !== undefined, warnings);
  }
  return { path, text, files, warnings: [...warnings, ...(await mistakesIn(path))] };
}

async function writeNew(path: string, text: string): Promise<void> {
  try {
    await writeFile(path, text, { flag: 'wx' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    throw new SwitchbackError('Conflict', `${path} is there already`, {
      hint: 'Give another name for the plan, or check the one that is there with `switchback lint`.',
      facts: { path },
    });
  }
}

/** Copies an active file to its place among the checkpoints, unless there is one of that name. */
async function copyBaseline(
  directory: string,
  from: string,
  to: string,
  files: string[],
  warnings: string[],
): Promise<void> {
  const bytes = await readFile(join(directory, from));
  const target = join(directory, to);
  await mkdir(dirname(target), { recursive: true });
  try {
    await writeFile(target, bytes, { flag: 'wx' });
    // An env file holds secrets, whoever may read the original.
    if (basename(to).startsWith('.env')) await chmod(target, 0o600);
    files.push(target);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    if (!(await readFile(target)).equals(bytes))
      warnings.push(`${to} was there already and differs from ${from}: it is the baseline now, so look at both.`);
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

function doubts({ sketch, env }: FoundStack): string[] {
  const { services } = sketch;
  const names = (of: typeof services) => of.map(({ name }) => name).join(', ');
  const unhealthy = services.filter(({ healthcheck }) => healthcheck.length === 0);
  const anonymous = services.filter((service) => service.anonymous > 0);
  const binds = services.filter((service) => service.binds.length > 0);
  const built = services.filter(({ build }) => build);
  const noPassword = services
    .flatMap((service) => recognisePostgres(service) ?? [])
    .filter(({ password }) => password === undefined);
  return [
    ...(unhealthy.length === 0
      ? []
      : [
          `no health check: ${names(unhealthy)}. Running is all that can be verified of them, unless their image has one.`,
        ]),
    ...(anonymous.length === 0
      ? []
      : [`volumes without a name: ${names(anonymous)}. Name them, they cannot be backed up or found again.`]),
    ...(binds.length === 0
      ? []
      : [`folders of the host are mounted: ${names(binds)}. They are in no backup of a volume.`]),
    ...(built.length === 0
      ? []
      : [`built here: ${names(built)}. Build and tag their images before a run; Switchback builds nothing.`]),
    ...noPassword.map(
      ({ service }) =>
        `no password variable was found for the PostgreSQL in ${service}: add \`password\` to its store.`,
    ),
    ...(env === undefined ? ['there is no .env file: secrets come from the environment of the worker alone.'] : []),
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
