import type { StoreKind } from './define-store-kind.ts';
import { postgres } from './postgres.ts';
import { redis } from './redis.ts';
import { sqlite } from './sqlite.ts';
import type { StoreKindName, StoreRef } from './store-kind.ts';

export type { StoreKind } from './define-store-kind.ts';
export { storeParts, type ReachedBy, type StoreKindName, type StorePart, type StoreRef } from './store-kind.ts';
export { pointHolds } from './point-kind.ts';

/** The one list of kinds of stores: a new kind is a file beside this one, a line here, and its driver in `activities/stores/registry.ts`. */
export const storeKinds: { readonly [K in StoreKindName]: StoreKind<K> } = { postgres, redis, sqlite };

/** What the kind of a store says of it, for callers that know only that it is one. */
export const storeKindOf = (ref: Pick<StoreRef, 'kind'>): StoreKind<StoreKindName> => storeKinds[ref.kind];
