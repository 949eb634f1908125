import type { RunRef } from '../../runbook/activities.ts';
import { operationVersion, type Operation } from '../../runbook/operations.ts';
import type { EffectContext } from '../effect.ts';
import { effectContext, type Surroundings } from '../perform/effect-context.ts';
import type { OpenTarget } from '../perform/target-access.ts';
import type { ControlDependencies } from './control-dependencies.ts';

/** What adapters see of the world where they only look, for no operation of any plan. */
export async function inspecting(
  target: OpenTarget,
  run: RunRef,
  { secrets }: ControlDependencies,
  surroundings: Surroundings,
): Promise<EffectContext> {
  const looking: Operation<'runChecks'> = {
    id: 'look',
    kind: 'runChecks',
    version: operationVersion.runChecks,
    phase: '',
    stage: 'rollback',
    host: '',
    summary: 'look at the world',
    input: { checks: [], withinSeconds: 0, everySeconds: 1, consecutive: 1 },
    effects: [],
    undo: { by: 'nothing', summary: 'looking changes nothing' },
    timeoutSeconds: 600,
  };
  const sealed = await target.sealedRun(run.runId);
  return effectContext(target, sealed, run, looking, 0, secrets, surroundings);
}
