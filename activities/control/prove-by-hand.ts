import type { ProveByHandRequest } from '../../runbook/activities.ts';
import { undoOfByHand } from '../../runbook/by-hand.ts';
import { overallVerdict } from '../../runbook/checks.ts';
import type { Undo } from '../../runbook/operations.ts';
import type { ProofAnswer } from '../../runbook/run-state.ts';
import { operationKey } from '../../runbook/target-state.ts';
import { refreshBreakGlass } from '../break-glass/refresh.ts';
import { handlerOf } from '../effect.ts';
import { effectContext, type Surroundings } from '../perform/effect-context.ts';
import { handlersFor, type PerformDependencies } from '../perform/perform.ts';
import type { ControlDependencies } from './control-dependencies.ts';

export type ProveByHandDependencies = Pick<PerformDependencies, 'handlers' | 'cloneHandlers'>;

/**
 * Takes the proof that a person has done an operation, and works out how that is taken back where no attempt had begun.
 * @throws SwitchbackError `PreconditionFailed` where nobody could take it back
 */
export async function proveByHand(
  { run, operation, checks, by, reason, onlyProve }: ProveByHandRequest,
  dependencies: ControlDependencies & ProveByHandDependencies,
  surroundings: Surroundings,
): Promise<ProofAnswer> {
  const target = await dependencies.access.open(run.target);
  const known = (await target.journal.refresh()).operations.get(operationKey(run.runId, operation.id));
  const sealed = await target.sealedRun(run.runId);
  const attempt = known?.attempt ?? 0;
  const context = effectContext(target, sealed, run, operation, attempt, dependencies.secrets, surroundings);
  let undo: Undo | undefined;
  if (!known && undoOfByHand(operation) === 'prepare') {
    const handler = handlerOf(handlersFor(sealed.plan, dependencies), operation.kind);
    ({ undo } = await handler.prepare(operation.input, context));
  }
  const results = await dependencies.check(checks, context);
  const proven = overallVerdict(results) === 'successful';
  if (proven && !onlyProve) {
    // For workflows that began under an older version.
    await target.journal.append({
      run: run.runId,
      epoch: run.epoch,
      entries: [{ type: 'done-by-hand', operation, by, reason, proof: results, ...(undo && { undo }) }],
    });
    await refreshBreakGlass(run.target, target);
  }
  return { proven, results, ...(undo && { undo }) };
}
