import { SwitchbackError } from '../../runbook/errors.ts';
import type { EffectContext } from '../effect.ts';
import { readActive, writeActive } from './active-file.ts';
import type { CheckpointContents } from './contents.ts';
import { bindActive } from './drift.ts';

/** What one active file changes from and to: digests, or `absent`. */
export type FileSwitch = {
  path: string;
  from: string;
  to: string;
};

type Context = Pick<EffectContext, 'plan' | 'keep' | 'fence' | 'identityOf' | 'bindIdentity'>;

const absent = 'absent';
const digestOf = (text: string) => (text === absent ? undefined : text);

/** What is to happen to an active file, as a receipt can carry it. */
export function fileSwitch(
  path: string,
  from: { digest: string } | undefined,
  to: { digest: string } | undefined,
): FileSwitch {
  return { path, from: from?.digest ?? absent, to: to?.digest ?? absent };
}

/** Which of the two an active file holds now; `both` where they are the same, `other` where somebody has changed it. */
export async function standingOf(
  context: Pick<Context, 'plan' | 'keep'>,
  { path, from, to }: FileSwitch,
): Promise<'from' | 'to' | 'both' | 'other'> {
  const digest = (await readActive(context.plan.stack.directory, path, context))?.digest ?? absent;
  if (digest === to) return from === to ? 'both' : 'to';
  return digest === from ? 'from' : 'other';
}

/**
 * Brings the active files to the next contents, each in one rename. Safe to call again after a kill between any two of them.
 * @returns what each file that was written is now
 * @throws SwitchbackError `ValidationMismatch` before anything is written, when somebody has changed one meanwhile
 */
export async function switchFiles(
  context: Context,
  files: readonly FileSwitch[],
  contents: CheckpointContents,
): Promise<Record<string, 'link' | 'copy' | 'removed'>> {
  const { directory, compose } = context.plan.stack;
  const standing = await Promise.all(files.map(async (file) => ({ file, where: await standingOf(context, file) })));
  const changed = standing.find(({ where }) => where === 'other');
  if (changed) throw changedMeanwhile(changed.file.path);
  const written: Record<string, 'link' | 'copy' | 'removed'> = {};
  // The env file, which comes last, first: a Compose file may need what is new in it.
  for (const { file, where } of standing.reverse()) {
    const content = file.path === compose ? contents.compose : contents.env;
    // The same content may still have to become a link.
    if (where === 'from' || content?.linkTo !== undefined) {
      await bindActive(context, file.path, [digestOf(file.from), digestOf(file.to)]);
      await context.fence();
      written[file.path] = await writeActive(directory, file.path, content, file.path === compose);
    }
    await bindActive(context, file.path, [digestOf(file.to)]);
  }
  return written;
}

/** Notes that the active files hold what they were switched to, for an attempt that was killed before it could. */
export async function noteSwitched(
  context: Pick<Context, 'identityOf' | 'bindIdentity'>,
  files: readonly FileSwitch[],
): Promise<void> {
  for (const { path, to } of files) await bindActive(context, path, [digestOf(to)]);
}

function changedMeanwhile(path: string): SwitchbackError {
  return new SwitchbackError('ValidationMismatch', `${path} was changed by somebody while it was to be switched`, {
    hint: 'Nothing was overwritten. Save that change elsewhere, put the file back, then retry.',
    facts: { file: path },
  });
}
