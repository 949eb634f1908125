import { serverOf } from './databases-of-servers.ts';
import type { Operation } from './operations/index.ts';
import type { TargetState } from './target.ts';

/** A backup of the whole server that a store is in, by its files: it goes back as a whole. */
export const isOfServer = (operation: Operation): boolean =>
  operation.kind === 'backupStore' && operation.input.method === 'physical';

/** The other stores that are known to be in the server of a store, as `store:NAME`. */
export function storesBeside({ identities }: Pick<TargetState, 'identities'>, store: string): string[] {
  const own = identities.get(store);
  if (own === undefined) return [];
  return [...identities]
    .filter(([name, identity]) => name.startsWith('store:') && name !== store && serverOf(identity) === serverOf(own))
    .map(([name]) => name)
    .sort();
}

/** Stores of which nobody has asked yet in which server they are, as `store:NAME`. */
export const unseenStores = ({ identities }: Pick<TargetState, 'identities'>, stores: readonly string[]): string[] =>
  stores
    .map((name) => `store:${name}`)
    .filter((name) => !identities.has(name))
    .sort();
