import { defineOperation, touchesNoData } from './define-operation.ts';
import { noWayBack } from './no-way-back.ts';

export interface Budget {
  cpus?: number;
  memoryBytes?: number;
  services?: number;
  over: 'warn' | 'stop';
}

/** Sum of limits of the coming checkpoint against the budget and the host's free memory. */
export interface CheckBudgetInput {
  compose: string;
  env?: string;
  budget?: Budget;
}

declare module './operation.ts' {
  interface OperationInputs {
    checkBudget: CheckBudgetInput;
  }
}

export const checkBudget = defineOperation({
  kind: 'checkBudget',
  version: 1,
  ...touchesNoData,
  changes: 'nothing',
  byHand: noWayBack,
});
