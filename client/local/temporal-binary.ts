import { access, constants } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { SwitchbackError } from '../../runbook/errors.ts';

/** The first executable file of that name on PATH. */
export async function onPath(name: string, env: NodeJS.ProcessEnv): Promise<string | undefined> {
  for (const folder of (env['PATH'] ?? '').split(delimiter).filter(Boolean)) {
    if (await isExecutable(join(folder, name))) return join(folder, name);
  }
  return undefined;
}

async function isExecutable(file: string): Promise<boolean> {
  try {
    await access(file, constants.X_OK);
    return true;
  } catch {
    // Missing, or not to be run: both mean "look elsewhere".
    return false;
  }
}

/** Where the set-up script puts what it builds; scripts/find-temporal looks in the same places. */
export const builtTemporal = (env: NodeJS.ProcessEnv) =>
  join(env['XDG_CACHE_HOME'] || join(env['HOME'] || homedir(), '.cache'), 'switchback', 'bin', 'temporal');

/** The Temporal CLI, which carries the development server and the Web UI: on PATH, else what the set-up script built. */
export async function findTemporal(env: NodeJS.ProcessEnv): Promise<string | undefined> {
  return (await onPath('temporal', env)) ?? ((await isExecutable(builtTemporal(env))) ? builtTemporal(env) : undefined);
}

/** @throws SwitchbackError `PreconditionFailed` with how to get it. */
export async function requireTemporal(env: NodeJS.ProcessEnv): Promise<string> {
  const found = await findTemporal(env);
  if (found !== undefined) return found;
  throw new SwitchbackError('PreconditionFailed', `the Temporal CLI is neither on PATH nor at ${builtTemporal(env)}`, {
    hint: 'Install it (https://docs.temporal.io/cli/setup-cli), run `npm run setup`, or name a server that runs elsewhere by TEMPORAL_ADDRESS.',
  });
}
