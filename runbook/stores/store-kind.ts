/** The reference of every kind of store in a plan, without its `kind`: the file of each kind adds its own line. */
// eslint-disable-next-line @typescript-eslint/no-empty-object-type -- each kind adds its own line
export interface StoreRefs {}
export type StoreKindName = keyof StoreRefs;

/** How a store is reached, in the words that all kinds share. */
export interface ReachedBy {
  /** With secret references (`${env:NAME}`, `${file:PATH}`), which only the worker resolves. */
  url?: string;
  /** The Compose service that serves it. With a URL, what that names in this service's container: a clone has both. */
  service?: string;
}

/** A store as it stands in a plan. */
export type StoreRef<K extends StoreKindName = StoreKindName> = {
  [Kind in K]: { kind: Kind } & ReachedBy & StoreRefs[Kind];
}[K];

/**
 * What a store may be able to do. The port of its driver has a part of the same name (`activities/stores/store.ts`).
 * `probe`: answers a query with one value. `backup`: writes a backup of one moment. `restore`: brings one back beside the live data and
 * exchanges the two. `fingerprint`: says what a restore would lose. `change`: takes steps of SQL. `compare`: reads rows by key.
 * `rehearse`: fills a clone, and tells two states of it apart.
 */
export const storeParts = ['probe', 'backup', 'restore', 'fingerprint', 'change', 'compare', 'rehearse'] as const;
export type StorePart = (typeof storeParts)[number];
