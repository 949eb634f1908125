import { asItIs, defineOperation, touchesNoData } from './define-operation.ts';
import { noWayBack } from './no-way-back.ts';

/** Brings paths to the state they have at a git ref. */
export interface RestoreFilesInput {
  ref: string;
  paths: string[];
}

declare module './operation.ts' {
  interface OperationInputs {
    restoreFiles: RestoreFilesInput;
  }
}

export const restoreFiles = defineOperation({
  kind: 'restoreFiles',
  version: 1,
  ...touchesNoData,
  changes: 'target',
  inClone: asItIs,
  byHand: noWayBack,
});
