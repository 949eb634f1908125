import { createHash } from 'node:crypto';
import type { PerformRequest } from '../../runbook/activities.ts';
import type { CompiledPlan } from '../../runbook/compiled-plan.ts';
import { SwitchbackError } from '../../runbook/errors.ts';
import type { JournalEntry } from '../../runbook/journal.ts';
import { canonicalJson } from '../../runbook/json.ts';
import type { Operation, OperationKind, Receipt } from '../../runbook/operations.ts';
import { operationKey, type OperationRecord } from '../../runbook/target-state.ts';
import { objectionToForward } from '../../runbook/way-on.ts';
import {
  handlerOf,
  type EffectContext,
  type EffectHandler,
  type EffectHandlers,
  type Performed,
  type Prepared,
} from '../effect.ts';
import { refreshBreakGlass } from '../break-glass/refresh.ts';
import { endPredecessors } from '../processes/end-predecessor.ts';
import { runMarked } from '../processes/mark.ts';
import { effectContext, outdated, type Surroundings } from './effect-context.ts';
import { failpoint } from './failpoint.ts';
import { lookBack } from './look-back.ts';
import type { Looking } from './nothing-to-take-back.ts';
import { isOvertaken, recordFailure } from './record-failure.ts';
import { requireFreshProofs } from './require-fresh-proofs.ts';
import type { SecretSource } from './secrets.ts';
import type { OpenTarget, TargetAccess } from './target-access.ts';

/** Limits of what a receipt carries: it travels through Temporal, where 2 MB end an activity for good. */
const factsLimit = 16 * 1024;

export interface PerformDependencies {
  access: TargetAccess;
  handlers: EffectHandlers;
  /** Handlers for the clone that a plan works on: they reach nothing outside of it. */
  cloneHandlers?: (plan: CompiledPlan) => EffectHandlers;
  secrets: SecretSource;
  /** Names this worker in the journal. */
  worker: string;
}

/** A handler whose kind is looked up at run time: its input and context are those of the operation it is called with. */

/**
 * Performs one operation so that it takes effect once, whatever was killed before: looks for its receipt, claims an attempt in the
 * journal, ends what earlier attempts left running, observes, acts, and journals the receipt.
 * @throws SwitchbackError of the handler; `LeaseLost` when a newer holder or attempt owns the target; `EffectUnknown` when
 * nobody can tell whether an earlier attempt took effect.
 */
export async function performOperation(
  request: PerformRequest,
  dependencies: PerformDependencies,
  surroundings: Surroundings,
): Promise<Receipt> {
  const { run, operation } = request;
  const target = await dependencies.access.open(run.target);
  const state = await target.journal.refresh();
  const known = state.operations.get(operationKey(run.runId, operation.id));
  // Also where a receipt would answer: what it tells of may have been taken back.
  const backwards = objectionToForward(state, run.runId, operation);
  const settled = known?.receipt ?? (known && isSettled(known) ? settledBefore(known) : undefined);
  if (settled && !backwards) return settled;
  const objection = outdated(state, run, operation.id, known?.attempt ?? 0) ?? backwards;
  if (objection) throw objection;

  const attempt = (known?.attempt ?? 0) + 1;
  const sealedRun = await target.sealedRun(operation.of ?? run.runId);
  const context = effectContext(target, sealedRun, run, operation, attempt, dependencies.secrets, surroundings);
  const journal = (entries: JournalEntry[]) =>
    target.journal.appendIf({ run: run.runId, epoch: run.epoch, entries }, (now) =>
      outdated(now, run, operation.id, attempt),
    );
  const startedAt = new Date().toISOString();
  const mark = { operation: `${run.target}/${run.runId}/${operation.id}`, attempt };

  return runMarked(mark, async () => {
    let prepared: Prepared | undefined;
    let claimed = false;
    try {
      requireFreshProofs(sealedRun.plan, request, state);
      const handler = handlerOf(handlersFor(sealedRun.plan, dependencies), operation.kind);
      prepared = known?.prepared ?? (await handler.prepare(operation.input, context));
      await claim(target, request, attempt, known, prepared, dependencies.worker);
      claimed = true;
      // Before the effect: from here on going back may have to take it back, with nothing but a shell if it must.
      await refreshBreakGlass(run.target, target);
      await endPredecessors(mark);
      await failpoint('before-effect', operation.id, attempt);
      const looking = lookingBack(target, run, dependencies, surroundings, context);
      const performed = await act(handler, context, prepared, known !== undefined, () =>
        lookBack(request, target, looking),
      );
      await failpoint('after-effect', operation.id, attempt);
      const receipt = receiptOf(operation, performed, prepared, startedAt);
      await journal([{ type: 'receipt', operation: operation.id, attempt, receipt }]);
      await refreshBreakGlass(run.target, target);
      await failpoint('after-report', operation.id, attempt);
      await settle(handler, operation, context);
      return receipt;
    } catch (error) {
      // Of two that claim the same attempt, the one that did not get it has nothing to report.
      if (claimed || !isOvertaken(error)) await recordFailure(target, request, attempt, error);
      throw error;
    }
  });
}

/** Those that perform the operations of a plan: of one that works on a clone they reach nothing outside of it. */
export function handlersFor(
  plan: CompiledPlan,
  { handlers, cloneHandlers }: Pick<PerformDependencies, 'handlers' | 'cloneHandlers'>,
): EffectHandlers {
  if (plan.stack.cloneOf === undefined) return handlers;
  if (cloneHandlers) return cloneHandlers(plan);
  throw new SwitchbackError('Unsupported', 'this worker does not work on clones');
}

/** Writes the intent, or the next attempt of a standing intent; of two that claim the same attempt one gets it. */
async function claim(
  target: OpenTarget,
  { run, operation }: PerformRequest,
  attempt: number,
  known: OperationRecord | undefined,
  prepared: Prepared,
  worker: string,
): Promise<void> {
  const entry: JournalEntry = known
    ? { type: 'attempt', operation: operation.id, attempt, worker }
    : { type: 'intent', operation, attempt, undo: prepared.undo, facts: prepared.facts };
  await target.journal.appendIf({ run: run.runId, epoch: run.epoch, entries: [entry] }, (state) =>
    outdated(
      state,
      run,
      operation.id,
      state.operations.has(operationKey(run.runId, operation.id)) ? attempt - 1 : attempt,
    ),
  );
}

/** The operation is done and written down; what it leaves lying about must not make it fail. */
async function settle(
  handler: EffectHandler<OperationKind>,
  operation: Operation,
  context: EffectContext,
): Promise<void> {
  try {
    await handler.settle?.(operation.input, context);
  } catch (error) {
    context.log(`${operation.id} is done, but left something behind: ${String(error)}`);
  }
}

type Outcome = Performed & { adopted: boolean };

async function act(
  handler: EffectHandler<OperationKind>,
  context: EffectContext,
  prepared: Prepared,
  again: boolean,
  nothing: () => Promise<Performed | undefined>,
): Promise<Outcome> {
  const { operation } = context;
  // Before the first attempt of an undo nothing of it can be done yet; after it, what is done must not be called nothing.
  const needless = again ? undefined : await nothing();
  if (needless) return { ...needless, adopted: false };
  const observation = await handler.observe(operation.input, context, prepared);
  switch (observation) {
    case 'done':
      return { ...(await (handler.adopt ?? handler.perform)(operation.input, context, prepared)), adopted: again };
    case 'unknown':
      throw new SwitchbackError('EffectUnknown', `whether ${operation.id} took effect cannot be told`, {
        hint: 'Look at the resource; then say done-by-hand with a proof, or retry once it is clean.',
      });
    case 'absent':
    case 'partial': {
      const stillNothing = again ? await nothing() : undefined;
      if (stillNothing) return { ...stillNothing, adopted: false };
      await context.fence();
      return { ...(await handler.perform(operation.input, context, prepared)), adopted: false };
    }
  }
}

/** Looks at an operation that is to be taken back, with its own plan and handlers; what is asked for meanwhile is the undo's fence. */
function lookingBack(
  target: OpenTarget,
  run: PerformRequest['run'],
  dependencies: PerformDependencies,
  surroundings: Surroundings,
  undo: EffectContext,
): Looking {
  return {
    handlerOf: async (forward) => {
      const { plan } = await target.sealedRun(forward.run);
      return handlerOf(handlersFor(plan, dependencies), forward.operation.kind);
    },
    contextOf: async (forward) => {
      const sealedRun = await target.sealedRun(forward.run);
      const as = { ...run, runId: forward.run };
      const { operation, attempt } = forward;
      const { secrets } = dependencies;
      const context = effectContext(target, sealedRun, as, operation, attempt, secrets, surroundings);
      return { ...context, fence: () => undo.fence() };
    },
  };
}

const isSettled = ({ status }: OperationRecord) => status === 'by-hand' || status === 'skipped';

/** What a person settled stays settled when the run goes on in another workflow. */
function settledBefore({ operation, status, undo }: OperationRecord): Receipt {
  const now = new Date().toISOString();
  const summary = status === 'by-hand' ? 'was done by hand before' : 'was skipped before';
  const kind = `${operation.kind}@${operation.version}`;
  return {
    operation: operation.id,
    kind,
    outcome: 'adopted',
    summary,
    effectDigest: createHash('sha256').update(summary).digest('hex'),
    undo,
    facts: {},
    startedAt: now,
    finishedAt: now,
  };
}

function receiptOf(operation: Operation, performed: Outcome, prepared: Prepared, startedAt: string): Receipt {
  const size = JSON.stringify(performed.facts).length;
  if (size > factsLimit)
    throw new RangeError(`facts of ${operation.id} have ${size} characters, more than ${factsLimit}`);
  return {
    operation: operation.id,
    kind: `${operation.kind}@${operation.version}`,
    outcome: performed.adopted ? 'adopted' : 'done',
    summary: performed.summary.slice(0, 400),
    effectDigest: createHash('sha256').update(canonicalJson(performed.effect)).digest('hex'),
    undo: performed.undo ?? prepared.undo,
    facts: performed.facts,
    startedAt,
    finishedAt: new Date().toISOString(),
  };
}
