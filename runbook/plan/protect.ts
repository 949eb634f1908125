import { z } from 'zod';
import { keyed } from './keyed.ts';
import { storeName, volumeName } from './name.ts';
import { stackPath } from './place.ts';
import { saying } from './saying.ts';

const tablePattern = z
  .string()
  .regex(/^[^\s.]+(\.[^\s.]+)?$/, 'is not a table pattern')
  .describe('SCHEMA.TABLE, where * is any text and ? one character: public.*, *.orders, *.');

/** What Switchback must never delete, modify or overwrite, whatever a step says. */
export const protectedResource = keyed('a protected resource', {
  volume: z.strictObject({ volume: saying(volumeName, 'A volume that is never removed or redefined.') }),
  store: z.strictObject({
    store: saying(storeName, 'The store whose tables are protected.'),
    tables: z.array(tablePattern).min(1).default(['*']).describe('The tables, as patterns; all of them when left out.'),
    allow: z
      .enum(['nothing', 'expand'])
      .default('nothing')
      .describe('expand lets steps add columns, indexes and triggers to a protected table; rows stay untouched.'),
  }),
  path: z.strictObject({ path: saying(stackPath, 'A file or folder that no step may touch.') }),
  network: z.strictObject({
    network: z.string().min(1).max(200).describe('A network that is never removed or redefined.'),
  }),
});
