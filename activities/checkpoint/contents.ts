import type { EffectContext } from '../effect.ts';
import type { ContentRef } from '../../runbook/operations.ts';

/** What a file of a checkpoint holds. */
export interface Content {
  bytes: Buffer;
  /** In the target's content store, keyed: env files hold guessable secrets. */
  digest: string;
  /** File of the stack that the active file is to be a link to, if that still holds the same. */
  linkTo?: string;
  /** Permission bits, where they are known. */
  mode?: number | undefined;
}

/** Compose and env file of a checkpoint. No `compose`: there was no stack. No `env`: there was no env file. */
export interface CheckpointContents {
  compose: Content | undefined;
  env: Content | undefined;
}

type Reader = Pick<EffectContext, 'sealed' | 'keep' | 'kept' | 'plan'>;

/**
 * Reads what a reference names. A sealed path becomes a link where the plan switches by links; a kept content where it was one before
 * (its path is then another one than that of the active file). @throws SwitchbackError `PlanInvalid`, `IntegrityFailed`
 */
export async function readContent(ref: ContentRef, activePath: string, context: Reader): Promise<Content | undefined> {
  if ('absent' in ref) return undefined;
  if ('digest' in ref) {
    const bytes = await context.kept(ref.digest);
    return { bytes, digest: ref.digest, mode: ref.mode, ...(ref.path === activePath ? {} : { linkTo: ref.path }) };
  }
  const bytes = await context.sealed(ref.path);
  const links = context.plan.stack.switchBy === 'symlink' && ref.path !== activePath;
  return { bytes, digest: await context.keep(bytes), ...(links ? { linkTo: ref.path } : {}) };
}
