import { patched, upsertSearchAttributes, workflowInfo } from '@temporalio/workflow';
import type { RollbackStatus } from '../runbook/run-state.ts';
import { rollbackDetails } from './details.ts';
import { interpret, shielded } from './interpreter.ts';
import type { RollbackInput, RollbackResult } from './messages.ts';
import { runAttributes } from './search-attributes.ts';
import { Session } from './session.ts';

/**
 * Takes phases back, operation by operation. A step that fails parks the rollback; it waits, for days if it must, until a person
 * retries, skips with a reason or has done it by hand.
 */
export async function rollback(input: RollbackInput): Promise<RollbackResult> {
  const { run, rollback: plan } = input;
  const status: RollbackStatus = {
    ordinal: plan.ordinal,
    workflowId: workflowInfo().workflowId,
    to: plan.to,
    reason: input.reason,
    state: 'running',
    done: 0,
    total: plan.operations.length,
    startedAt: new Date().toISOString(),
    restoreData: plan.restored.length > 0,
  };
  const session = new Session(
    'rollback',
    run,
    () => ({ rollback: { ...status } }),
    (current) => rollbackDetails(input, status, current),
  );
  let verifyingSince: number | undefined;

  return shielded(session, async () => {
    const phaseEntries = (state: 'rolling-back' | 'rolled-back') =>
      plan.phases.map(({ id, ordinal, title, run: of }) => ({
        type: 'phase-state' as const,
        ...(of === undefined ? {} : { of }),
        phase: id,
        ordinal,
        title,
        state,
        reason: input.reason.slice(0, 500),
      }));
    await session.journal(phaseEntries('rolling-back'));
    if (input.searchAttributes) upsertSearchAttributes(runAttributes({ state: 'rolling-back' }));
    for (const kept of plan.kept) session.tell(`kept: ${kept.summary} (${kept.why})`);

    const began = Date.now();
    const stop = await interpret(run, plan.operations, session, {
      settled: (operation) => {
        status.done += 1;
        if (operation.undoes !== undefined || operation.kind !== 'runChecks') verifyingSince = Date.now();
      },
    });
    const ended = Date.now();
    const consistent = stop === undefined && !session.inconsistent;
    const finished = {
      ...{ type: 'rollback-finished' as const, rollback: plan.ordinal, phases: plan.phases.map(({ id }) => id) },
      ...{ consistent, ...(stop && { gaveUp: stop.reason.slice(0, 500) }) },
    };
    // In one go: between the two nobody could tell what is left to be done.
    if (patched('finish-rollback-in-one')) {
      await session.journal([...(stop ? [] : phaseEntries('rolled-back')), finished]);
    } else {
      if (stop === undefined) await session.journal(phaseEntries('rolled-back'));
      await session.journal([finished]);
    }
    status.state = consistent ? 'done' : 'inconsistent';
    status.finishedAt = new Date().toISOString();
    if (input.searchAttributes)
      upsertSearchAttributes(runAttributes({ state: consistent ? 'rolled-back' : 'inconsistent' }));
    session.tell(stop ? `rollback given up: ${stop.reason}` : `rolled back to ${plan.to}`);
    await session.close();
    const executed = verifyingSince ?? ended;
    return {
      consistent,
      executionSeconds: (executed - began) / 1000,
      verificationSeconds: (ended - executed) / 1000,
      timeline: session.timeline,
      ...(stop ? { gaveUp: stop.reason } : {}),
    };
  });
}
