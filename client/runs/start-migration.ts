import { WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import { defineSearchAttributeKey, TypedSearchAttributes } from '@temporalio/common';
import type { CompiledPlan } from '../../runbook/compiled-plan.ts';
import { hostTaskQueue, migrationWorkflowId, searchAttributeNames } from '../../runbook/names.ts';
import type { RollbackRequest } from '../../runbook/run-state.ts';
import type { MigrationInput } from '../../workflows/messages.ts';
import { GuidedError } from '../command-line/failure.ts';
import { formatMoment } from '../rendering/duration.ts';
import { workflowPage } from '../settings/settings.ts';
import type { TemporalConnection } from '../temporal/connection.ts';
import { findRun } from '../temporal/find-run.ts';
import { requirePoller } from '../temporal/pollers.ts';
import { missingSearchAttributes } from '../temporal/search-attributes.ts';
import { withFlags } from './next-steps.ts';
import { newRunId } from './run-id.ts';

const targetAttribute = defineSearchAttributeKey(searchAttributeNames.target, 'KEYWORD');

export interface StartRequest {
  target: string;
  homeHost: string;
  operator: string;
  /** Absent for a rollback that starts from the journal alone. */
  plan?: CompiledPlan;
  rollback?: { request: RollbackRequest; reason: string };
  /** The open run to go on with, whose workflow is gone. */
  goOn?: string;
  /** Optional phases to leave out. */
  without?: string[];
  /** Repeated in what to type next. */
  sameFlags?: string;
}

export interface StartedRun {
  target: string;
  runId: string;
  workflowId: string;
  executionId: string;
  ui: string;
}

/**
 * Starts a run of a target. One target has one run at a time: its workflow id is the lock.
 * @throws GuidedError `Conflict` with a pointer to the run that is open; `Unreachable` when no worker would do the work
 */
export async function startMigration(temporal: TemporalConnection, request: StartRequest): Promise<StartedRun> {
  const { target, homeHost, operator, plan, rollback, goOn, without = [], sameFlags = '' } = request;
  const { settings, client } = temporal;
  const taskQueue = hostTaskQueue(homeHost);
  await requirePoller(temporal, taskQueue);
  const searchAttributes = (await missingSearchAttributes(temporal)).length === 0;
  const runId = goOn ?? newRunId();
  const workflowId = migrationWorkflowId(target);
  const input: MigrationInput = {
    target,
    runId,
    homeHost,
    operator,
    ...(plan && { plan }),
    ...(rollback && { rollback }),
    ...(goOn !== undefined && { goOn: true }),
    without,
    searchAttributes,
  };
  try {
    const handle = await temporal.within(settings.timeoutMs, () =>
      client.workflow.start('migration', {
        workflowId,
        taskQueue,
        args: [input],
        // A finished run's id is used again: the target is the same. An open one is in the way.
        workflowIdReusePolicy: 'ALLOW_DUPLICATE',
        workflowIdConflictPolicy: 'FAIL',
        staticSummary: summaryOf(request),
        staticDetails: detailsOf(request, runId),
        memo: {
          target,
          runId,
          plan: plan?.name ?? (goOn === undefined ? 'rollback from the journal' : 'goes on'),
          operator,
        },
        ...(searchAttributes && {
          typedSearchAttributes: new TypedSearchAttributes([{ key: targetAttribute, value: target }]),
        }),
      }),
    );
    return {
      target,
      runId,
      workflowId,
      executionId: handle.firstExecutionRunId,
      ui: workflowPage(settings, workflowId),
    };
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError) throw await inTheWay(temporal, target, sameFlags);
    throw error;
  }
}

/** The refusal of a second run, which says which one is open and what can be done about it. */
async function inTheWay(temporal: TemporalConnection, target: string, sameFlags: string): Promise<GuidedError> {
  const open = await findRun(temporal, target);
  const since = open ? formatMoment(open.startedAt.toISOString()) : 'an unknown time';
  const run = open?.runId ?? 'unknown';
  return new GuidedError(
    'Conflict',
    `${target} has a run that is not over: ${run} of plan ${open?.plan ?? 'unknown'}, started ${since}`,
    {
      hint: `One target has one run at a time. In the Temporal UI: ${workflowPage(temporal.settings, migrationWorkflowId(target))}`,
      next: [
        { type: withFlags('switchback status', sameFlags), why: 'where it stands, and what it waits for' },
        { type: withFlags('switchback watch', sameFlags), why: 'follow it live' },
      ],
      facts: { target, run, state: open?.status ?? 'RUNNING', startedAt: open?.startedAt.toISOString() ?? null },
    },
  );
}

function summaryOf({ target, plan, rollback, goOn }: StartRequest): string {
  if (goOn !== undefined) return `go on with run ${goOn} of ${target}`;
  if (rollback) return `roll back ${target}: ${rollback.reason}`.slice(0, 200);
  return `migrate ${target}: ${plan?.title ?? ''}`.slice(0, 200);
}

/** Markdown for the top of the workflow's page. */
function detailsOf({ plan, operator, without = [], rollback, goOn }: StartRequest, runId: string): string {
  const lines = [`Run \`${runId}\`, started by ${operator}.`];
  if (goOn !== undefined) lines.push('It had lost its workflow, and goes on from its journal.');
  if (rollback) lines.push(`Takes back what earlier runs did. Reason: ${rollback.reason}`);
  for (const phase of plan?.phases ?? []) {
    lines.push(
      `${phase.ordinal}. **${phase.title}** (\`${phase.id}\`, risk ${phase.risk})${without.includes(phase.id) ? ', left out' : ''}`,
    );
  }
  return lines.join('\n');
}
