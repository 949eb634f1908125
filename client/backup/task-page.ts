import { describeTask, type BackupOutcome, type BackupResult } from '../../runbook/backup-task.ts';
import type { FailureDetail } from '../../runbook/journal.ts';
import { formatSkew } from '../../runbook/point-set.ts';
import { formatDuration } from '../rendering/duration.ts';
import type { Page } from '../rendering/style.ts';

/** How work on recovery points ended, for people. */
export function taskPage(result: BackupResult, failure: FailureDetail | undefined, { style }: Page): string[] {
  return [
    `${style.bold(result.task)}: ${failure ? style.red(failure.message) : describeTask(result)}`,
    ...(failure?.hint === undefined ? [] : [`  ${failure.hint}`]),
    ...result.outcomes.map((outcome) => outcomeLine(outcome, style)),
    ...(result.set && result.set.points.length > 1 ? [`set      ${formatSkew(result.set)}`] : []),
    ...result.notes.map((note) => style.dim(`note     ${note}`)),
  ];
}

function outcomeLine({ summary, error, skipped, seconds }: BackupOutcome, style: Page['style']): string {
  if (skipped) return style.dim(`not done ${summary}`);
  if (error) return `${style.red('failed')}   ${summary}: ${error.message}`;
  return `${style.green('done')}     ${summary} (${formatDuration(seconds * 1000)})`;
}
