import { defineOperation, touchesNoData } from './define-operation.ts';
import { noWayBack } from './no-way-back.ts';

export interface MeasureResourcesInput {
  phase: string;
}

declare module './operation.ts' {
  interface OperationInputs {
    measureResources: MeasureResourcesInput;
  }
}

export const measureResources = defineOperation({
  kind: 'measureResources',
  version: 1,
  ...touchesNoData,
  changes: 'beside',
  byHand: noWayBack,
});
