import { defineOperation, touchesNoData } from './define-operation.ts';
import { noWayBack } from './no-way-back.ts';

export interface TagCheckpointInput {
  tag: string;
  message: string;
  push: boolean;
}

declare module './operation.ts' {
  interface OperationInputs {
    tagCheckpoint: TagCheckpointInput;
  }
}

export const tagCheckpoint = defineOperation({
  kind: 'tagCheckpoint',
  version: 1,
  ...touchesNoData,
  changes: 'beside',
  byHand: noWayBack,
});
