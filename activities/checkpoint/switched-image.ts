import { SwitchbackError } from '../../runbook/errors.ts';
import type { OperationInputs } from '../../runbook/operations.ts';
import { enabledServices, imageOf, type ComposeModel } from '../compose/index.ts';
import type { LoadedCheckpoint } from './load-checkpoint.ts';

type Input = OperationInputs['switchImage'];

/** A definition that others merge in would switch them as well. @throws SwitchbackError `Unsupported` */
export function requireAlone(input: Input, before: ComposeModel | undefined, next: LoadedCheckpoint): void {
  if (!before) return;
  const others = enabledServices(next.model)
    .map(([name]) => name)
    .filter(
      (name) => name !== input.service && before.services[name] && imageOf(before, name) !== imageOf(next.model, name),
    );
  if (others.length === 0) return;
  throw new SwitchbackError('Unsupported', `the image of ${input.service} is also that of ${others.join(', ')}`, {
    hint: 'Write `image:` into each service, or apply a checkpoint that has the other image.',
    facts: { service: input.service },
  });
}

/** The id of the image that the service will run. @throws SwitchbackError `PreconditionFailed` when it is not here, or not the one meant */
export function requireImage(input: Input, next: LoadedCheckpoint): string {
  const id = next.images[input.service];
  if (id !== undefined && (input.imageId === undefined || input.imageId === id)) return id;
  throw new SwitchbackError(
    'PreconditionFailed',
    id === undefined
      ? `image ${input.image} is not on this host`
      : `${input.image} is another image by now: ${id}, not ${input.imageId}`,
    {
      hint:
        id === undefined
          ? `Get it with \`docker pull ${input.image}\`.`
          : `Name the right one again: \`docker tag ${input.imageId} ${input.image}\`.`,
      facts: { service: input.service, image: input.image },
    },
  );
}
