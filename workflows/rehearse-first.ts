import { executeChild, ParentClosePolicy, setHandler } from '@temporalio/workflow';
import type { RunRef } from '../runbook/activities.ts';
import type { CompiledPhase, CompiledStage } from '../runbook/compiled-plan.ts';
import { rehearsalWorkflowId } from '../runbook/names.ts';
import type { Operation } from '../runbook/operations.ts';
import { describeWayBack, wayBackOf, type Rehearsal, type RehearsalOptions } from '../runbook/rehearsal.ts';
import type { PhaseStatus } from '../runbook/run-state.ts';
import { describeFailure } from './failure.ts';
import { reportSignal } from './messages.ts';
import { rehearsal } from './rehearsal.ts';
import type { Session, Stop } from './session.ts';

/**
 * Rehearses the way back from a phase where its stage asks for it. A way back that does not hold parks the phase before anything is
 * applied; one that could not be tried does so only where the plan requires it.
 */
export async function rehearseFirst(
  run: RunRef,
  phase: CompiledPhase,
  stage: CompiledStage,
  status: PhaseStatus,
  session: Session,
): Promise<Stop | undefined> {
  const options = stage.rehearsal;
  if (!options) return undefined;
  for (;;) {
    await session.holdWhilePaused();
    if (session.stop) return session.stop;
    const found = await rehearse(run, phase, options, session);
    if (session.stop) return session.stop;
    status.wayBack = wayBackOf(found);
    session.tell(`way back from ${phase.id}: ${describeWayBack(found)}`);
    if (found.outcome === 'held' || (found.outcome === 'not-rehearsed' && !options.required)) return undefined;
    const stands = standIn(phase, stage);
    const decision = await session.park(stands, { name: 'CheckFailed', message: describeWayBack(found) });
    if (decision.decision === 'stop') return decision.stop;
    if (decision.decision === 'doneByHand') return undefined;
    if (decision.decision === 'skip') {
      await session.journal([{ type: 'skipped', operation: stands, by: decision.by, reason: decision.reason }]);
      return undefined;
    }
  }
}

async function rehearse(
  run: RunRef,
  phase: CompiledPhase,
  options: RehearsalOptions,
  session: Session,
): Promise<Rehearsal> {
  setHandler(reportSignal, (report) => session.hear(report));
  const { id } = phase;
  try {
    const found = await session.interruptible(() =>
      executeChild(rehearsal, {
        workflowId: rehearsalWorkflowId(run.target),
        args: [{ target: run.target, operator: `run ${run.runId}`, run, phases: [id], options }],
        // Nobody is left to use what it finds, and its clone must go.
        parentClosePolicy: ParentClosePolicy.REQUEST_CANCEL,
        staticSummary: `rehearse the way back from ${id}`,
      }),
    );
    const own = found.find((one) => one.phase === id);
    if (own) return own;
    throw new Error('the rehearsal has found nothing out');
  } catch (error) {
    const at = new Date().toISOString();
    const why = describeFailure(error).message;
    return { phase: id, outcome: 'not-rehearsed', why, at, planDigest: '', compared: [], differences: [], notes: [] };
  } finally {
    session.operation = undefined;
  }
}

/** A rehearsal is parked like an operation, so that the same commands answer it. It has none of its own: it changes nothing. */
function standIn(phase: CompiledPhase, stage: CompiledStage): Operation {
  return {
    id: `${phase.id}/${stage.stage}/rehearsal`,
    kind: 'runChecks',
    version: 1,
    phase: phase.id,
    stage: stage.stage,
    host: '',
    summary: `rehearse the way back from ${phase.id}`,
    input: { checks: [], withinSeconds: 0, everySeconds: 1, consecutive: 1 },
    effects: [],
    undo: { by: 'nothing', summary: 'a rehearsal changes nothing of the stack' },
    timeoutSeconds: 1,
  };
}
