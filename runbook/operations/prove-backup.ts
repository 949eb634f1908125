import { defineOperation, touchesNoData } from './define-operation.ts';
import { noWayBack } from './no-way-back.ts';

/** Restores a recovery point into a scratch place and looks at what came out. */
export interface ProveBackupInput {
  point: string;
}

declare module './operation.ts' {
  interface OperationInputs {
    proveBackup: ProveBackupInput;
  }
}

export const proveBackup = defineOperation({
  kind: 'proveBackup',
  version: 1,
  ...touchesNoData,
  changes: 'beside',
  makesScratchDatabases: true,
  byHand: noWayBack,
});
