import { SwitchbackError } from '../../runbook/errors.ts';
import { gitText, runGit, type GitOptions } from './git.ts';
import { currentBranch } from './refs.ts';

/** A push goes over a network that may be slow; past this it is taken for stuck. */
const pushTimeoutMs = 120_000;

/** The remote that a push goes to: that of the branch that is checked out, else `origin`, else the only one. Throws `PreconditionFailed`. */
export async function pushRemote(directory: string, options: GitOptions = {}): Promise<string> {
  const remotes = (await gitText(directory, ['remote'], options)).split('\n').filter(Boolean);
  const branch = await currentBranch(directory, options);
  const configured = branch === undefined ? '' : await config(directory, `branch.${branch}.remote`, options);
  const remote = [configured, 'origin', ...(remotes.length === 1 ? remotes : [])].find((name) =>
    remotes.includes(name),
  );
  if (remote === undefined) {
    throw new SwitchbackError('PreconditionFailed', `the repository in ${directory} has no remote to push to`, {
      hint: 'Add one with `git remote add origin URL`, or set `push: false` in the plan.',
      facts: { directory, remotes: remotes.length },
    });
  }
  return remote;
}

/** Pushes full ref names to the same names, never by force: a remote that has another value refuses, which is a `Conflict`. */
export async function pushRefs(directory: string, refs: readonly string[], options: GitOptions = {}): Promise<string> {
  const remote = await pushRemote(directory, options);
  await push(
    directory,
    remote,
    refs.map((ref) => `${ref}:${ref}`),
    options,
  );
  return remote;
}

/** Deletes a ref of the remote if it still is `object` there; one that is gone is fine. */
export async function deletePushed(
  directory: string,
  ref: string,
  object: string,
  options: GitOptions = {},
): Promise<void> {
  const remote = await pushRemote(directory, options);
  const listed = await gitText(directory, ['ls-remote', '--quiet', '--', remote, ref], {
    ...options,
    timeoutMs: pushTimeoutMs,
  });
  const there = listed.split('\n').find((line) => line.endsWith(`\t${ref}`));
  if (there === undefined) return;
  await push(directory, remote, [`:${ref}`], options, [`--force-with-lease=${ref}:${object}`]);
}

async function push(directory: string, remote: string, refspecs: string[], options: GitOptions, flags: string[] = []) {
  const env = await batchSsh(directory, options);
  const argv = ['push', '--quiet', '--no-verify', '--no-follow-tags', ...flags, '--', remote, ...refspecs];
  try {
    await runGit(directory, argv, { ...options, timeoutMs: options.timeoutMs ?? pushTimeoutMs, env });
  } catch (error) {
    if (!(error instanceof SwitchbackError) || !/\[rejected\]|rejected|stale info|already exists/.test(error.message))
      throw error;
    throw new SwitchbackError(
      'Conflict',
      `remote ${remote} has another value: ${error.message}`,
      { hint: 'Somebody pushed that name before; choose another one, or remove it on the remote.', facts: { remote } },
      { cause: error },
    );
  }
}

/** Without this, ssh would ask for a passphrase on the terminal that the worker was started from. */
async function batchSsh(directory: string, options: GitOptions): Promise<Record<string, string>> {
  const command = (await config(directory, 'core.sshCommand', options)) || 'ssh';
  return { GIT_SSH_COMMAND: `${command} -oBatchMode=yes` };
}

async function config(directory: string, name: string, options: GitOptions): Promise<string> {
  const answer = await runGit(directory, ['config', '--get', name], { ...options, answers: [0, 1] });
  return answer.stdout.toString('utf8').trim();
}
