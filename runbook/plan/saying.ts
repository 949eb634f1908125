import type { z } from 'zod';

/** The schema, described by what it is for in front of what form it has: `How long to watch. A duration: …`. */
export function saying<S extends z.ZodType>(schema: S, what: string): S {
  const form = schema.description;
  return schema.describe(form === undefined ? what : `${what} ${form}`);
}
