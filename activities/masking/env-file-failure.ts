import { readFile } from 'node:fs/promises';
import { isAbsolute, relative, resolve } from 'node:path';

import { SwitchbackError } from '../../runbook/errors.ts';
import { brokenEnvLine } from '../../runbook/masking/env-text.ts';
import { envFilesIn } from './learn-from-files.ts';

/** How Compose speaks of a line of an env file; the rest of such a message quotes the line, or all that follows it. */
const speech =
  /unterminated quoted value|unexpected character .{1,12} in variable name|key cannot contain a space|failed to read .{1,400}?: (?:line \d+|invalid template)|zero length string|^setenv: /im;

interface Named {
  directory: string;
  /** Compose files, absolute. */
  files: readonly string[];
  envFile?: string | undefined;
}

/** The error for an env file that Compose cannot read, without a word of what stands in it. Undefined where the reason is another one. */
export async function envFileFailure(stderr: string, project: Named): Promise<SwitchbackError | undefined> {
  if (!speech.test(stderr)) return undefined;
  const named = [...stderr.matchAll(/failed to read (.{1,400}?): (?:line \d+|invalid template)/gi)].map(
    (match) => match[1]!,
  );
  // Of a service's own env file it names neither the file nor always the right line.
  for (const file of new Set([...named, ...(await envFilesOf(project))])) {
    const text = await readFile(file, 'utf8').catch(() => undefined);
    const broken = text === undefined ? undefined : brokenEnvLine(text);
    if (broken) return failure(nameOf(file, project.directory), broken.line, broken.problem);
  }
  const line = Number(/line (\d+)/.exec(stderr)?.[1] ?? 0);
  const file = named[0] === undefined ? 'an env file' : nameOf(named[0], project.directory);
  return failure(file, line, 'something that Compose cannot read');
}

async function envFilesOf({ directory, files, envFile }: Named): Promise<string[]> {
  const texts = await Promise.all(files.map((file) => readFile(file, 'utf8').catch(() => '')));
  const own = texts.flatMap(envFilesIn).map((file) => resolve(directory, file));
  return envFile === undefined ? own : [envFile, ...own];
}

function failure(file: string, line: number, problem: string): SwitchbackError {
  return new SwitchbackError('PlanInvalid', `${file}${line === 0 ? '' : ` line ${line}`} has ${problem}`, {
    hint: 'Correct that line; what stands there is not shown, since it may be a secret.',
    facts: { file, line },
  });
}

function nameOf(file: string, directory: string): string {
  const inside = relative(directory, file);
  return inside.startsWith('..') || isAbsolute(inside) ? file : inside;
}
