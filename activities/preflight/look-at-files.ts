import { filesOf } from './look-at-engine.ts';
import { holds, lacks, type Look } from './look.ts';

/** A checkpoint was sealed when the run started, and Compose accepts it. */
export const lookAtCheckpointFiles: Look<'checkpoint-files'> = async (check, { checkpoints, context }) => {
  await context.sealed(check.compose);
  if (check.env !== undefined) await context.sealed(check.env);
  const model = await checkpoints.modelOf(context, filesOf(check));
  return holds(`${check.compose}: ${Object.keys(model.services).length} services`);
};

/** The active files still hold what the last checkpoint put there: a hand that changed them is told, not overwritten. */
export const lookAtDrift: Look<'drift'> = async (_check, { checkpoints, context }) => {
  const drift = await checkpoints.drift(context);
  if (drift.length === 0) return holds('the active files are as the last checkpoint left them');
  return lacks(drift.join('; '), 'Bring the change into the checkpoint, or put the file back, then retry.');
};
