import { workflowInfo } from '@temporalio/workflow';
import type { CloneAnswer, RunRef } from '../runbook/activities.ts';
import type { CompiledPhase } from '../runbook/compiled-plan.ts';
import type { Operation } from '../runbook/operations.ts';
import { closeRun, control } from './calls.ts';
import { describeFailure } from './failure.ts';
import { interpret } from './interpreter.ts';
import type { RehearsalInput } from './messages.ts';
import type { Session, Stop } from './session.ts';

type Built = Extract<CloneAnswer, { outcome: 'built' }>;

/** A journey on the clone. `run` is that of the leg under way. */
export interface Journey {
  input: RehearsalInput;
  built: Built;
  run: RunRef;
  session: Session;
  legs: number;
  buildSeconds: number;
}

/** Each leg is a run of its own, as it would be on the stack itself: what was taken back runs again in a later one. */
export async function openLeg(journey: Journey): Promise<void> {
  const { input, built, run, session } = journey;
  journey.legs += 1;
  run.runId = `leg-${journey.legs}`;
  const { workflowId, runId } = workflowInfo();
  const opened = await control(`begin leg ${journey.legs} on the clone`).openRun({
    target: run.target,
    runId: run.runId,
    operator: input.operator,
    holder: { workflowId, workflowRunId: runId },
    plan: built.plan,
  });
  run.epoch = opened.epoch;
  if (journey.legs === 1 && built.standing.length > 0) await session.journal(built.standing);
}

export const closeLeg = ({ run }: Journey): Promise<void> =>
  closeRun({ run: { ...run }, key: 'closed', entries: [{ type: 'run-state', state: 'completed' }] });

export async function goForward(journey: Journey, phase: CompiledPhase, leg: string): Promise<Stop | undefined> {
  const { id, ordinal, title } = phase;
  const enter = (state: 'running' | 'completed' | 'failed') =>
    journey.session.journal([{ type: 'phase-state', phase: id, ordinal, title, state }]);
  await enter('running');
  const operations = phase.stages.flatMap((stage) => stage.operations);
  const stop = await perform(journey, operations, leg);
  await enter(stop ? 'failed' : 'completed');
  return stop;
}

export async function goBack(
  journey: Journey,
  phase: CompiledPhase,
  discardData: boolean,
): Promise<{ reason: string; noWay: boolean } | undefined> {
  const { run, session } = journey;
  let plan;
  try {
    plan = await control('plan the way back from receipts').planRollback({
      run,
      request: { to: 'previous', restoreData: false, discardData },
      reason: 'rehearsal',
    });
  } catch (error) {
    const { name, message } = describeFailure(error);
    return { reason: message, noWay: name === 'PointOfNoReturn' };
  }
  const { id, ordinal, title } = phase;
  await session.journal([{ type: 'phase-state', phase: id, ordinal, title, state: 'rolling-back' }]);
  const stop = await perform(journey, plan.operations, 'back');
  if (stop) return { reason: stop.reason, noWay: false };
  await session.journal([
    { type: 'phase-state', phase: id, ordinal, title, state: 'rolled-back' },
    { type: 'rollback-finished', rollback: plan.ordinal, phases: [id], consistent: true },
  ]);
  return undefined;
}

/** Nobody is asked: the first operation that fails ends the leg, and says why. */
function perform({ run, session }: Journey, operations: readonly Operation[], leg: string): Promise<Stop | undefined> {
  const marked = operations.map((operation) => ({
    ...operation,
    summary: `${leg}: ${operation.summary}`.slice(0, 200),
  }));
  return interpret({ ...run }, marked, session, {
    settled: () => undefined,
    onFailure: (operation, error) => ({ outcome: 'aborted', reason: `${operation.summary}: ${error.message}` }),
  });
}
