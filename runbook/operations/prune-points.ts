import { defineOperation, touchesNoData } from './define-operation.ts';
import { noWayBack } from './no-way-back.ts';

/** Removes recovery points, each `RUN/POINT`: renamed away first, so that none is ever seen half. */
export interface PrunePointsInput {
  points: string[];
}

declare module './operation.ts' {
  interface OperationInputs {
    prunePoints: PrunePointsInput;
  }
}

export const prunePoints = defineOperation({
  kind: 'prunePoints',
  version: 1,
  ...touchesNoData,
  changes: 'target',
  byHand: noWayBack,
});
