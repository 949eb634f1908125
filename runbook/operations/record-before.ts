import { defineOperation, touchesNoData } from './define-operation.ts';
import { noWayBack } from './no-way-back.ts';

/** State before anything: commit, containers, networks; an annotated tag and a backup branch where asked for. */
export interface RecordBeforeInput {
  tag?: string;
  branch?: string;
  push: boolean;
}

declare module './operation.ts' {
  interface OperationInputs {
    recordBefore: RecordBeforeInput;
  }
}

export const recordBefore = defineOperation({
  kind: 'recordBefore',
  version: 1,
  ...touchesNoData,
  changes: 'beside',
  byHand: noWayBack,
});
