import { SwitchbackError } from '../../runbook/errors.ts';
import { gitText, runGit, type GitOptions } from './git.ts';
import { refObject, requireRefName, tagCommit } from './refs.ts';

export interface TagRequest {
  tag: string;
  /** Full commit id. */
  commit: string;
  message: string;
}

/**
 * Throws `Conflict` when the tag exists on another commit than `commit`: a tag that others rely on is never moved.
 * Returns the object that the tag is, where it is on `commit` already.
 */
export async function requireTagFree(
  directory: string,
  { tag, commit }: Omit<TagRequest, 'message'>,
  options: GitOptions = {},
): Promise<string | undefined> {
  const existing = await tagCommit(directory, await requireRefName(directory, tag, options), options);
  if (existing !== undefined && existing !== commit) {
    throw new SwitchbackError(
      'Conflict',
      `tag ${tag} exists on commit ${existing.slice(0, 12)}, not on ${commit.slice(0, 12)}`,
      {
        hint: `Choose another tag in the plan, or look at what it marks (git show ${tag}) and remove it yourself.`,
        facts: { tag, existing, commit },
      },
    );
  }
  return refObject(directory, `refs/tags/${tag}`, options);
}

/** Writes the object of an annotated tag, which nothing refers to yet: so its id is known before the tag is made. Returns the id. */
export async function writeTagObject(
  directory: string,
  { tag, commit, message }: TagRequest,
  options: GitOptions = {},
): Promise<string> {
  await requireRefName(directory, tag, options);
  const tagger = await identity(directory, options);
  // Unsigned, whatever tag.gpgSign says: the worker has nobody to type a passphrase.
  const input = `object ${commit}\ntype commit\ntag ${tag}\ntagger ${tagger}\n\n${message.trim()}\n`;
  return gitText(directory, ['mktag'], { ...options, input });
}

/** Makes a tag of a tag object, if there is none of that name; the very same is fine. Throws `Conflict`. */
export async function createTag(
  directory: string,
  { tag, object }: { tag: string; object: string },
  options: GitOptions = {},
): Promise<void> {
  const name = `refs/tags/${await requireRefName(directory, tag, options)}`;
  if ((await refObject(directory, name, options)) === object) return;
  try {
    await runGit(directory, ['update-ref', '--stdin', '-z'], { ...options, input: `create ${name}\0${object}\0` });
  } catch (error) {
    if (!/reference already exists/.test(String(error))) throw error;
    throw new SwitchbackError('Conflict', `tag ${tag} came into being while it was made`, {
      hint: `Somebody else made it; look with \`git show ${tag}\`.`,
      facts: { tag },
    });
  }
}

/** Creates an annotated tag; one that is on this commit already is left as it is. Throws `Conflict` for another commit. */
export async function annotatedTag(
  directory: string,
  request: TagRequest,
  options: GitOptions = {},
): Promise<{ object: string; created: boolean }> {
  const existing = await requireTagFree(directory, request, options);
  if (existing !== undefined) return { object: existing, created: false };
  const object = await writeTagObject(directory, request, options);
  await createTag(directory, { tag: request.tag, object }, options);
  return { object, created: true };
}

/** Where a tag object that was taken back stays reachable: `git update-ref refs/tags/NAME REF` brings it back. */
export const takenBackRef = (tag: string, object: string) => `refs/switchback/taken-back/${tag}/${object.slice(0, 12)}`;

/**
 * Takes a tag back if it still is the very object that was made; the object stays reachable under `takenBackRef`. One that is gone is fine.
 * Throws `Conflict` when somebody has made another tag of that name since.
 */
export async function removeTag(
  directory: string,
  { tag, object }: { tag: string; object: string },
  options: GitOptions = {},
): Promise<'removed' | 'gone'> {
  const name = `refs/tags/${await requireRefName(directory, tag, options)}`;
  const current = await refObject(directory, name, options);
  if (current === undefined) return 'gone';
  if (current !== object) {
    throw new SwitchbackError(
      'Conflict',
      `tag ${tag} is ${current.slice(0, 12)} now, not the ${object.slice(0, 12)} that was made`,
      {
        hint: `Somebody made it anew; look with \`git show ${tag}\`. Skip this undo if the tag is right as it is.`,
        facts: { tag, current, object },
      },
    );
  }
  // One transaction, with the old value compared: there is no moment in which nothing holds the object.
  const input = `update ${takenBackRef(tag, object)}\0${object}\0\0delete ${name}\0${object}\0`;
  await runGit(directory, ['update-ref', '--stdin', '-z'], { ...options, input });
  return 'removed';
}

/** Who tags, with the time: the host's git identity, or the service where git knows nobody. */
async function identity(directory: string, options: GitOptions): Promise<string> {
  const ask = (config: string[], answers: number[]) =>
    runGit(directory, [...config, 'var', 'GIT_COMMITTER_IDENT'], { ...options, answers });
  const own = await ask(['-c', 'user.useConfigOnly=true'], [0, 128]);
  const answer =
    own.exitCode === 0 ? own : await ask(['-c', 'user.name=Switchback', '-c', 'user.email=switchback@localhost'], [0]);
  return answer.stdout.toString('utf8').trim();
}
