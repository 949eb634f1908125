import { ComposeCli } from '../activities/compose/index.ts';
import { guardPlan } from '../activities/control/guard-plan.ts';
import { isolatedFor } from '../activities/control/rehearsal.ts';
import { DockerEngine } from '../activities/docker/index.ts';
import { checkDependencies, effectHandlers } from '../activities/effects/index.ts';
import { takeSample } from '../activities/effects/instruments.ts';
import type { ActivityDependencies } from '../activities/index.ts';
import { TargetAccess } from '../activities/perform/target-access.ts';
import { storeDrivers } from '../activities/stores/registry.ts';
import type { WorkerSettings } from './settings.ts';

/** What a worker's activities are made of. */
export function activityDependencies(settings: WorkerSettings): ActivityDependencies {
  const engine = new DockerEngine();
  const world = { engine, compose: new ComposeCli({ dockerHost: engine.host }), stores: storeDrivers(engine) };
  return {
    access: new TargetAccess(settings.environment, true),
    handlers: effectHandlers(world),
    cloneHandlers: (plan) => effectHandlers({ ...world, compose: isolatedFor(engine, plan) }),
    secrets: settings.secrets,
    worker: settings.name,
    stacks: settings.stacks,
    guard: guardPlan,
    world,
    check: takeSample(checkDependencies(world)),
  };
}
