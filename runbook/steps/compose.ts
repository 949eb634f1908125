import { z } from 'zod';
import { serviceName } from '../plan/name.ts';
import { tidyPath } from '../plan/place.ts';
import { checkpointFiles } from '../plan/stack.ts';
import { applyCheckpointDraft, readActive } from './checkpoint.ts';
import { defineStep, stepOptions, type StepContext } from './step-kind.ts';

const schema = z.strictObject({
  compose: checkpointFiles.compose,
  env: checkpointFiles.env,
  recreate: z
    .array(serviceName)
    .min(1)
    .exactOptional()
    .describe('Services to recreate although nothing about them changed.'),
  ...stepOptions,
});

/** `compose`: makes a checkpoint the active one, in the middle of a phase [K1][K2]. */
export const composeStep = defineStep({
  key: 'compose',
  schema,

  files(step, path) {
    return [
      { path: tidyPath(step.compose), use: 'compose', named: [...path, 'compose'] },
      ...(step.env === undefined ? [] : [{ path: tidyPath(step.env), use: 'env' as const, named: [...path, 'env'] }]),
    ];
  },

  validate: () => [],

  activates(step, context) {
    return readActive(checkpointName(step, context), step, context.files);
  },

  expand(step, context) {
    const next = readActive(checkpointName(step, context), step, context.files);
    const draft = applyCheckpointDraft(next, context.active, context.stack, step.recreate);
    return [{ ...draft, ...(step.timeout === undefined ? {} : { timeoutSeconds: step.timeout }) }];
  },

  describe: (step) => `apply ${tidyPath(step.compose)}`,
});

/** `cut-both` for docker/both.yml in the phase cut: checkpoints are known by name in the journal and in summaries. */
function checkpointName(step: z.output<typeof schema>, { phase }: StepContext): string {
  const file = tidyPath(step.compose).split('/').at(-1) ?? '';
  return `${phase}-${file.replace(/\.ya?ml$/, '')}`;
}
