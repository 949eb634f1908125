import { z } from 'zod';
import { keyed } from './keyed.ts';
import { imageName, serviceName, storeName, volumeName } from './name.ts';
import { stackPath } from './place.ts';
import { saying } from './saying.ts';

const tablePattern = z
  .string()
  .regex(/^[^\s.]+(\.[^\s.]+)?$/, 'is not a table pattern')
  .describe('SCHEMA.TABLE, where * is any text and ? one character: public.*, *.orders, *.');

const writer = z
  .strictObject({
    service: saying(serviceName, 'A service that may write.'),
    image: imageName
      .exactOptional()
      .describe("Written by this image, beside the baseline's: each further one needs an entry of its own."),
    images: z.literal('any').exactOptional().describe('any lets the service write whatever image it runs.'),
  })
  .describe('Who may write: a service with the image that it has in the baseline, or with the one named here.');

const writing = {
  writers: z
    .array(writer)
    .max(100)
    .exactOptional()
    .describe('Who may write to it; when left out, the services that mount it writable in the baseline.'),
  others: z
    .enum(['refuse', 'read-only'])
    .exactOptional()
    .describe(
      'What becomes of any other service, or image, that mounts it writable in a checkpoint: the phase is refused, or it gets it read-only.',
    ),
};

/** What Switchback must never delete, modify or overwrite, whatever a step says. */
export const protectedResource = keyed('a protected resource', {
  volume: z.strictObject({
    volume: saying(volumeName, 'A volume that is never removed or redefined, and that only its writers may write to.'),
    ...writing,
  }),
  store: z.strictObject({
    store: saying(storeName, 'The store whose tables are protected.'),
    tables: z.array(tablePattern).min(1).default(['*']).describe('The tables, as patterns; all of them when left out.'),
    allow: z
      .enum(['nothing', 'expand'])
      .default('nothing')
      .describe('expand lets steps add columns, indexes and triggers to a protected table; rows stay untouched.'),
  }),
  path: z.strictObject({
    path: saying(stackPath, 'A file or folder that no step may touch, and that only its writers may write to.'),
    ...writing,
  }),
  network: z.strictObject({
    network: z.string().min(1).max(200).describe('A network that is never removed or redefined.'),
  }),
});
