import { composeCommand } from '../break-glass/compose-command.ts';
import { quote } from '../break-glass/quote.ts';
import { byHand } from '../break-glass/step.ts';
import { defineOperation, touchesNoData } from './define-operation.ts';

/**
 * Stops what may write to stores and volumes that are about to be restored: the version that runs now must not touch older data.
 * What serves those stores keeps running.
 */
export interface StopUsersInput {
  stores: string[];
  volumes: string[];
}

declare module './operation.ts' {
  interface OperationInputs {
    stopUsers: StopUsersInput;
  }
}

export const stopUsers = defineOperation({
  kind: 'stopUsers',
  version: 1,
  ...touchesNoData,
  changes: 'target',
  stopsServices: 'until-started',
  byHand: ({ id, summary, input: { volumes } }, { plan }) =>
    byHand(id, summary, {
      why: 'only a person can say which of them writes, and which of them serves the data',
      commands: [
        ...volumes.map((volume) => `docker ps --filter ${quote(`volume=${volume}`)}`),
        `${composeCommand(plan)} ps`,
        `${composeCommand(plan)} stop SERVICE`,
      ],
    }),
});
