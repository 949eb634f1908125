import { composeCommand } from '../break-glass/compose-command.ts';
import { quote } from '../break-glass/quote.ts';
import { byHand } from '../break-glass/step.ts';
import { asItIs, defineOperation, touchesNoData } from './define-operation.ts';

/** Sets the image of one service in the active Compose file, and recreates that service alone. */
export interface SwitchImageInput {
  service: string;
  image: string;
  /** What the image's name must still mean on the host. */
  imageId?: string;
}

declare module './operation.ts' {
  interface OperationInputs {
    switchImage: SwitchImageInput;
  }
}

export const switchImage = defineOperation({
  kind: 'switchImage',
  version: 1,
  ...touchesNoData,
  changes: 'target',
  inClone: asItIs,
  inRollback: 'service',
  byHand: ({ id, summary, undoes, input: { service, image, imageId } }, { plan, state }) => {
    const to = state.operations.get(undoes?.at(-1) ?? '')?.prepared.facts['from'];
    if (typeof to !== 'string') {
      return byHand(id, summary, {
        why: `the file that had the image before is not in the journal: write ${image} for ${service} into ${plan.stack.compose} first`,
        commands: [`${composeCommand(plan)} up --detach --no-deps ${quote(service)}`],
      });
    }
    const set = { label: image, to, only: [service], images: imageId === undefined ? [] : [`${service}=${imageId}`] };
    return { kind: 'image', title: summary, operation: id, set };
  },
});
