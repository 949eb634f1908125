import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';
import type { Context } from '../command-line/context.ts';
import { SwitchbackError } from '../../runbook/errors.ts';
import { homeOf, type Settings } from '../settings/settings.ts';
import { readLog, startProcess, untilReady, type Launched } from './start-process.ts';

/** The worker's program. It is built with the command line and lies beside it. */
export const workerProgram = join(import.meta.dirname, '..', '..', 'worker', 'main.js');

/** @throws SwitchbackError `PreconditionFailed` when this is not a built Switchback. */
export function requireWorkerProgram(): string {
  if (existsSync(workerProgram)) return workerProgram;
  throw new SwitchbackError('PreconditionFailed', `the worker's program is not at ${workerProgram}`, {
    hint: 'Build it with `npm run build`.',
  });
}

/** Folders whose stacks a worker serves: those that were typed, those of the environment, or the one we are in. */
export function stacksFrom(typed: readonly string[] | undefined, { env, cwd }: Pick<Context, 'env' | 'cwd'>): string[] {
  const named = typed ?? (env['SWITCHBACK_STACKS'] ?? '').split(delimiter).filter(Boolean);
  return [...new Set((named.length > 0 ? named : [cwd]).map((folder) => resolve(cwd, folder)))];
}

/** The host that a worker works for, as it reads it itself. */
export const hostOf = (env: NodeJS.ProcessEnv) => env['SWITCHBACK_HOST'] ?? 'local';

/** The environment with a host that was typed. */
export const withHost = (env: NodeJS.ProcessEnv, host: string | undefined): NodeJS.ProcessEnv =>
  host === undefined ? env : { ...env, SWITCHBACK_HOST: host };

/** The worker's environment: ours, with the places that were typed. Secrets that plans refer to are read from it. */
export const workerEnvironment = (
  env: NodeJS.ProcessEnv,
  settings: Settings,
  stacks: readonly string[],
): NodeJS.ProcessEnv => ({
  ...env,
  SWITCHBACK_HOME: homeOf({ home: settings.home }, env),
  TEMPORAL_ADDRESS: settings.address,
  TEMPORAL_NAMESPACE: settings.namespace,
  // The worker serves only the stacks that its own configuration lists.
  SWITCHBACK_STACKS: stacks.join(delimiter),
});

export const startWorker = (env: NodeJS.ProcessEnv, settings: Settings, stacks: readonly string[]): Promise<Launched> =>
  startProcess({
    name: 'the worker',
    file: process.execPath,
    args: [requireWorkerProgram()],
    env: workerEnvironment(env, settings, stacks),
    log: join(settings.home, 'logs', 'worker.log'),
  });

/** The worker says `worker ready …` once it polls. */
export const untilWorkerReady = (worker: Launched, signal: AbortSignal) =>
  untilReady('the worker', worker, async () => /^.*worker ready/m.test(await readLog(worker.log, worker.logStart)), {
    withinMs: 60_000,
    signal,
  });

/** Runs the worker as a child of this terminal until it ends. @returns its exit code */
export async function runWorker(stacks: readonly string[] | undefined, context: Context): Promise<number> {
  const child = spawn(process.execPath, [requireWorkerProgram()], {
    env: workerEnvironment(context.env, context.settings, stacksFrom(stacks, context)),
    stdio: 'inherit',
  });
  // Ctrl-C reaches the child by itself; a SIGTERM that was sent to us alone does not.
  const end = () => child.kill('SIGTERM');
  context.signal.addEventListener('abort', end, { once: true });
  const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
  context.signal.removeEventListener('abort', end);
  if (context.signal.aborted) return 0;
  if (signal !== null) context.note(`the worker was ended by ${signal}`);
  return code ?? 1;
}
