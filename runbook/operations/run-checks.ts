import { checksSet } from '../break-glass/checks-set.ts';
import { quote } from '../break-glass/quote.ts';
import { byHand } from '../break-glass/step.ts';
import { describeCheck, type Check } from '../checks.ts';
import { defineOperation, touchesNoData } from './define-operation.ts';

/** Checks until all hold `consecutive` times in a row, for `withinSeconds` at most. */
export interface RunChecksInput {
  checks: Check[];
  withinSeconds: number;
  everySeconds: number;
  consecutive: number;
}

declare module './operation.ts' {
  interface OperationInputs {
    runChecks: RunChecksInput;
  }
}

export const runChecks = defineOperation({
  kind: 'runChecks',
  version: 1,
  ...touchesNoData,
  changes: 'nothing',
  inClone: (operation, inside) => {
    if (operation.stage !== 'verify') return undefined;
    const checks = inside(operation.input.checks);
    return checks.length === 0 ? undefined : { ...operation, input: { ...operation.input, checks } };
  },
  looksAt: ({ checks }) => checks.map(describeCheck),
  byHand: ({ id, summary, undoes, input }, { state, target }) => {
    if (undoes === undefined) return { kind: 'checks', title: summary, operation: id, set: checksSet(input) };
    // Whether something took effect that cannot be taken back, only a person can see.
    const { undo } = state.operations.get(undoes[0] ?? '') ?? {};
    const cause = undo?.by === 'impossible' ? undo.cause : 'it cannot be taken back';
    return byHand(id, summary, {
      why: `look whether it did; where it did, there is no way back past it: ${cause}`,
      commands: [`switchback history --target ${quote(target)}`],
    });
  },
});
