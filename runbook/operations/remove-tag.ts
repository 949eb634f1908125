import { quote } from '../break-glass/quote.ts';
import { byHand } from '../break-glass/step.ts';
import { defineOperation, touchesNoData } from './define-operation.ts';

/** Takes back a tag if it still is the very object that was made; the object stays in the repository. */
export interface RemoveTagInput {
  tag: string;
  object: string;
  pushed: boolean;
}

declare module './operation.ts' {
  interface OperationInputs {
    removeTag: RemoveTagInput;
  }
}

export const removeTag = defineOperation({
  kind: 'removeTag',
  version: 1,
  ...touchesNoData,
  changes: 'target',
  inRollback: 'anywhere',
  byHand: ({ id, summary, input: { tag, object, pushed } }, { plan }) => {
    if (!pushed) return { kind: 'tag', title: summary, operation: id, set: { tag, object } };
    const git = `git -C ${quote(plan.stack.directory)}`;
    const name = `refs/tags/${tag}`;
    return byHand(id, summary, {
      why: 'the tag was pushed, and others may have it: this needs the network and your credentials',
      commands: [
        `${git} push ${quote(`--force-with-lease=${name}:${object}`)} origin ${quote(`:${name}`)}`,
        `${git} update-ref -d ${quote(name)} ${quote(object)}`,
      ],
    });
  },
});
