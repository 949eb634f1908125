import type { PerformRequest } from '../../runbook/activities.ts';
import { SwitchbackError } from '../../runbook/errors.ts';
import type { FailureDetail, JournalEntry } from '../../runbook/journal.ts';
import { outdated } from './effect-context.ts';
import type { OpenTarget } from './target-access.ts';

export const isOvertaken = (error: unknown) => error instanceof SwitchbackError && error.name === 'LeaseLost';

/** Writes down how an attempt failed; for one that was overtaken, that what it still wanted to do or report was refused. */
export async function recordFailure(
  target: OpenTarget,
  { run, operation }: PerformRequest,
  attempt: number,
  error: unknown,
): Promise<void> {
  const failure = failureDetail(error);
  // One that was cancelled because it was overtaken fails of the cancel, not of its fence.
  const late = isOvertaken(error)
    ? failure
    : outdated(await target.journal.refresh().catch(() => target.journal.state), run, operation.id, attempt);
  const entry: JournalEntry = late
    ? { type: 'refused', operation: operation.id, attempt, reason: late.message }
    : { type: 'failure', operation: operation.id, attempt, error: failure };
  await target.journal
    .append({ run: run.runId, epoch: run.epoch, entries: [entry] })
    // The effect's own error must reach the operator even where the disk is too full to write it down.
    .catch((journalError: unknown) => {
      process.stderr.write(`the journal of ${run.target} cannot be written: ${String(journalError)}\n`);
    });
}

export function failureDetail(error: unknown): FailureDetail {
  if (error instanceof SwitchbackError) {
    return { name: error.name, message: error.message, ...(error.hint === undefined ? {} : { hint: error.hint }) };
  }
  return { name: 'Error', message: error instanceof Error ? error.message : String(error) };
}
