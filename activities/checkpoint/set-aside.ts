import type { EffectContext } from '../effect.ts';

const resource = 'set-aside';

type Journalled = Pick<EffectContext, 'identityOf' | 'bindIdentity'>;

/**
 * Containers of the project that the active checkpoint has no service for: stopped, and kept for the way back. While they are stopped they are no part of the stack. @returns short ids
 */
export async function setAside(context: Pick<Journalled, 'identityOf'>): Promise<Set<string>> {
  const noted = (await context.identityOf(resource)) ?? '';
  return new Set(noted.split(',').filter((id) => id !== ''));
}

/** Notes which containers are set aside now; all others are not any more. */
export async function noteSetAside(context: Journalled, ids: readonly string[]): Promise<void> {
  const value = ids
    .map((id) => id.slice(0, 12))
    .sort()
    .join(',');
  if (value !== ((await context.identityOf(resource)) ?? '')) await context.bindIdentity(resource, value);
}
