import type { OpenRunRequest } from '../../runbook/activities.ts';
import type { JournalEntry } from '../../runbook/journal.ts';
import { overtaken } from '../../runbook/lease-conflict.ts';
import { openTask } from '../../runbook/target-state.ts';
import type { OpenTarget } from '../perform/target-access.ts';

/** Takes the lease. A task that it is taken from has ended then: its attempts are fenced off. */
export async function take(
  target: OpenTarget,
  request: OpenRunRequest,
  epoch: number,
  entries: JournalEntry[],
): Promise<void> {
  const open = openTask(target.journal.state);
  await target.journal.appendIf({ run: request.runId, epoch, entries }, (now) => overtaken(epoch - 1, now, request));
  if (!open || open.id === request.runId) return;
  const reason = `overtaken by ${request.runId}`;
  await target.journal.append({ run: open.id, epoch, entries: [{ type: 'run-state', state: 'aborted', reason }] });
}
