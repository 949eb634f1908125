import { z } from 'zod';
import { keyed } from './keyed.ts';
import { storeName, volumeName } from './name.ts';
import { stackPath } from './place.ts';

const tablePattern = z
  .string()
  .regex(/^[^\s.]+(\.[^\s.]+)?$/, 'is not a table pattern')
  .describe('SCHEMA.TABLE, where * is any text and ? one character: public.*, *.orders, *.');

/** What Switchback must never delete, modify or overwrite, whatever a step says. */
export const protectedResource = keyed('a protected resource', {
  volume: z.strictObject({ volume: volumeName }),
  store: z.strictObject({
    store: storeName.describe('The store whose tables are protected.'),
    tables: z.array(tablePattern).min(1).default(['*']),
    allow: z
      .enum(['nothing', 'expand'])
      .default('nothing')
      .describe('expand lets steps add columns, indexes and triggers to a protected table; rows stay untouched.'),
  }),
  path: z.strictObject({ path: stackPath }),
  network: z.strictObject({ network: z.string().min(1).max(200) }),
});
