import { SwitchbackError } from '../../runbook/errors.ts';
import type { EffectContext } from '../effect.ts';
import { readActive, type ActiveFile } from './active-file.ts';

type Journalled = Pick<EffectContext, 'identityOf' | 'bindIdentity'>;

const identityOfFile = (path: string) => `file:${path}`;

/**
 * Notes in the journal what an active file may hold: two contents while it is switched, so that neither is taken for somebody's edit
 * when an attempt is killed in between, and one afterwards.
 */
export async function bindActive(context: Journalled, path: string, digests: (string | undefined)[]): Promise<void> {
  const value = [...new Set(digests.map((digest) => digest ?? 'absent'))].join('|');
  if ((await context.identityOf(identityOfFile(path))) !== value)
    await context.bindIdentity(identityOfFile(path), value);
}

/** @throws SwitchbackError `ValidationMismatch` when somebody has changed an active file since we last switched it. */
export async function requireNoDrift(
  context: Pick<Journalled, 'identityOf'>,
  path: string,
  active: ActiveFile | undefined,
): Promise<void> {
  const known = await context.identityOf(identityOfFile(path));
  // Never switched by us: whatever stands there is the beginning.
  if (known === undefined || known.split('|').includes(active?.digest ?? 'absent')) return;
  throw new SwitchbackError('ValidationMismatch', `${path} was changed by somebody since the last checkpoint`, {
    hint: `To keep the change, put it into the checkpoint's own file. Then make ${path} equal to the file of the checkpoint that is active, and retry: \`switchback verify\` names that checkpoint, \`switchback plan\` its file.`,
    facts: { file: path },
  });
}

/** Looks at the stack's active files. @throws SwitchbackError `ValidationMismatch` as `requireNoDrift`. */
export async function checkDrift(context: Pick<EffectContext, 'identityOf' | 'keep' | 'plan'>): Promise<void> {
  const { directory, compose, env } = context.plan.stack;
  for (const path of env === undefined ? [compose] : [compose, env]) {
    await requireNoDrift(context, path, await readActive(directory, path, context));
  }
}
