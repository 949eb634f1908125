/**
 * What a recovery point of a store holds, by the kind of its source: `postgres` is one store's data, `postgres-physical` the whole server
 * that the store is in, `postgres-tables` what an undo took away, which nothing else has.
 */
export type PointHolds = 'store' | 'server' | 'tables';

const suffixes = { physical: 'server', tables: 'tables' } as const;

/** @param kind `source.kind` of a manifest */
export function pointHolds(kind: string): PointHolds {
  const suffix = /-(physical|tables)$/.exec(kind)?.[1] as keyof typeof suffixes | undefined;
  return suffix === undefined ? 'store' : suffixes[suffix];
}
