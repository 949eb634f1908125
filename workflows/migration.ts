import {
  allHandlersFinished,
  condition,
  executeChild,
  ParentClosePolicy,
  patched,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import type { RunRef } from '../runbook/activities.ts';
import type { CompiledPhase, CompiledPlan } from '../runbook/compiled-plan.ts';
import type { GoingBack } from '../runbook/going-back.ts';
import type { JournalEntry } from '../runbook/journal.ts';
import { phaseWorkflowId, rollbackWorkflowId } from '../runbook/names.ts';
import type { RollbackPlan } from '../runbook/rollback.ts';
import { endOfRollback, headingOf, phasesAhead, stopOf, type RunEnd, type RunStop } from '../runbook/run-decisions.ts';
import type { RunStatus } from '../runbook/run-state.ts';
import { askWayOn, closeRun, control, record } from './calls.ts';
import { describeFailure } from './failure.ts';
import { shielded } from './interpreter.ts';
import type { ChildResult, MigrationInput, PauseRequest } from './messages.ts';
import { phase as phaseWorkflow } from './phase.ts';
import { rollback as rollbackWorkflow } from './rollback.ts';
import { RunView, type PlanningDecision } from './run-view.ts';
import { runAttributes } from './search-attributes.ts';

type GoBack = Extract<RunStop, { outcome: 'rollback' }>;

/** What every part of a run needs. */
interface Journey {
  input: MigrationInput;
  run: RunRef;
  plan: CompiledPlan;
  view: RunView;
}

/**
 * One run of a plan against one target: phase after phase, and back where it must be. It fails only if it cannot be opened; an
 * open run parks, since what is parked can be repaired and what has failed cannot.
 * @returns the final status
 */
export async function migration(input: MigrationInput): Promise<RunStatus> {
  const view = new RunView(input);
  return shielded(view, async () => {
    const opened = await openRun(input);
    const { epoch, plan } = opened;
    const heading = headingOf(opened.wayOn, input, new Date().toISOString());
    view.opened(opened, heading);
    const journey: Journey = { input, run: { target: input.target, runId: input.runId, epoch }, plan, view };

    const stop = stopOf(heading) ?? (await goForward(journey));
    const ended: RunEnd = stop ? await obeyStop(journey, stop) : { state: 'completed' };

    await finish(journey, ended);
    return view.status;
  });
}

function openRun(input: MigrationInput) {
  const { workflowId, runId } = workflowInfo();
  const summary = input.plan
    ? `take the lease of ${input.target}, seal plan ${input.plan.name}`
    : `take the lease of ${input.target}`;
  return control(summary).openRun({
    target: input.target,
    runId: input.runId,
    operator: input.operator,
    holder: { workflowId, workflowRunId: runId },
    ...(input.plan ? { plan: input.plan } : {}),
    ...(input.rollback ? { rollback: input.rollback.request, reason: input.rollback.reason } : {}),
    ...(input.without.length > 0 ? { without: input.without } : {}),
    ...(input.goOn ? { goOn: true } : {}),
  });
}

async function goForward(journey: Journey): Promise<RunStop | undefined> {
  const { input, plan, view } = journey;
  let paused: PauseRequest | undefined;
  for (const phase of phasesAhead(plan, view.status.phases)) {
    if (view.abortReason !== undefined) return { outcome: 'aborted', reason: view.abortReason };
    const elsewhere = await lookAtWay(journey);
    if (elsewhere) return elsewhere;
    if (input.searchAttributes) upsertSearchAttributes(runAttributes({ phase: phase.id, risk: phase.risk }));
    const result = await runPhase(journey, phase, paused);
    if (result.outcome !== 'completed') return result;
    paused = result.paused;
  }
  return undefined;
}

/** A workflow that was reset repeats what it had decided: before each phase the journal is asked whether that still is the way. */
async function lookAtWay({ run }: Journey): Promise<RunStop | undefined> {
  if (!patched('ask-way-on')) return undefined;
  const { workflowId, runId } = workflowInfo();
  const { epoch, wayOn } = await askWayOn({ run: { ...run }, holder: { workflowId, workflowRunId: runId } });
  run.epoch = epoch;
  return stopOf(wayOn);
}

function runPhase(
  { input, run, view }: Journey,
  phase: CompiledPhase,
  paused: PauseRequest | undefined,
): Promise<ChildResult> {
  const workflowId = phaseWorkflowId(run.target, phase.ordinal, phase.id);
  return view.whileAtWork(workflowId, () =>
    executeChild(phaseWorkflow, {
      workflowId,
      args: [{ run, phase, searchAttributes: input.searchAttributes, ...(paused && { paused }) }],
      // A phase at work is not torn apart because its parent was terminated: the journal and reconcile bring them together.
      parentClosePolicy: ParentClosePolicy.ABANDON,
      staticSummary: `phase ${phase.ordinal}: ${phase.title}`,
      ...(input.searchAttributes
        ? {
            typedSearchAttributes: runAttributes({
              target: run.target,
              phase: phase.id,
              state: 'running',
              risk: phase.risk,
            }),
          }
        : {}),
    }),
  );
}

async function obeyStop(journey: Journey, stop: RunStop): Promise<RunEnd> {
  if (stop.outcome === 'aborted') return { state: 'aborted', reason: stop.reason };
  if (stop.outcome === 'ended') return { state: stop.state, reason: stop.reason };
  journey.view.enter('rolling-back', stop.reason);
  await record({
    run: journey.run,
    key: 'going-back',
    entries: [
      { type: 'run-state', state: 'rolling-back', reason: stop.reason.slice(0, 500), goingBack: goingBackOf(stop) },
    ],
  });
  const planned = await planBack(journey, stop);
  return 'aborted' in planned
    ? { state: 'aborted', reason: planned.aborted }
    : goBack(journey, planned.rollback, planned.stop);
}

/** Plans the rollback from receipts; where that is impossible as asked, a person chooses another way. */
async function planBack(
  { run, view }: Journey,
  first: GoBack,
): Promise<{ rollback: RollbackPlan; stop: GoBack } | { aborted: string }> {
  let stop = first;
  let decisions = 0;
  for (;;) {
    try {
      const rollback = await control('plan the rollback from receipts').planRollback({
        run,
        request: stop.request,
        reason: stop.reason,
        goingBack: goingBackOf(stop),
      });
      return { rollback, stop };
    } catch (error) {
      const decision = await view.parkPlanning(describeFailure(error));
      if (decision.decision === 'rollback')
        stop = { ...stop, request: decision.request, reason: decision.reason, by: decision.by };
      if (patched('journal-planning-decisions')) {
        decisions += 1;
        await record({ run, key: `planning:${decisions}`, entries: planningEntries(decision, goingBackOf(stop)) });
      }
      if (decision.decision === 'abort') return { aborted: `${decision.by}: ${decision.reason}` };
      view.enter('rolling-back', stop.reason);
    }
  }
}

function planningEntries(decision: PlanningDecision, goingBack: GoingBack): JournalEntry[] {
  const { decision: command, by } = decision;
  if (command === 'retry') return [{ type: 'decision', command, by }];
  const { reason } = decision;
  return [{ type: 'decision', command, by, reason, ...(command === 'rollback' && { goingBack }) }];
}

const goingBackOf = ({ request, reason, by, detectedAt, decidedAt }: GoBack): GoingBack => ({
  ...{ request, reason, by, detectedAt, decidedAt },
});

async function goBack({ input, run, plan, view }: Journey, rollback: RollbackPlan, stop: GoBack): Promise<RunEnd> {
  const workflowId = rollbackWorkflowId(run.target, rollback.ordinal);
  const startedAt = new Date().toISOString();
  const result = await view.whileAtWork(workflowId, () =>
    executeChild(rollbackWorkflow, {
      workflowId,
      args: [{ run, homeHost: plan.homeHost, rollback, reason: stop.reason, searchAttributes: input.searchAttributes }],
      parentClosePolicy: ParentClosePolicy.ABANDON,
      staticSummary: `roll back to ${rollback.to}: ${stop.reason}`.slice(0, 200),
      ...(input.searchAttributes
        ? { typedSearchAttributes: runAttributes({ target: run.target, state: 'rolling-back' }) }
        : {}),
    }),
  );
  view.status.inconsistent ||= !result.consistent;
  const seconds = (from: string, to: string) => (Date.parse(to) - Date.parse(from)) / 1000;
  const report = {
    run,
    rollback,
    reason: stop.reason,
    by: stop.by,
    consistent: result.consistent,
    startedAt,
    finishedAt: new Date().toISOString(),
    recovery: {
      decision: seconds(stop.detectedAt, stop.decidedAt),
      execution: result.executionSeconds,
      verification: result.verificationSeconds,
    },
    timeline: [...view.status.timeline],
  };
  try {
    const { files } = await control('write the incident record and the rollback log').reportRollback(report);
    view.tell(`incident record: ${files.find((file) => /incident-\d+\.md$/.test(file)) ?? files.join(', ')}`);
  } catch (error) {
    // The stack is back; a report that cannot be written must not make a person think that it is not.
    view.tell(`the incident record could not be written: ${describeFailure(error).message}`);
  }
  if (result.gaveUp === undefined) view.tookBack(rollback.phases, run.runId);
  return endOfRollback(result, stop.reason);
}

async function finish({ run, view }: Journey, { state, reason }: RunEnd): Promise<void> {
  await closeRun({
    run,
    key: 'closed',
    entries: [{ type: 'run-state', state, ...(reason === undefined ? {} : { reason: reason.slice(0, 500) }) }],
  });
  view.status.finishedAt = new Date().toISOString();
  view.enter(state, reason);
  view.tell(state === 'completed' ? 'all phases are complete' : `the run is ${state}`);
  await condition(allHandlersFinished);
}
