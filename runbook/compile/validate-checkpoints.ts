import { guardCompose } from '../guard/index.ts';
import type { Finding, PlanPath } from '../plan/index.ts';
import { unknownService, type ActiveCheckpoint } from '../steps/index.ts';
import type { Scope } from './validate.ts';

/** Checkpoints that touch what is protected, recreate what is not there, or could not be gone back from. */
export function validateCheckpoints({ frame, placed }: Scope): Finding[] {
  return placed.flatMap(({ phase, path, steps, dual, final }) => {
    const inSteps = steps.flatMap(({ step, context, next }) =>
      'compose' in step ? [{ checkpoint: next, path: [...context.path, 'compose'] as PlanPath }] : [],
    );
    const checkpoints: { checkpoint: ActiveCheckpoint | undefined; path: PlanPath }[] = [
      ...inSteps,
      { checkpoint: dual, path: [...path, 'dualRun', 'compose'] },
      { checkpoint: final, path: [...path, 'checkpoint', 'compose'] },
    ];
    return [
      ...checkpoints.flatMap((each) => guarded(each.checkpoint, each.path)),
      ...(phase.cutover?.recreate ?? []).flatMap((service, index) =>
        unknownService(service, final ?? frame.baseline, [...path, 'cutover', 'recreate', index]),
      ),
    ];
  });

  function guarded(checkpoint: ActiveCheckpoint | undefined, path: PlanPath): Finding[] {
    if (checkpoint?.facts === undefined || frame.baseline.facts === undefined) return [];
    const found = guardCompose(checkpoint.facts, frame.baseline.facts, frame.protect, frame.stack.project);
    const env: Finding[] =
      checkpoint.env !== undefined && frame.baseline.env === undefined
        ? [
            {
              path: [...path.slice(0, -1), 'env'],
              severity: 'warning',
              message: 'this checkpoint has an env file, and the baseline has none to go back to',
              hint: 'Name the env file of the baseline: `baseline: { env: … }`.',
            },
          ]
        : [];
    return [
      ...found.map(({ severity, message, hint }): Finding => ({
        path,
        severity,
        message: `${checkpoint.compose}: ${message}`,
        hint,
      })),
      ...env,
    ];
  }
}
