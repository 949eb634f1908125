import { executeChild, ParentClosePolicy, setHandler } from '@temporalio/workflow';
import type { BackupResult } from '../runbook/backup-task.ts';
import { backupWorkflowId } from '../runbook/names.ts';
import { reportSignal, type BackupInput } from './messages.ts';

/**
 * What a schedule starts: the server gives it an id of its own each time, and the work below it has the one id that work on a target's
 * recovery points has. Where something is at work already this fails, and the next one comes in its time.
 */
export async function scheduledBackup(input: BackupInput): Promise<BackupResult> {
  // What the work tells on its way stands in its own details.
  setHandler(reportSignal, () => undefined);
  return (await executeChild('backup', {
    workflowId: backupWorkflowId(input.target),
    args: [input],
    // It holds the lease, and has to give it back.
    parentClosePolicy: ParentClosePolicy.REQUEST_CANCEL,
    staticSummary: `recovery points of ${input.target}, on schedule`,
  })) as BackupResult;
}
