import { defineOperation, touchesNoData } from './define-operation.ts';
import { noWayBack } from './no-way-back.ts';
import { describeCheck, type Check, type Trigger } from '../checks.ts';

export interface WatchBakeInput {
  checks: Check[];
  forSeconds: number;
  everySeconds: number;
  triggers: Trigger[];
}

declare module './operation.ts' {
  interface OperationInputs {
    watchBake: WatchBakeInput;
  }
}

export const watchBake = defineOperation({
  kind: 'watchBake',
  version: 1,
  ...touchesNoData,
  changes: 'nothing',
  looksAt: ({ checks, triggers }) => [
    ...checks.map(describeCheck),
    ...triggers.map(({ healthFailures, decide }) => `${healthFailures} failed samples in a row: ${decide}`),
  ],
  byHand: noWayBack,
});
