import { SwitchbackError } from '../../runbook/errors.ts';
import { execa, ExecaError } from '../processes/execa.ts';

export interface GitOptions {
  signal?: AbortSignal | undefined;
  /** Longest run of one command, in milliseconds; 30 s unless told: local commands answer in milliseconds. */
  timeoutMs?: number;
  input?: string;
  /** Additional environment, e.g. `GIT_INDEX_FILE`. */
  env?: Record<string, string>;
  /** Exit codes that are answers, not failures; only 0 unless told. */
  answers?: readonly number[];
}

export interface GitAnswer {
  exitCode: number;
  stdout: Buffer;
}

/** What git and ssh need to work as the operator's. A secret of the worker's environment has no business in a child process. */
const passedOn =
  /^(PATH|HOME|USER|LOGNAME|TMPDIR|XDG_CONFIG_HOME|SSH_AUTH_SOCK|SSL_CERT_(FILE|DIR)|(HTTPS?|ALL|NO)_PROXY)$/i;

function environment(extra: Record<string, string> = {}): Record<string, string> {
  const kept = Object.entries(process.env).filter(([name, value]) => value !== undefined && passedOn.test(name));
  return {
    ...(Object.fromEntries(kept) as Record<string, string>),
    // Messages are matched below.
    LC_ALL: 'C',
    // Nobody is there to answer.
    GIT_TERMINAL_PROMPT: '0',
    SSH_ASKPASS_REQUIRE: 'never',
    // `status` would otherwise refresh the user's index under a lock.
    GIT_OPTIONAL_LOCKS: '0',
    ...extra,
  };
}

/** Settings that a repository could use to run programs of its choice are off. */
const safely = ['-c', 'core.hooksPath=/dev/null', '-c', 'protocol.ext.allow=never', '-c', 'core.fsmonitor=false'];

/**
 * Runs git in a directory: without a shell, hooks, prompts, or variables of the caller's environment that git would obey.
 * Throws `PreconditionFailed` (no git, not a repository), `AccessDenied`, `Busy` (another git holds a lock) or `StepFailed`.
 */
export async function runGit(directory: string, argv: readonly string[], options: GitOptions = {}): Promise<GitAnswer> {
  const { answers = [0] } = options;
  try {
    const { exitCode, stdout } = await execa('git', [...safely, ...argv], {
      cwd: directory,
      env: environment(options.env),
      extendEnv: false,
      encoding: 'buffer',
      stripFinalNewline: false,
      // One blob of the largest size that is read, and its header.
      maxBuffer: 300 * 1024 * 1024,
      timeout: options.timeoutMs ?? 30_000,
      ...(options.input === undefined ? { stdin: 'ignore' as const } : { input: options.input }),
      ...(options.signal === undefined ? {} : { cancelSignal: options.signal }),
    });
    return { exitCode: exitCode ?? 0, stdout: Buffer.from(stdout) };
  } catch (error) {
    options.signal?.throwIfAborted();
    if (!(error instanceof ExecaError)) throw error;
    if (error.exitCode !== undefined && answers.includes(error.exitCode)) {
      return { exitCode: error.exitCode, stdout: Buffer.from((error.stdout as Uint8Array | undefined) ?? []) };
    }
    throw gitError(directory, argv, error as ExecaError);
  }
}

/** The answer as text, without the newline at its end. */
export async function gitText(directory: string, argv: readonly string[], options: GitOptions = {}): Promise<string> {
  return (await runGit(directory, argv, options)).stdout.toString('utf8').replace(/\n$/, '');
}

/** An answer of NUL-ended records. */
export async function gitRecords(
  directory: string,
  argv: readonly string[],
  options: GitOptions = {},
): Promise<string[]> {
  return (await runGit(directory, argv, options)).stdout.toString('utf8').split('\0').filter(Boolean);
}

/** The first word of argv that names what git was to do. */
const verbOf = (argv: readonly string[]) => argv.find((word) => /^[a-z]/.test(word)) ?? 'git';

function gitError(directory: string, argv: readonly string[], error: ExecaError): SwitchbackError {
  const bytes = error.stderr as Uint8Array | string | undefined;
  const said = withoutSecrets(bytes === undefined ? '' : Buffer.from(bytes as Uint8Array).toString('utf8')).trim();
  const message = `git ${verbOf(argv)} in ${directory}: ${said.split('\n').filter(Boolean).slice(0, 6).join('; ') || error.shortMessage}`;
  const facts = { directory, exitCode: error.exitCode ?? null };
  const cause = { cause: error };
  if (error.code === 'ENOENT') {
    return new SwitchbackError('PreconditionFailed', `git cannot be run in ${directory}`, {
      hint: 'Install git on this host, and check that the stack directory exists.',
      facts,
    });
  }
  if (error.timedOut) {
    return new SwitchbackError('Unreachable', `git ${verbOf(argv)} in ${directory} gave no answer in time`, {
      hint: 'Check the disk, or for a push the network and the credentials of the worker.',
      facts,
    });
  }
  if (/dubious ownership/.test(said)) {
    return new SwitchbackError(
      'AccessDenied',
      message,
      {
        hint: `Run the worker as the owner of ${directory}, or allow it: git config --global --add safe.directory ${directory}`,
        facts,
      },
      cause,
    );
  }
  if (/not a git repository/i.test(said)) {
    return new SwitchbackError('PreconditionFailed', `${directory} is not in a git repository`, {
      hint: 'Run `git init` and commit the stack, or take tags, branches and `files` steps out of the plan.',
      facts,
    });
  }
  if (/\.lock': File exists|Unable to create .*\.lock/.test(said)) {
    return new SwitchbackError(
      'Busy',
      message,
      { hint: 'Another git command is at work there; it is tried again.', facts },
      cause,
    );
  }
  if (/Could not resolve host|Connection (refused|timed out|reset)|unable to access/i.test(said)) {
    return new SwitchbackError(
      'Unreachable',
      message,
      { hint: 'The remote does not answer; check the network.', facts },
      cause,
    );
  }
  if (/Permission denied|Authentication failed|could not read Username|terminal prompts disabled/i.test(said)) {
    return new SwitchbackError(
      'AccessDenied',
      message,
      {
        hint: 'Give the worker credentials for the remote (an SSH agent or a credential helper), or set `push: false`.',
        facts,
      },
      cause,
    );
  }
  return new SwitchbackError('StepFailed', message, { facts }, cause);
}

/** Git quotes the remote's address in its messages, with the password that stands in it. */
const withoutSecrets = (text: string) => text.replace(/(\w+:\/\/)[^/@\s]+@/g, '$1…@');
