import { describeWayBack } from '../../runbook/rehearsal.ts';
import { formatDuration } from '../rendering/duration.ts';
import type { RunAccount } from './account.ts';
import type { OperationAccount } from './operation-account.ts';

const cell = (text: string) => text.replaceAll('|', '\\|').replaceAll('\n', ' ');
const lasted = (milliseconds: number | undefined) => (milliseconds === undefined ? '' : formatDuration(milliseconds));
const row = (...cells: string[]) => `| ${cells.map(cell).join(' | ')} |`;

function operations(list: readonly OperationAccount[]): string[] {
  if (list.length === 0) return ['Nothing was done.'];
  return [
    row('operation', 'what was done', 'outcome', 'attempts', 'took'),
    '|---|---|---|---|---|',
    ...list.map((operation) =>
      row(
        `\`${operation.id}\``,
        operation.result ?? operation.summary,
        operation.outcome,
        String(operation.attempts),
        lasted(operation.durationMs),
      ),
    ),
    ...list.flatMap(({ id, failures }) =>
      failures.map(
        (failure) => `\n- \`${id}\` failed at ${failure.at} (attempt ${failure.attempt}): ${failure.error.message}`,
      ),
    ),
  ];
}

/** The account of a run as a Markdown page, for a wiki or a pull request. Times are UTC. */
export function accountMarkdown(account: RunAccount, ui: string): string[] {
  const lines = [
    `# Run ${account.runId} of ${account.plan}: ${account.state}`,
    '',
    `Target \`${account.target}\`, plan digest \`${account.planDigest}\`, started by ${account.operator} at ${account.startedAt}, ${formatDuration(account.durationMs)}.`,
    ...(account.reason === undefined ? [] : ['', `Reason: ${account.reason}`]),
    '',
    `Workflow: <${ui}>`,
  ];
  for (const phase of account.phases) {
    lines.push('', `## Phase ${phase.ordinal}, ${phase.title}: ${phase.state}`, '');
    lines.push(
      `\`${phase.id}\`, ${phase.startedAt}${phase.durationMs === undefined ? '' : `, ${lasted(phase.durationMs)}`}${phase.reason === undefined ? '' : `. ${phase.reason}`}`,
      '',
    );
    lines.push(`Way back: ${describeWayBack(phase.wayBack)}.`, '');
    lines.push(...operations(phase.operations));
  }
  for (const rollback of account.rollbacks) {
    lines.push('', `## Rollback ${rollback.ordinal} to ${rollback.to}`, '');
    lines.push(
      `${rollback.reason}. Data ${rollback.restoreData ? 'restored from recovery points' : 'left alone'}; ${rollback.consistent === undefined ? 'not finished' : `${lasted(rollback.durationMs)}, target ${rollback.consistent ? 'consistent' : 'inconsistent'}`}.`,
      '',
    );
    lines.push(...operations(rollback.operations));
  }
  lines.push('', '## Decisions', '', row('when', 'who', 'what', 'why'), '|---|---|---|---|');
  lines.push(
    ...account.decisions.map((decision) => row(decision.at, decision.by, decision.decision, decision.reason ?? '')),
  );
  lines.push('', '## Timeline', '', ...account.timeline.map((entry) => `- ${entry.at} ${entry.text}`));
  return lines;
}
