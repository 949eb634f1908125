import { SwitchbackError } from '../../runbook/errors.ts';
import { compareContainer, seeContainers } from '../compose/index.ts';
import type { CheckpointDependencies } from './load-checkpoint.ts';
import { loadActive, type PreviewContext } from './preview.ts';

/**
 * How containers run otherwise than the active files say, one line for each service. Images are left out: a tag may mean another image by
 * now, while the container runs the one that was asked for. Empty where the files cannot be read: other looks say that.
 */
export async function runningOtherwise(
  dependencies: CheckpointDependencies,
  context: PreviewContext,
): Promise<string[]> {
  const { project } = context.plan.stack;
  try {
    const { model } = await loadActive(dependencies, context);
    const found = new Map<string, Set<string>>();
    for (const container of await seeContainers(dependencies.engine, project, { signal: context.signal })) {
      const details = found.get(container.service) ?? new Set<string>();
      for (const { detail } of compareContainer(model, container, undefined)) details.add(detail);
      if (details.size > 0) found.set(container.service, details);
    }
    return [...found].map(([service, details]) => `service ${service} runs with ${[...details].join(', ')}`);
  } catch (error) {
    if (error instanceof SwitchbackError && ['PlanInvalid', 'PreconditionFailed'].includes(error.name)) return [];
    throw error;
  }
}
