import { defineOperation, touchesNoData } from './define-operation.ts';
import { noWayBack } from './no-way-back.ts';

/**
 * `physical`: the whole server that the store is in, by its files. `pointInTime`: its log is written down from then on, until the point is
 * pruned or the server is exchanged. From version 2 on.
 */
export interface BackupStoreInput {
  store: string;
  point: string;
  method?: 'physical';
  pointInTime?: true;
}

declare module './operation.ts' {
  interface OperationInputs {
    backupStore: BackupStoreInput;
  }
}

export const backupStore = defineOperation({
  kind: 'backupStore',
  // 2: `pointInTime`. What 1 says means the same.
  version: 2,
  ...touchesNoData,
  changes: 'beside',
  makesScratchDatabases: true,
  backsUp: ({ store }) => `store:${store}`,
  byHand: noWayBack,
});
