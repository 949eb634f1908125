import { between, formatDuration, formatMoment } from '../rendering/duration.ts';
import { plural } from '../rendering/quantity.ts';
import { wayBackLine } from '../rendering/rehearsal-page.ts';
import type { Page, Style } from '../rendering/style.ts';
import { hang, table } from '../rendering/table.ts';
import type { RunAccount } from './account.ts';
import type { OperationAccount } from './operation-account.ts';
import type { Tone } from './story.ts';

const paint = ({ red, green, cyan, dim }: Style): Record<Tone, (text: string) => string> => ({
  plain: (text) => text,
  good: green,
  bad: red,
  person: cyan,
  quiet: dim,
});

const lasted = (milliseconds: number | undefined) => (milliseconds === undefined ? '' : formatDuration(milliseconds));

/** How far into the run something happened: `+2m 05s`. */
const offset = (account: RunAccount, at: string) => `+${formatDuration(Math.max(0, between(account.startedAt, at)))}`;

const operationRow = (operation: OperationAccount): string[] => [
  `  ${operation.summary}`,
  operation.outcome,
  operation.attempts > 1 ? `${operation.attempts} attempts` : '',
  lasted(operation.durationMs),
];

const columns = [
  { title: 'operation', gives: true },
  { title: 'outcome' },
  { title: 'tries' },
  { title: 'took', align: 'right' as const },
];

/** The account of a run, for a terminal. */
export function accountPage(account: RunAccount, page: Page): string[] {
  const { style } = page;
  const tones = paint(style);
  const lines = [
    `${style.bold(`Run ${account.runId}`)} of ${account.plan} against ${account.target}: ${style.bold(account.state)}`,
    `started by ${account.operator} at ${formatMoment(account.startedAt)}, ${account.finishedAt === undefined ? 'lasting' : 'took'} ${formatDuration(account.durationMs)}`,
    ...(account.reason === undefined ? [] : [`reason: ${hang(account.reason, 8)}`]),
  ];
  for (const phase of account.phases) {
    lines.push(
      '',
      style.bold(`Phase ${phase.ordinal} ${phase.id}: ${phase.title}`) +
        ` ${phase.state}${phase.durationMs === undefined ? '' : ` after ${lasted(phase.durationMs)}`}`,
    );
    lines.push(`  way back  ${hang(wayBackLine(phase.wayBack, style), 12)}`);
    if (phase.operations.length > 0) lines.push(...table(columns, phase.operations.map(operationRow), page));
  }
  for (const rollback of account.rollbacks) {
    const end =
      rollback.consistent === undefined
        ? 'not finished'
        : `finished after ${lasted(rollback.durationMs)}${rollback.consistent ? '' : ', inconsistent'}`;
    lines.push('', style.bold(`Rollback ${rollback.ordinal} to ${rollback.to}`) + ` ${end}: ${rollback.reason}`);
    if (rollback.operations.length > 0) lines.push(...table(columns, rollback.operations.map(operationRow), page));
  }
  lines.push('', style.bold('What happened'));
  lines.push(
    ...account.timeline.map(
      (entry) => `  ${offset(account, entry.at).padStart(9)}  ${tones[entry.tone](hang(entry.text, 13))}`,
    ),
  );
  if (account.decisions.length > 1) {
    lines.push('', style.bold('Who decided what'));
    const rows = account.decisions.map((decision) => [
      formatMoment(decision.at),
      decision.by,
      decision.decision,
      decision.reason ?? '',
    ]);
    lines.push(
      ...table([{ title: 'when' }, { title: 'who' }, { title: 'what' }, { title: 'why', gives: true }], rows, page),
    );
  }
  const failures = account.phases
    .flatMap((phase) => phase.operations)
    .concat(account.rollbacks.flatMap((rollback) => rollback.operations))
    .reduce((sum, operation) => sum + operation.failures.length, 0);
  lines.push(
    '',
    `${plural(account.phases.length, 'phase')}, ${plural(failures, 'failed attempt')}, ${plural(account.rollbacks.length, 'rollback')}`,
  );
  return lines;
}
