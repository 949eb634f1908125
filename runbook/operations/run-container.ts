import { composeCommand } from '../break-glass/compose-command.ts';
import { words } from '../break-glass/quote.ts';
import { byHand } from '../break-glass/step.ts';
import { asItIs, defineOperation, touchesNoData } from './define-operation.ts';

export interface RunContainerInput {
  service: string;
  argv: string[];
  timeoutSeconds: number;
}

declare module './operation.ts' {
  interface OperationInputs {
    runContainer: RunContainerInput;
  }
}

export const runContainer = defineOperation({
  kind: 'runContainer',
  version: 1,
  ...touchesNoData,
  changes: 'target',
  inClone: asItIs,
  knowsUndoAfterwards: true,
  leavesEvidence: true,
  writesTo: ({ effects }) =>
    effects.flatMap(({ resource, change }) =>
      change !== 'read' && /^(store|volume):[^/]+$/.test(resource) ? [resource] : [],
    ),
  byHand: ({ id, summary, input: { service, argv } }, { plan }) =>
    byHand(id, summary, {
      why: 'a command must not run twice, and a shell that was killed cannot tell whether it did',
      commands: [`${composeCommand(plan)} run --rm --no-deps --no-TTY ${words([service, ...argv])}`],
    }),
});
