import { composeCommand } from '../break-glass/compose-command.ts';
import { byHand } from '../break-glass/step.ts';
import { defineOperation, touchesNoData } from './define-operation.ts';

/**
 * Starts what an operation stopped, where no checkpoint that follows would. From version 2 on: `run` names another run's operation, and
 * `except` services that what follows starts.
 */
export interface StartUsersInput {
  stoppedBy: string;
  run?: string;
  except?: string[];
}

declare module './operation.ts' {
  interface OperationInputs {
    startUsers: StartUsersInput;
  }
}

export const startUsers = defineOperation({
  kind: 'startUsers',
  // 2: `run` and `except`. What 1 says means the same.
  version: 2,
  ...touchesNoData,
  changes: 'target',
  bringsBack: true,
  startsServices: true,
  byHand: ({ id, summary }, { plan }) =>
    byHand(id, summary, {
      why: 'what was stopped by hand is started by hand',
      commands: [`${composeCommand(plan)} start`],
    }),
});
