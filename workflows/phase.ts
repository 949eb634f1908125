import { patched, upsertSearchAttributes, workflowInfo } from '@temporalio/workflow';
import type { CompiledPhase, CompiledStage } from '../runbook/compiled-plan.ts';
import type { FailureDetail } from '../runbook/journal.ts';
import { wayBackOnFailure } from '../runbook/on-failure.ts';
import { proofsOf } from '../runbook/fresh-proof.ts';
import type { Operation } from '../runbook/operations.ts';
import type { PhaseState, PhaseStatus } from '../runbook/run-state.ts';
import { phaseDetails } from './details.ts';
import { interpret, shielded } from './interpreter.ts';
import type { ChildResult, PhaseInput } from './messages.ts';
import { rehearseFirst } from './rehearse-first.ts';
import { runAttributes } from './search-attributes.ts';
import { Session, type Stop } from './session.ts';

/** Runs one phase, stage by stage. It never fails: what goes wrong parks, and what a person decides ends it. */
export async function phase(input: PhaseInput): Promise<ChildResult> {
  const { run, phase: plan } = input;
  const status: PhaseStatus = {
    id: plan.id,
    ordinal: plan.ordinal,
    title: plan.title,
    risk: plan.risk,
    state: 'running',
    workflowId: workflowInfo().workflowId,
    done: 0,
    total: plan.stages.reduce((sum, stage) => sum + stage.operations.length, 0),
    startedAt: new Date().toISOString(),
  };
  const session = new Session(
    'phase',
    run,
    () => ({ phase: { ...status } }),
    (current) => phaseDetails(input, status, current),
    input.paused,
  );
  const enter = async (state: PhaseState, stop?: Stop) => {
    const reason = stop?.reason;
    status.state = state;
    if (state !== 'running') status.finishedAt = new Date().toISOString();
    if (reason !== undefined) status.reason = reason;
    const { id, ordinal, title } = plan;
    await session.journal([
      { type: 'phase-state', phase: id, ordinal, title, state, ...(reason === undefined ? {} : { reason }) },
      // Before the parent hears of it, which may be gone by then.
      ...(stop?.outcome === 'rollback' ? [goingBack(stop)] : []),
    ]);
    if (input.searchAttributes) upsertSearchAttributes(runAttributes({ state, phase: id }));
    session.report();
  };

  return shielded(session, async () => {
    await enter('running');
    const stop = await runStages(input, status, session);
    if (stop) await enter(stop.outcome === 'aborted' ? 'aborted' : 'failed', stop);
    else await enter('completed');
    session.tell(stop ? `phase ${plan.id} stopped: ${stop.reason}` : `phase ${plan.id} is complete`);
    await session.close();
    const { pauseRequested: paused, inconsistent } = session;
    // A command that came after the last operation has been answered: it counts as well.
    return stop ?? session.stop ?? { outcome: 'completed', consistent: !inconsistent, ...(paused && { paused }) };
  });
}

const goingBack = ({ reason, request, by, detectedAt, decidedAt }: Extract<Stop, { outcome: 'rollback' }>) => ({
  ...{ type: 'run-state' as const, state: 'rolling-back' as const, reason: reason.slice(0, 500) },
  goingBack: { request, reason, by, detectedAt, decidedAt },
});

async function runStages(
  { run, phase: plan }: PhaseInput,
  status: PhaseStatus,
  session: Session,
): Promise<Stop | undefined> {
  for (const stage of plan.stages) {
    status.stage = stage.stage;
    session.reportSoon();
    const stop =
      (await rehearseFirst(run, plan, stage, status, session)) ??
      (await interpret(run, stage.operations, session, {
        settled: () => {
          status.done += 1;
        },
        onFailure: (operation, error) => goBackBecause(plan, operation, error),
        proveAgain: () => proveAgain(run, plan, status, session),
      })) ??
      (await gather(plan, stage, session));
    if (stop) return stop;
  }
  return undefined;
}

/** Makes the phase's proofs once more, as operations of their own: what was proven in time has its receipt already. */
async function proveAgain(
  run: PhaseInput['run'],
  phase: CompiledPhase,
  status: PhaseStatus,
  session: Session,
): Promise<Stop | undefined> {
  // In milliseconds: a person may let it try again within the second, and a name that was used has its receipt.
  const since = Date.now();
  const proofs = proofsOf(phase).map((proof) => ({
    ...proof,
    id: `${proof.id}-again-${since}`,
    summary: `${proof.summary}, again`.slice(0, 200),
  }));
  status.total += proofs.length;
  return interpret(run, proofs, session, {
    settled: () => {
      status.done += 1;
    },
  });
}

function goBackBecause({ onFailure }: CompiledPhase, operation: Operation, error: FailureDetail): Stop | undefined {
  const { decide, ...failure } = error;
  const known = decide !== undefined && patched('obey-triggers') ? error : failure;
  const back = wayBackOnFailure(onFailure, operation, known, new Date().toISOString());
  return back && { outcome: 'rollback', ...back };
}

/** Approvals of a stage, one role after the other. A no parks at the gate. */
async function gather({ id: phase }: CompiledPhase, stage: CompiledStage, session: Session): Promise<Stop | undefined> {
  for (const { role, remindSeconds } of stage.approvals) {
    const gate = { phase, stage: stage.stage, role, quorum: 1 };
    for (;;) {
      const rejected = await session.awaitApproval(gate, remindSeconds);
      if (session.stop) return session.stop;
      if (!rejected) break;
      const decision = await session.parkAt(gate, rejected);
      if (decision.decision === 'stop') return decision.stop;
      if (decision.decision === 'skip') {
        const { by, reason } = decision;
        await session.journal([{ type: 'gate', ...gate, state: 'left-out', by, reason }]);
        break;
      }
    }
  }
  return undefined;
}
