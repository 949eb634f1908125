import { storeByHand } from '../break-glass/restore-by-hand.ts';
import { defineOperation, touchesNoData } from './define-operation.ts';

export interface RestoreStoreInput {
  store: string;
  point: string;
  /** Instead of reading the point: bring back the database that an earlier restore replaced and kept under this name. */
  replaced?: string;
  /** The store that the point is of, where it is another one: its data moves to this one. From version 2 on, as what follows. */
  from?: string;
  /** Restore beside the store's database, under this name, which nothing has yet. */
  named?: string;
  /** Make roles that the point names and the server does not have. */
  createRoles?: true;
  /** Instead of reading the point: put `from`, in which an earlier restore of the whole server kept what it replaced, back into `volume`. */
  putBack?: { volume: string; from: string };
  /** How far the log of the point is followed: a time in ISO 8601, or `latest`. From version 3 on. */
  at?: string;
}

declare module './operation.ts' {
  interface OperationInputs {
    restoreStore: RestoreStoreInput;
  }
}

export const restoreStore = defineOperation({
  kind: 'restoreStore',
  // 2: `from`, `named` and `createRoles`. What 1 says means the same.
  // 3: `at`.
  version: 3,
  ...touchesNoData,
  changes: 'target',
  bringsBack: true,
  stopsServices: 'while-it-works',
  makesScratchDatabases: true,
  restores: ({ store, named }) => (named === undefined ? `store:${store}` : undefined),
  byHand: ({ id, summary, input: { store, point, putBack } }, script) =>
    storeByHand({ id, summary, store, point, ...(putBack && { putBack }) }, script),
});
