import type { WorkflowExecutionStatusName } from '@temporalio/client';
import { migrationWorkflowId } from '../../runbook/names.ts';
import type { TemporalConnection } from './connection.ts';

/** The newest execution of a target's migration, as the server knows it. */
export interface KnownRun {
  workflowId: string;
  executionId: string;
  taskQueue: string;
  open: boolean;
  status: WorkflowExecutionStatusName;
  startedAt: Date;
  closedAt?: Date;
  runId?: string;
  plan?: string;
}

const text = (value: unknown) => (typeof value === 'string' ? value : undefined);

/** Asks the server for a target's newest run; undefined when it has none, or none any more. */
export async function findRun(temporal: TemporalConnection, target: string): Promise<KnownRun | undefined> {
  const handle = temporal.client.workflow.getHandle(migrationWorkflowId(target));
  try {
    const found = await temporal.within(temporal.settings.timeoutMs, () => handle.describe());
    const runId = text(found.memo?.['runId']);
    const plan = text(found.memo?.['plan']);
    return {
      workflowId: found.workflowId,
      executionId: found.runId,
      taskQueue: found.taskQueue,
      open: found.status.name === 'RUNNING' || found.status.name === 'PAUSED',
      status: found.status.name,
      startedAt: found.startTime,
      ...(found.closeTime && { closedAt: found.closeTime }),
      ...(runId !== undefined && { runId }),
      ...(plan !== undefined && { plan }),
    };
  } catch (error) {
    // By its name: the class would load the whole client for those who find no server to ask.
    if (error instanceof Error && error.name === 'WorkflowNotFoundError') return undefined;
    throw error;
  }
}
