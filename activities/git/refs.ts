import { SwitchbackError } from '../../runbook/errors.ts';
import { gitText, runGit, type GitOptions } from './git.ts';

/** The id of an object: SHA-1 or SHA-256. */
export const objectIdPattern = /^([0-9a-f]{40}|[0-9a-f]{64})$/;

/** Whether a directory is inside the work tree of a git repository. Throws `AccessDenied` when git refuses to look. */
export async function isRepository(directory: string, options: GitOptions = {}): Promise<boolean> {
  try {
    return (await gitText(directory, ['rev-parse', '--is-inside-work-tree'], options)) === 'true';
  } catch (error) {
    if (error instanceof SwitchbackError && /is not in a git repository/.test(error.message)) return false;
    throw error;
  }
}

/** Refuses what git, or a reader, could take for an option or for several things. Throws `PlanInvalid`. */
export function requireRef(ref: string): string {
  if (ref === '' || ref.startsWith('-') || ref.length > 250 || /[\s\p{Cc}:?*[\\]|\.\./u.test(ref)) {
    throw new SwitchbackError('PlanInvalid', `${JSON.stringify(ref)} is not a git ref`, {
      hint: 'A ref is a branch, a tag or a commit id; it does not begin with "-".',
      facts: { ref },
    });
  }
  return ref;
}

/** Refuses names that git does not allow for tags and branches. Throws `PlanInvalid`. */
export async function requireRefName(directory: string, name: string, options: GitOptions = {}): Promise<string> {
  requireRef(name);
  const answer = await runGit(directory, ['check-ref-format', `refs/heads/${name}`], { ...options, answers: [0, 1] });
  if (answer.exitCode !== 0) {
    throw new SwitchbackError(
      'PlanInvalid',
      `${JSON.stringify(name)} is not a name that git allows for a tag or branch`,
      {
        hint: 'Use letters, digits, ".", "-" and "_", e.g. v2-phase-1-complete.',
        facts: { name },
      },
    );
  }
  return name;
}

/** The commit that a ref names now, pinned as its full id. Throws `PreconditionFailed` when there is none. */
export async function resolveCommit(directory: string, ref: string, options: GitOptions = {}): Promise<string> {
  const commit = await peel(directory, requireRef(ref), options);
  if (commit === undefined) {
    throw new SwitchbackError('PreconditionFailed', `git ref ${ref} names no commit in ${directory}`, {
      hint: 'Look at `git tag` and `git branch -a`; a shallow clone may lack it (`git fetch --unshallow --tags`).',
      facts: { ref, directory },
    });
  }
  return commit;
}

/** The commit that is checked out. Throws `PreconditionFailed` in a repository without commits. */
export async function headCommit(directory: string, options: GitOptions = {}): Promise<string> {
  const commit = await peel(directory, 'HEAD', options);
  if (commit === undefined) {
    throw new SwitchbackError('PreconditionFailed', `the repository in ${directory} has no commit`, {
      hint: 'Commit the stack as it is, so that there is something to go back to.',
      facts: { directory },
    });
  }
  return commit;
}

/** The commit that a tag is on, or undefined where there is no such tag. */
export async function tagCommit(directory: string, tag: string, options: GitOptions = {}): Promise<string | undefined> {
  return peel(directory, `refs/tags/${requireRef(tag)}`, options);
}

/** The branch that is checked out, or undefined with a detached HEAD. */
export async function currentBranch(directory: string, options: GitOptions = {}): Promise<string | undefined> {
  const answer = await runGit(directory, ['symbolic-ref', '--quiet', '--short', 'HEAD'], {
    ...options,
    answers: [0, 1],
  });
  return answer.exitCode === 0 ? answer.stdout.toString('utf8').trim() : undefined;
}

/** The object that a full ref name points to itself: of an annotated tag, the tag object. */
export async function refObject(directory: string, ref: string, options: GitOptions = {}): Promise<string | undefined> {
  return verify(directory, ref, options);
}

const peel = (directory: string, ref: string, options: GitOptions) => verify(directory, `${ref}^{commit}`, options);

async function verify(directory: string, expression: string, options: GitOptions): Promise<string | undefined> {
  const argv = ['rev-parse', '--verify', '--quiet', '--end-of-options', expression];
  const answer = await runGit(directory, argv, { ...options, answers: [0, 1] });
  const id = answer.stdout.toString('utf8').trim();
  return answer.exitCode === 0 && objectIdPattern.test(id) ? id : undefined;
}
