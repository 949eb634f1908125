import type { NamedFile, Phase, Plan, PlanPath } from '../plan/index.ts';
import { tidyPath } from '../plan/index.ts';
import { kindOf, type Step } from '../steps/index.ts';

type CheckpointFiles = { compose?: string; env?: string };

function checkpointFiles(refs: CheckpointFiles, path: PlanPath): NamedFile[] {
  return [
    ...(refs.compose === undefined
      ? []
      : [{ path: tidyPath(refs.compose), use: 'compose' as const, named: [...path, 'compose'] }]),
    ...(refs.env === undefined ? [] : [{ path: tidyPath(refs.env), use: 'env' as const, named: [...path, 'env'] }]),
  ];
}

/** The steps of a phase in the order in which they run, with where they stand in the plan. */
export function stepsOf(phase: Phase, path: PlanPath): { step: Step; path: PlanPath; stage: 'apply' | 'cutover' }[] {
  return [
    ...phase.steps.map((step, index) => ({ step, path: [...path, 'steps', index], stage: 'apply' as const })),
    ...(phase.cutover?.steps ?? []).map((step, index) => ({
      step,
      path: [...path, 'cutover', 'steps', index],
      stage: 'cutover' as const,
    })),
  ];
}

/** Every file that must be read to compile the plan, each time that it is named. */
export function namedFiles(plan: Plan): NamedFile[] {
  return [
    ...checkpointFiles(plan.baseline, ['baseline']),
    ...plan.phases.flatMap((phase, index) => {
      const path: PlanPath = ['phases', index];
      return [
        ...checkpointFiles(phase.checkpoint ?? {}, [...path, 'checkpoint']),
        ...checkpointFiles(phase.dualRun ?? {}, [...path, 'dualRun']),
        ...stepsOf(phase, path).flatMap(({ step, path: at }) => kindOf(step).files(step, at)),
      ];
    }),
  ];
}
