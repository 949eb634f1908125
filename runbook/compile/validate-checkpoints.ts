import { guardCompose, guardWriters } from '../guard/index.ts';
import type { Finding, PlanPath } from '../plan/index.ts';
import { unknownService, type ActiveCheckpoint } from '../steps/index.ts';
import type { Scope } from './scope.ts';

/** Checkpoints that touch what is protected, recreate what is not there, or could not be gone back from. */
export function validateCheckpoints({ frame, placed }: Scope): Finding[] {
  return placed.flatMap(({ phase, path, steps, dual, final }) => {
    const images = steps.flatMap(({ step, context }) =>
      'image' in step
        ? writing(withImage(context.active, step.service, step.image), [...context.path, 'image'] as PlanPath)
        : [],
    );
    const inSteps = steps.flatMap(({ step, context, next }) =>
      'compose' in step ? [{ checkpoint: next, path: [...context.path, 'compose'] as PlanPath }] : [],
    );
    const checkpoints: { checkpoint: ActiveCheckpoint | undefined; path: PlanPath }[] = [
      ...inSteps,
      { checkpoint: dual, path: [...path, 'dualRun', 'compose'] },
      { checkpoint: final, path: [...path, 'checkpoint', 'compose'] },
    ];
    return [
      ...images,
      ...checkpoints.flatMap((each) => [
        ...guarded(each.checkpoint, each.path),
        ...writing(each.checkpoint, each.path),
      ]),
      ...(phase.cutover?.recreate ?? []).flatMap((service, index) =>
        unknownService(service, final ?? frame.baseline, [...path, 'cutover', 'recreate', index]),
      ),
    ];
  });

  /** Who would write to what is protected. */
  function writing(checkpoint: ActiveCheckpoint | undefined, path: PlanPath): Finding[] {
    if (checkpoint?.facts === undefined || frame.baseline.facts === undefined) return [];
    const { project, directory, profiles = [] } = frame.stack;
    const place = { project, directory, profiles };
    return guardWriters(checkpoint.facts, frame.baseline.facts, frame.protect, place).map(
      ({ severity, message, hint }) => ({ path, severity, message: `${checkpoint.compose}: ${message}`, hint }),
    );
  }

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

/** A checkpoint as it is once the image of one service is switched. */
function withImage(checkpoint: ActiveCheckpoint, service: string, image: string): ActiveCheckpoint {
  const facts = checkpoint.facts;
  const definition = facts?.services[service];
  if (facts === undefined || definition === undefined) return checkpoint;
  return { ...checkpoint, facts: { ...facts, services: { ...facts.services, [service]: { ...definition, image } } } };
}
