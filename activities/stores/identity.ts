import { SwitchbackError } from '../../runbook/errors.ts';
import type { StoreContext } from './store.ts';

/**
 * Makes sure that a store is the one that this target has known from the beginning, and not another one of the same name. The first
 * time it is seen, what it is gets written down.
 * @throws `PreconditionFailed`
 */
export async function requireSameStore(context: StoreContext, store: string, identity: string): Promise<void> {
  const resource = `store:${store}`;
  const known = await context.identityOf(resource);
  if (known === undefined) await context.bindIdentity(resource, identity);
  else if (known !== identity) {
    throw new SwitchbackError(
      'PreconditionFailed',
      `store ${store} is another database than the one this target knows`,
      {
        hint: 'It was replaced, or its address leads elsewhere now. Find out which is right before anything else is done to it.',
        facts: { store, known, found: identity },
      },
    );
  }
}
