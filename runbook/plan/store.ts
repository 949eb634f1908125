import { z } from 'zod';
import { storeKinds, type StoreRef } from '../stores/index.ts';

/** All kinds, told apart by `kind`. It is read when a plan is: a kind that was added until then is in it. */
export const store: z.ZodType<StoreRef, StoreRef> = z.lazy(() => {
  const [first, ...others] = Object.values(storeKinds).map(({ schema }) => schema);
  if (first === undefined) throw new Error('no kind of store is registered');
  return z
    .discriminatedUnion('kind', [first, ...others])
    .describe('A store of data that the plan changes, backs up or compares.');
});
