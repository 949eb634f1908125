import { SwitchbackError } from '../../runbook/errors.ts';
import {
  checkDrift,
  loadCheckpoint,
  previewCheckpoint,
  readContents,
  type CheckpointDependencies,
} from '../checkpoint/index.ts';
import type { CheckpointFiles, CheckpointSight } from '../preflight/index.ts';

/** The eyes of preflight and budget on checkpoints: the very functions that will bring the stack there. */
export function checkpointSight(dependencies: CheckpointDependencies): CheckpointSight {
  return {
    composeVersion: (context) => dependencies.compose.version({ signal: context.signal }),
    modelOf: async (context, files) => {
      const contents = await readContents(context, refs(files), { compose: undefined, env: undefined });
      return (await loadCheckpoint(dependencies, context, contents)).model;
    },
    predict: async (context, files) => (await previewCheckpoint(dependencies, context, refs(files))).prediction,
    drift: async (context) => {
      try {
        await checkDrift(context);
        return [];
      } catch (error) {
        if (error instanceof SwitchbackError && error.name === 'ValidationMismatch') return [error.message];
        throw error;
      }
    },
  };
}

const refs = ({ compose, env }: CheckpointFiles) => ({
  compose: { path: compose },
  ...(env === undefined ? {} : { env: { path: env } }),
});
