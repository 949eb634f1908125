import { readFile } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import { parseEnv } from 'node:util';
import type { StackRef } from '../../runbook/compiled-plan.ts';
import { SwitchbackError } from '../../runbook/errors.ts';

export interface SecretSource {
  environment: NodeJS.ProcessEnv;
  /** Names (with `*` as a wildcard) that plans may refer to: the worker's own configuration, never the plan's. */
  allowed: readonly string[];
}

/**
 * Resolves `${env:NAME}` (the worker's environment, then the stack's active env file) and `${file:PATH}` (relative to the stack;
 * a trailing newline is dropped). The result exists for the time of use only.
 * @throws SwitchbackError `AccessDenied` for a name that the worker does not serve, `PreconditionFailed` for one that is not set.
 */
export async function resolveSecrets(template: string, stack: StackRef, source: SecretSource): Promise<string> {
  const found = [...template.matchAll(/\$\{(env|file):([^}]+)\}/g)];
  let resolved = template;
  for (const [reference, kind, name] of found) {
    if (reference === undefined || name === undefined) continue;
    const value = kind === 'env' ? await fromEnvironment(name, stack, source) : await fromFile(name, stack);
    resolved = resolved.replace(reference, () => value);
  }
  return resolved;
}

async function fromEnvironment(name: string, stack: StackRef, { environment, allowed }: SecretSource): Promise<string> {
  if (!allowed.some((pattern) => matches(pattern, name))) {
    throw new SwitchbackError('AccessDenied', `this worker does not serve the secret ${name}`, {
      hint: 'Add it to SWITCHBACK_SECRETS of the worker.',
    });
  }
  const value =
    environment[name] ??
    (stack.env === undefined ? undefined : await fromEnvFile(join(stack.directory, stack.env), name));
  if (value === undefined) {
    throw new SwitchbackError('PreconditionFailed', `the secret \${env:${name}} is not set where the worker runs`, {
      hint: `Set ${name} in the worker's environment${stack.env === undefined ? '' : ` or in ${stack.env}`}.`,
    });
  }
  return value;
}

async function fromEnvFile(file: string, name: string): Promise<string | undefined> {
  try {
    return parseEnv(await readFile(file, 'utf8'))[name];
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

async function fromFile(path: string, stack: StackRef): Promise<string> {
  try {
    return (await readFile(isAbsolute(path) ? path : join(stack.directory, path), 'utf8')).replace(/\r?\n$/, '');
  } catch (error) {
    throw new SwitchbackError(
      'PreconditionFailed',
      `the secret file ${path} cannot be read where the worker runs`,
      {},
      { cause: error },
    );
  }
}

function matches(pattern: string, name: string): boolean {
  return new RegExp(
    `^${pattern
      .split('*')
      .map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'))
      .join('.*')}$`,
  ).test(name);
}
