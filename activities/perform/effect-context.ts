import { SwitchbackError } from '../../runbook/errors.ts';
import type { RunRef } from '../../runbook/activities.ts';
import type { Operation } from '../../runbook/operations.ts';
import { isBeingTakenBack } from '../../runbook/being-taken-back.ts';
import { operationKey, type TargetState } from '../../runbook/target-state.ts';
import type { EffectContext, Progress } from '../effect.ts';
import { resolveSecrets, type SecretSource } from './secrets.ts';
import type { OpenTarget, SealedRun } from './target-access.ts';

/** What a caller lends to a handler for one attempt. */
export interface Surroundings {
  signal: AbortSignal;
  progress(progress: Progress): void;
  log(message: string): void;
}

/** Why an attempt may not act any more, or undefined while it may. */
export function outdated(
  state: TargetState,
  run: RunRef,
  operation: string,
  attempt: number,
): SwitchbackError | undefined {
  if (state.epoch !== run.epoch) {
    return new SwitchbackError(
      'LeaseLost',
      `${operation} was started under lease ${run.epoch} of ${run.target}; the lease is ${state.epoch} now`,
    );
  }
  const key = operationKey(run.runId, operation);
  if (isBeingTakenBack(state, key))
    return new SwitchbackError('LeaseLost', `${operation} is being taken back, or was: it must not act any more`);
  const newest = state.operations.get(key)?.attempt ?? attempt;
  if (newest === attempt) return undefined;
  return new SwitchbackError('LeaseLost', `attempt ${attempt} of ${operation} was overtaken by attempt ${newest}`);
}

/** Builds what a handler sees of the world for one attempt of an operation. */
export function effectContext(
  target: OpenTarget,
  sealedRun: SealedRun,
  run: RunRef,
  operation: Operation,
  attempt: number,
  secrets: SecretSource,
  surroundings: Surroundings,
): EffectContext {
  const { home, journal, content } = target;
  return {
    target: run.target,
    runId: run.runId,
    epoch: run.epoch,
    operation,
    attempt,
    plan: sealedRun.plan,
    home,
    ...surroundings,
    fence: async () => {
      surroundings.signal.throwIfAborted();
      const error = outdated(await journal.refresh(), run, operation.id, attempt);
      if (error) throw error;
    },
    sealed: async (path) => {
      const digest = sealedRun.files[path];
      if (digest === undefined) {
        throw new SwitchbackError('PlanInvalid', `${path} was not sealed when run ${run.runId} started`, {
          hint: 'Only files that the plan names can be used by it.',
        });
      }
      return content.kept(digest);
    },
    keep: (bytes) => content.keep(bytes),
    kept: (digest) => content.kept(digest),
    secret: (template) => resolveSecrets(template, sealedRun.plan.stack, secrets),
    factsOf: async (operationId, ofRun = run.runId) =>
      (await journal.refresh()).operations.get(operationKey(ofRun, operationId))?.receipt?.facts,
    bindIdentity: async (resource, identity) => {
      await journal.append({ run: run.runId, epoch: run.epoch, entries: [{ type: 'identity', resource, identity }] });
    },
    identityOf: async (resource) => (await journal.refresh()).identities.get(resource),
  };
}
