import { canonicalJson } from '../json.ts';
import { definitionOf, type Operation } from '../operations/index.ts';
import { composeCommand } from './compose-command.ts';
import type { BreakGlassInput } from './input.ts';
import { byHand, type Step } from './step.ts';

/** The step of a script for one operation of a rollback. What a shell cannot do safely becomes a step for a person, with its reason. */
export function stepOf(operation: Operation, whole: BreakGlassInput): Step {
  const input = inputFor(operation, whole);
  const definition = definitionOf(operation.kind);
  // A script works on one stack: what another plan keeps elsewhere, a person takes back there.
  if (ofStack.includes(definition.inRollback) && canonicalJson(input.plan.stack) !== canonicalJson(whole.plan.stack)) {
    return byHand(operation.id, operation.summary, {
      why: `it belongs to plan ${input.plan.name}, whose stack has other files than this script works on`,
      commands: [`${composeCommand(input.plan)} ps`],
    });
  }
  return definition.byHand(operation, input);
}

const ofStack: readonly string[] = ['stack', 'service', 'files'];

/** What a step is made from: the plan and the files of the run whose work it takes back. */
function inputFor({ of }: Operation, input: BreakGlassInput): BreakGlassInput {
  const own = of === undefined ? undefined : input.sealedOf?.(of);
  return own ? { ...input, plan: own.plan, sealed: own.files } : input;
}
