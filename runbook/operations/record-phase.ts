import { defineOperation, touchesNoData } from './define-operation.ts';
import { noWayBack } from './no-way-back.ts';

/** Saves the active files and writes progress, decisions and lessons for the phase. */
export interface RecordPhaseInput {
  phase: string;
  title: string;
}

declare module './operation.ts' {
  interface OperationInputs {
    recordPhase: RecordPhaseInput;
  }
}

export const recordPhase = defineOperation({
  kind: 'recordPhase',
  version: 1,
  ...touchesNoData,
  changes: 'beside',
  byHand: noWayBack,
});
