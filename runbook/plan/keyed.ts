import { z } from 'zod';

/** What a keyed union is called in messages, and the keys of which exactly one must be there. */
export interface KeyedUnion {
  what: string;
  keys: string[];
}

const keyedUnions = new WeakMap<z.core.$ZodType, KeyedUnion>();

/**
 * A union of objects in which the presence of one key says which object is meant, as in `{ sql: orders, file: … }`.
 * Messages about a bad value then speak of the meant object only.
 */
export function keyed<S extends Record<string, z.ZodType>>(
  what: string,
  options: S,
): z.ZodType<z.output<S[keyof S]>, z.input<S[keyof S]>> {
  const union = z.union(Object.values(options) as [z.ZodType, z.ZodType]);
  keyedUnions.set(union, { what, keys: Object.keys(options) });
  return union as z.ZodType<z.output<S[keyof S]>, z.input<S[keyof S]>>;
}

export function keyedUnion(schema: z.core.$ZodType): KeyedUnion | undefined {
  return keyedUnions.get(schema);
}
