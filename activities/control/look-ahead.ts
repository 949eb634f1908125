import type { LookAhead, LookAheadRequest, RunRef } from '../../runbook/activities.ts';
import { SwitchbackError } from '../../runbook/errors.ts';
import type { Operation } from '../../runbook/operations.ts';
import { planRollback } from '../../runbook/rollback.ts';
import { askedAhead } from '../../runbook/rollback-ahead.ts';
import { handlerOf, type Prepared } from '../effect.ts';
import { effectContext, type Surroundings } from '../perform/effect-context.ts';
import { handlersFor } from '../perform/perform.ts';
import type { OpenTarget } from '../perform/target-access.ts';
import type { ControlDependencies } from './control-dependencies.ts';
import type { ProveByHandDependencies } from './prove-by-hand.ts';
import { sealedPlans } from './sealed-plans.ts';

/**
 * Asks the world what a rollback would find in its way, by the very preparations of its operations: changed files, taken ports, images and
 * recovery points that are gone. It takes no lease, writes nothing in the journal, and begins nothing.
 * @throws SwitchbackError as `planRollback`
 */
export async function lookAhead(
  { target: name, request }: LookAheadRequest,
  dependencies: ControlDependencies & ProveByHandDependencies,
  surroundings: Surroundings,
): Promise<LookAhead> {
  const target = await dependencies.access.open(name);
  const state = await target.journal.refresh();
  const newest = state.runs.at(-1);
  if (!newest) throw new SwitchbackError('PreconditionFailed', `the journal of ${name} knows no run`);
  const { plan } = await target.sealedRun(newest.id);
  const planOf = await sealedPlans(target, state);
  const { operations, to } = planRollback(state, { request, plan, ordinal: state.rollbacks + 1, planOf });
  const { now, later } = askedAhead(operations);
  const found: LookAhead = { to, asked: now.map(({ id }) => id), later: later.map(({ id }) => id), obstacles: [] };
  for (const operation of now) {
    surroundings.progress({ doing: `asking what is in the way of ${operation.summary}` });
    const run: RunRef = { target: name, runId: operation.of ?? newest.id, epoch: state.epoch };
    const answer = await preparationOf(operation, run, target, dependencies, surroundings);
    if (!(answer instanceof SwitchbackError)) {
      const { otherContents = [] } = answer.facts as { otherContents?: string[] };
      found.notes = [...(found.notes ?? []), ...otherContents];
      continue;
    }
    const { message, hint } = answer;
    const told = { operation: operation.id, summary: operation.summary, message };
    found.obstacles.push(hint === undefined ? told : { ...told, hint });
  }
  return found;
}

/** What an operation would begin from, or why it cannot begin. */
async function preparationOf(
  operation: Operation,
  run: RunRef,
  target: OpenTarget,
  dependencies: ControlDependencies & ProveByHandDependencies,
  surroundings: Surroundings,
): Promise<Prepared | SwitchbackError> {
  const sealed = await target.sealedRun(run.runId);
  const context = effectContext(target, sealed, run, operation, 0, dependencies.secrets, surroundings);
  try {
    const handler = handlerOf(handlersFor(sealed.plan, dependencies), operation.kind);
    return await handler.prepare(operation.input, { ...context, bindIdentity: () => Promise.resolve() });
  } catch (error) {
    if (error instanceof SwitchbackError) return error;
    throw error;
  }
}
