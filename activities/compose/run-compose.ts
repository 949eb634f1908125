import { createInterface } from 'node:readline';

import { SwitchbackError } from '../../runbook/errors.ts';
import { execa } from '../processes/execa.ts';
import { onAbort } from '../on-abort.ts';

export interface RunOptions {
  environment: Record<string, string>;
  /** Working directory: not the worker's, whose files must not be found by accident. */
  directory: string;
  /** Written to its standard input, which is empty otherwise: nothing can be asked and answered. */
  input?: string;
  signal?: AbortSignal | undefined;
  /** In milliseconds. */
  timeoutMs: number;
  onLine?: (line: string) => void;
  onStart?: (pid: number) => void;
}

export interface Ran {
  exitCode: number | undefined;
  stdout: string;
  stderr: string;
}

/** How long the command may take to end after SIGTERM, before SIGKILL. Compose ends at once; a request in flight may take a while. */
const graceMs = 10_000;

/**
 * Runs `docker` with an argument list in a process group of its own, to its end. On abort, or when the time is up, the whole group
 * gets SIGTERM and then SIGKILL, and only after it has gone the error is thrown: the signal's reason, or `NotReady`.
 */
export async function runDocker(args: readonly string[], options: RunOptions): Promise<Ran> {
  options.signal?.throwIfAborted();
  const child = execa('docker', args, {
    cwd: options.directory,
    env: options.environment,
    extendEnv: false,
    // Its own group: Ctrl-C at a worker's terminal must not reach it, and all of it can be ended together.
    detached: true,
    cleanup: false,
    reject: false,
    stripFinalNewline: false,
    maxBuffer: 16 * 1024 * 1024,
    ...(options.input === undefined ? { stdin: 'ignore' as const } : { input: options.input }),
  });
  if (child.pid !== undefined) options.onStart?.(child.pid);
  if (options.onLine && child.stderr) {
    const lines = createInterface({ input: child.stderr });
    lines.on('line', options.onLine);
  }
  let stopped: { error: unknown } | undefined;
  let kill: NodeJS.Timeout | undefined;
  const stop = (error: unknown) => {
    if (stopped) return;
    stopped = { error };
    signalGroup(child.pid, 'SIGTERM');
    kill = setTimeout(() => signalGroup(child.pid, 'SIGKILL'), graceMs);
  };
  const leave = onAbort(options.signal, () => stop(options.signal?.reason));
  const command = args.find((arg) => ['up', 'create', 'config', 'version'].includes(arg)) ?? 'docker';
  const timer = setTimeout(
    () =>
      stop(
        new SwitchbackError(
          'NotReady',
          `docker compose ${command} did not end within ${Math.round(options.timeoutMs / 1000)} s`,
        ),
      ),
    options.timeoutMs,
  );
  try {
    const ended = await child;
    if (stopped) throw stopped.error;
    if (ended.exitCode === undefined && ended.cause !== undefined && ended.signal === undefined) {
      throw new SwitchbackError('PreconditionFailed', `docker cannot be run: ${ended.originalMessage ?? ''}`, {
        hint: 'Install the docker command with its compose plugin on this host; `switchback doctor` says how.',
      });
    }
    return { exitCode: ended.exitCode, stdout: ended.stdout, stderr: ended.stderr };
  } finally {
    clearTimeout(timer);
    clearTimeout(kill);
    leave();
  }
}

function signalGroup(pid: number | undefined, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch (error) {
    // ESRCH: it has ended by itself.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
