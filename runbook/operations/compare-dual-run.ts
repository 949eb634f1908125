import { defineOperation, touchesNoData } from './define-operation.ts';
import { noWayBack } from './no-way-back.ts';

export interface Comparison {
  left: { store: string; query: string };
  right: { store: string; query: string };
  key: string[];
}

export interface CompareDualRunInput {
  comparisons: Comparison[];
  forSeconds: number;
  everySeconds: number;
  pass: number;
}

declare module './operation.ts' {
  interface OperationInputs {
    compareDualRun: CompareDualRunInput;
  }
}

export const compareDualRun = defineOperation({
  kind: 'compareDualRun',
  version: 1,
  ...touchesNoData,
  changes: 'nothing',
  byHand: noWayBack,
});
