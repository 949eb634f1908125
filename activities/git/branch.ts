import { SwitchbackError } from '../../runbook/errors.ts';
import { runGit, type GitOptions } from './git.ts';
import { refObject, requireRefName } from './refs.ts';

/**
 * Creates a branch on a commit without checking it out; one that is there already is left as it is.
 * Throws `Conflict` when the branch is on another commit.
 */
export async function backupBranch(
  directory: string,
  { branch, commit }: { branch: string; commit: string },
  options: GitOptions = {},
): Promise<'created' | 'existed'> {
  if (await requireBranchFree(directory, branch, commit, options)) return 'existed';
  // An old value of all zeros: git itself refuses when the branch has come into being since the look.
  const nothing = '0'.repeat(commit.length);
  await runGit(
    directory,
    ['update-ref', '-m', 'switchback: backup', '--', `refs/heads/${branch}`, commit, nothing],
    options,
  );
  return 'created';
}

/** Throws `Conflict` when the branch exists on another commit; returns whether it exists on this one. */
export async function requireBranchFree(
  directory: string,
  branch: string,
  commit: string,
  options: GitOptions = {},
): Promise<boolean> {
  const existing = await refObject(
    directory,
    `refs/heads/${await requireRefName(directory, branch, options)}`,
    options,
  );
  if (existing === undefined || existing === commit) return existing !== undefined;
  throw new SwitchbackError(
    'Conflict',
    `branch ${branch} exists on commit ${existing.slice(0, 12)}, not on ${commit.slice(0, 12)}`,
    {
      hint: 'Choose another name for the backup branch in the plan.',
      facts: { branch, existing, commit },
    },
  );
}
