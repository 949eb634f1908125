import { z } from 'zod';
import { duration } from './duration.ts';
import { storeName } from './name.ts';
import { checkpointFiles } from './stack.ts';

const column = z.string().min(1).max(63);

const side = z
  .strictObject({
    store: storeName,
    table: z
      .string()
      .regex(/^[^\s.]+(\.[^\s.]+)?$/, 'is not a table')
      .exactOptional()
      .describe('A table, compared whole.'),
    query: z.string().min(1).max(20_000).exactOptional().describe('Or: a query that only reads.'),
  })
  .refine((value) => (value.table === undefined) !== (value.query === undefined), {
    error: 'needs either `table` or `query`, and not both',
  });

export const dualRun = z
  .strictObject({
    compose: checkpointFiles.compose
      .exactOptional()
      .describe('The Compose file in which old and new run side by side.'),
    env: checkpointFiles.env,
    compare: z
      .array(
        z.strictObject({
          left: side,
          right: side,
          key: z
            .union([column, z.array(column).min(1)])
            .transform((value) => (typeof value === 'string' ? [value] : value))
            .describe('The column, or columns, by which rows of both sides belong together.'),
        }),
      )
      .min(1)
      .describe('What is read on both sides and compared by key.'),
    for: duration.describe('How long to go on comparing, at most.'),
    every: duration.exactOptional().describe('How often to compare: 10s, or as often as `pass` needs within `for`.'),
    pass: z.int().min(1).max(1000).default(1).describe('How many equal comparisons in a row pass.'),
  })
  .describe('Old and new both live, compared, before traffic moves.');
