import { dirtyPaths, headCommit, tagCommit } from '../git/index.ts';
import { holds, lacks, type Look } from './look.ts';

/** The tag of the phase before, or of the baseline, is there: a state to go back to. */
export const lookAtPreviousTag: Look<'previous-tag'> = async ({ tag }, { context }) => {
  const commit = await tagCommit(context.plan.stack.directory, tag, { signal: context.signal });
  if (commit !== undefined) return holds(`tag ${tag} is on ${commit.slice(0, 12)}`);
  return lacks(`there is no tag ${tag}`, `Tag the state that was proven last: \`git tag -a ${tag}\`.`);
};

/** The tag that the phase will set is free, or is on the commit that it would be set on. */
export const lookAtTagFree: Look<'tag-free'> = async ({ tag }, { context }) => {
  const { directory } = context.plan.stack;
  const options = { signal: context.signal };
  const [existing, head] = [await tagCommit(directory, tag, options), await headCommit(directory, options)];
  if (existing === undefined || existing === head) return holds(`tag ${tag} can be set`);
  return lacks(
    `tag ${tag} is on ${existing.slice(0, 12)}, not on ${head.slice(0, 12)}`,
    `Look what it marks (\`git show ${tag}\`), then remove it or name another one in the plan.`,
  );
};

/** Paths that the phase replaces have no change that git does not know. */
export const lookAtGitClean: Look<'git-clean'> = async ({ paths }, { context }) => {
  const dirty = await dirtyPaths(context.plan.stack.directory, paths, { signal: context.signal });
  if (dirty.length === 0) return holds(`${paths.join(', ')}: nothing uncommitted`);
  const more = dirty.length > 8 ? ` and ${dirty.length - 8} more` : '';
  return lacks(
    `uncommitted: ${dirty.slice(0, 8).join(', ')}${more}`,
    'Commit them, or move them away: they would be replaced.',
  );
};
