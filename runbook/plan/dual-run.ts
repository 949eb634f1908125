import { z } from 'zod';
import { duration } from './duration.ts';
import { storeName } from './name.ts';
import { stackPath } from './place.ts';
import { saying } from './saying.ts';
import { checkpointFiles } from './stack.ts';

const column = z.string().min(1).max(63);

const side = z
  .strictObject({
    store: saying(storeName, 'The store to read.'),
    table: z
      .string()
      .regex(/^[^\s.]+(\.[^\s.]+)?$/, 'is not a table')
      .exactOptional()
      .describe('A table, compared whole.'),
    query: z.string().min(1).max(20_000).exactOptional().describe('Or: a query that only reads.'),
  })
  .refine((value) => (value.table === undefined) !== (value.query === undefined), {
    error: 'needs either `table` or `query`, and not both',
    params: { hint: 'Leave one of them out.' },
  });

export const dualRun = z
  .strictObject({
    compose: saying(stackPath, 'The Compose file in which old and new run side by side.').exactOptional(),
    env: checkpointFiles.env,
    compare: z
      .array(
        z.strictObject({
          left: side.describe('What the old side has.'),
          right: side.describe('What the new side has.'),
          key: z
            .union([column, z.array(column).min(1)])
            .transform((value) => (typeof value === 'string' ? [value] : value))
            .describe('The column, or columns, by which rows of both sides belong together.'),
        }),
      )
      .min(1)
      .describe('What is read on both sides and compared by key.'),
    for: saying(duration, 'How long to go on comparing, at most.'),
    every: saying(duration, 'How often to compare: 10s, or as often as `pass` needs within `for`.').exactOptional(),
    pass: z.int().min(1).max(1000).default(1).describe('How many equal comparisons in a row pass.'),
  })
  .describe('Old and new both live, compared, before traffic moves.');
