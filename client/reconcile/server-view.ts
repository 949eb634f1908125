import { WorkflowNotFoundError } from '@temporalio/client';
import { backupWorkflowId, phaseWorkflowId, rollbackWorkflowId } from '../../runbook/names.ts';
import { openRun, type TargetState } from '../../runbook/target-state.ts';
import type { TemporalConnection } from '../temporal/connection.ts';
import { findRun, type KnownRun } from '../temporal/find-run.ts';

/** What the server knows of a target, against what the journal says. */
export interface ServerView {
  /** The newest execution of the target's migration. */
  migration?: KnownRun;
  /** The journal's open run has its workflow. */
  atWork: boolean;
  /** Recovery points are being worked on outside of a run. */
  taskAtWork: boolean;
  /** Workflows of phases and rollbacks that are open although nobody will hear of their end. */
  orphans: string[];
}

/** A journal is not needed to see whether a run is open; without one no orphans are looked for. */
export async function viewServer(
  temporal: TemporalConnection,
  target: string,
  state: TargetState | undefined,
): Promise<ServerView> {
  const migration = await findRun(temporal, target);
  const open = state && openRun(state);
  const atWork = migration?.open === true;
  const children = state && !atWork ? childIds(target, state) : [];
  const orphans: string[] = [];
  for (const id of children) if (await isOpen(temporal, id)) orphans.push(id);
  const taskAtWork = await isOpen(temporal, backupWorkflowId(target));
  return {
    ...(migration && { migration }),
    taskAtWork,
    atWork: atWork && (open !== undefined || state === undefined),
    orphans,
  };
}

function childIds(target: string, state: TargetState): string[] {
  const applied = [...state.applications.values()].map(({ ordinal, id }) => phaseWorkflowId(target, ordinal, id));
  const phases = [...new Set(applied)];
  const rollbacks = Array.from({ length: state.rollbacks }, (_, index) => rollbackWorkflowId(target, index + 1));
  return [...phases, ...rollbacks];
}

async function isOpen(temporal: TemporalConnection, workflowId: string): Promise<boolean> {
  try {
    const handle = temporal.client.workflow.getHandle(workflowId);
    const { status } = await temporal.within(temporal.settings.timeoutMs, () => handle.describe());
    return status.name === 'RUNNING' || status.name === 'PAUSED';
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return false;
    throw error;
  }
}

/** Ends workflows that nobody waits for. What they did stands in the journal; what they do still is fenced off by its epoch. */
export async function endOrphans(
  temporal: TemporalConnection,
  orphans: readonly string[],
  reason: string,
): Promise<void> {
  for (const workflowId of orphans) {
    try {
      const handle = temporal.client.workflow.getHandle(workflowId);
      await temporal.within(temporal.settings.timeoutMs, () => handle.terminate(reason));
    } catch (error) {
      // It came to its end by itself meanwhile.
      if (!(error instanceof WorkflowNotFoundError)) throw error;
    }
  }
}
