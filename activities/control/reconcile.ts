import type { ReconcileDecision, ReconcileReport, ReconcileRequest, RunRef } from '../../runbook/activities.ts';
import { overallVerdict } from '../../runbook/checks.ts';
import { SwitchbackError } from '../../runbook/errors.ts';
import { describeInconsistency, inconsistencies } from '../../runbook/consistency.ts';
import type { JournalEntry } from '../../runbook/journal.ts';
import { openRun, openTask, type TargetState } from '../../runbook/target-state.ts';
import {
  leftFiles,
  leftInRepository,
  leftInStores,
  leftObjects,
  leftProcesses,
  leftStopped,
  leftWals,
  type Leftover,
} from '../leftovers/index.ts';
import type { Surroundings } from '../perform/effect-context.ts';
import type { OpenTarget } from '../perform/target-access.ts';
import type { ControlDependencies } from './control-dependencies.ts';
import { inspecting } from './inspecting.ts';

/**
 * Compares a target's journal with the world, puts right what nobody has to decide, and takes a person's decision.
 * @throws SwitchbackError `PreconditionFailed` when the journal knows no run, or there is nothing to accept or close; `CheckFailed` when
 * a proof does not hold
 */
export async function reconcile(
  request: ReconcileRequest,
  dependencies: ControlDependencies,
  surroundings: Surroundings,
): Promise<ReconcileReport> {
  const target = await dependencies.access.open(request.target);
  const state = await target.journal.refresh();
  const newest = state.runs.at(-1) ?? state.tasks.at(-1);
  if (!newest) throw new SwitchbackError('PreconditionFailed', `the journal of ${request.target} knows no run`);
  if (request.taskAtWork === false && request.tidy) await closeTask(target, state);
  const run: RunRef = { target: request.target, runId: newest.id, epoch: state.epoch };

  if (request.decision?.decide === 'close') await close(target, state, run, request.decision);
  if (request.decision?.decide === 'accept') {
    await accept(target, state, request.decision, async () =>
      dependencies.check(request.decision?.proof ?? [], await inspecting(target, run, dependencies, surroundings)),
    );
  }
  // While a run is at work, what looks left behind may be what it works with.
  const looked = request.atWork
    ? { left: [], silent: [] }
    : await lookAround(target, run, await target.journal.refresh(), dependencies, surroundings);
  const leftovers = [];
  for (const leftover of looked.left) {
    leftovers.push(await settled(leftover, request.tidy, surroundings));
  }
  return { ...summary(target.journal.state), leftovers, silent: looked.silent };
}

async function settled(
  { what, why, command, tidy }: Leftover,
  act: boolean,
  surroundings: Surroundings,
): Promise<ReconcileReport['leftovers'][number]> {
  const told = { what, why, ...(command !== undefined && { command }) };
  if (!act || !tidy) return { ...told, state: tidy ? 'left' : 'yours' };
  surroundings.progress({ doing: `putting right: ${what}` });
  try {
    await tidy();
    return { ...told, state: 'tidied' };
  } catch (error) {
    surroundings.signal.throwIfAborted();
    return { ...told, state: 'left', problem: error instanceof Error ? error.message : String(error) };
  }
}

function summary(state: TargetState): Omit<ReconcileReport, 'leftovers' | 'silent'> {
  const newest = (state.runs.at(-1) ?? state.tasks.at(-1))!;
  const open = openRun(state);
  return {
    run: newest.id,
    state: newest.state,
    open: open !== undefined,
    consistent: state.consistent,
    leftOut: inconsistencies(state).leftOut.map(({ run, operation, undo }) => ({
      run,
      operation: operation.id,
      summary: operation.summary,
      undo: undo.summary,
    })),
  };
}

/** Ends work on recovery points whose workflow is gone: nobody has to decide that, since nothing is left half. */
async function closeTask(target: OpenTarget, state: TargetState): Promise<void> {
  const task = openTask(state);
  if (!task) return;
  const epoch = state.epoch + 1;
  const holder = { workflowId: 'reconcile', workflowRunId: task.id };
  const entries: JournalEntry[] = [
    { type: 'lease-taken', holder },
    { type: 'run-state', state: 'aborted', reason: 'its workflow is gone' },
    { type: 'lease-released', holder },
  ];
  await target.journal.appendIf({ run: task.id, epoch, entries }, (now) =>
    now.epoch === epoch - 1
      ? undefined
      : new SwitchbackError('Conflict', 'the lease was taken by somebody else just now'),
  );
}

/** Ends a run whose workflow is gone. The new epoch shuts out whoever may still work for it. */
async function close(
  target: OpenTarget,
  state: TargetState,
  { runId }: RunRef,
  { by, reason, key }: ReconcileDecision,
): Promise<void> {
  if (state.keys.has(key)) return;
  if (!openRun(state)) {
    throw new SwitchbackError('PreconditionFailed', `run ${runId} has ended: there is nothing to close`, {
      hint: 'Type `switchback status`.',
    });
  }
  const epoch = state.epoch + 1;
  const holder = { workflowId: 'reconcile', workflowRunId: by };
  const entries: JournalEntry[] = [
    { type: 'lease-taken', holder },
    { type: 'decision', command: 'abort', by, reason },
    { type: 'run-state', state: 'aborted', reason: `closed by ${by}: ${reason}`.slice(0, 500) },
    { type: 'lease-released', holder },
  ];
  await target.journal.appendIf({ run: runId, epoch, key, entries }, (now) =>
    now.epoch === epoch - 1
      ? undefined
      : new SwitchbackError('Conflict', 'the lease was taken by somebody else just now'),
  );
}

/** Takes a person's word, with proof, that what was left out has been made right. */
async function accept(
  target: OpenTarget,
  state: TargetState,
  { by, reason, key }: ReconcileDecision,
  prove: () => ReturnType<ControlDependencies['check']>,
): Promise<void> {
  if (state.keys.has(key)) return;
  const newest = state.runs.at(-1)!;
  if (state.consistent)
    throw new SwitchbackError('PreconditionFailed', 'the target is consistent: there is nothing to accept');
  const wounds = inconsistencies(state);
  if (wounds.half.length > 0) {
    const { why, hint } = describeInconsistency(wounds);
    throw new SwitchbackError('PreconditionFailed', `no word makes this target consistent: ${why}`, { hint });
  }
  if (openRun(state)) {
    throw new SwitchbackError('PreconditionFailed', `run ${newest.id} has not ended (it is ${newest.state})`, {
      hint: 'End it first; then what it left out can be judged.',
    });
  }
  const proof = await prove();
  if (overallVerdict(proof) !== 'successful') {
    const failed = proof
      .filter(({ verdict }) => verdict !== 'successful')
      .map(({ check, detail }) => `${check}: ${detail}`);
    throw new SwitchbackError('CheckFailed', `not proven: ${failed.join('; ')}`, { hint: 'Nothing was changed.' });
  }
  await target.journal.append({
    run: newest.id,
    epoch: state.epoch,
    key,
    entries: [{ type: 'reconciled', by, reason, proof }],
  });
}

async function lookAround(
  target: OpenTarget,
  run: RunRef,
  state: TargetState,
  dependencies: ControlDependencies,
  surroundings: Surroundings,
): Promise<{ left: Leftover[]; silent: string[] }> {
  const { engine, stores } = dependencies.world;
  const { signal } = surroundings;
  surroundings.progress({ doing: 'looking for what was left behind' });
  const context = await inspecting(target, run, dependencies, surroundings);
  const inStores = await leftInStores(stores, context, state);
  // After what helpers hold has been seen: a look makes helpers of its own.
  const objects = await leftObjects(engine, run.target, { signal });
  const inRepository = await leftInRepository(engine, context, state);
  return {
    // First what was stopped: it may be down since long ago.
    left: [
      ...(await leftStopped(engine, state, { signal })),
      ...(await leftProcesses(run.target)),
      ...inStores.left,
      ...inRepository.left,
      ...objects,
      ...(await leftWals(engine, { target: run.target, home: target.home }, { signal })),
      ...(await leftFiles(target.home)),
    ],
    silent: [...inStores.silent, ...inRepository.silent],
  };
}
