import { z } from 'zod';
import { keyed } from './keyed.ts';
import { storeName, volumeName } from './name.ts';
import { saying } from './saying.ts';

/** What is saved before a phase acts, so that its data can be brought back. */
export const backup = keyed('a backup', {
  volume: z.strictObject({
    volume: saying(volumeName, 'The volume that is copied.'),
    quiesce: z
      .enum(['stop', 'pause', 'none'])
      .default('stop')
      .describe('What happens to the containers that use the volume while it is copied.'),
  }),
  store: z.strictObject({
    store: saying(storeName, 'The store that is backed up.'),
    method: z
      .enum(['logical', 'physical'])
      .default('logical')
      .describe('`logical`: the database is dumped. `physical`: the whole server that it is in, by its files.'),
    pointInTime: z
      .boolean()
      .exactOptional()
      .describe(
        'With `method: physical`: the log of the server is written down from then on, so that any later moment can be restored.',
      ),
  }),
});
