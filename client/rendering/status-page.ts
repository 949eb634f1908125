import type { PhaseStatus, RunState, RunStatus, Waiting } from '../../runbook/run-state.ts';
import type { StatusReport } from '../runs/read-status.ts';
import type { Restorable } from '../runs/restorable.ts';
import { between, formatAge, formatClock, formatDuration, formatMoment } from './duration.ts';
import { wayBackLine } from './rehearsal-page.ts';
import { restorableLines } from './restorable-lines.ts';
import type { Page, Style } from './style.ts';
import { hang, table } from './table.ts';

const stateColours: Partial<Record<RunState | PhaseStatus['state'], keyof Style>> = {
  running: 'cyan',
  completed: 'green',
  failed: 'red',
  'awaiting-operator': 'red',
  'rollback-paused': 'red',
  'awaiting-approval': 'yellow',
  paused: 'yellow',
  'rolling-back': 'yellow',
  'rolled-back': 'yellow',
  pending: 'dim',
  skipped: 'dim',
};

const paintState = (state: RunState | PhaseStatus['state'], style: Style) =>
  style[stateColours[state] ?? 'bold'](state);

/** What the page is drawn with besides the report. */
export interface StatusExtras {
  now: Date;
  /** A line for each activity under way, as `watch` knows them. */
  live?: readonly string[];
  /** What can be restored of its data; absent where the recovery points are on another machine. */
  restorable?: readonly Restorable[];
  /** Newest lines of the story to show. */
  story?: number;
}

/** Everything an operator needs to know of a run, most urgent first after the table. */
export function statusPage(
  report: StatusReport,
  page: Page,
  { now, live = [], restorable = [], story = 6 }: StatusExtras,
): string[] {
  const { status } = report;
  const { style } = page;
  const lines = [
    `${style.bold(status.target)}  run ${status.runId} of ${status.plan} (${status.planDigest.slice(0, 12)})  ${style.bold(paintState(status.state, style))}`,
    `started ${formatMoment(status.startedAt)}${status.finishedAt === undefined ? `, ${formatAge(status.startedAt, now)}` : `, took ${formatDuration(between(status.startedAt, status.finishedAt))}`}${status.reason === undefined ? '' : `: ${hang(status.reason, 2)}`}`,
  ];
  if (report.source === 'journal') {
    lines.push(
      style.yellow(
        `from the journal, as of ${formatMoment(report.asOf)} (${formatAge(report.asOf, now)}): ${report.because ?? 'the run was not asked'}`,
      ),
    );
  }
  if (report.ended !== undefined) {
    lines.push(
      style.red(`its workflow has ended (${report.ended}) although the run has not: nothing goes on by itself`),
    );
  }
  lines.push('', ...phaseTable(status, page), ...waysBack(status, style, now));
  if (restorable.length > 0) lines.push('', style.bold('data'), ...restorableLines(restorable, style, now));
  for (const rollback of status.rollbacks) lines.push('', rollbackLine(rollback, style, now));
  if (status.operation && !status.waiting) {
    lines.push(
      '',
      `${style.bold('under way')}  ${status.operation.summary} (${status.operation.stage}, for ${formatDuration(now.getTime() - Date.parse(status.operation.startedAt))})`,
    );
    lines.push(...live.map((line) => `  ${line}`));
  }
  if (status.waiting) lines.push('', ...waitingLines(status.waiting, style, now));
  if (status.inconsistent) {
    lines.push(
      '',
      style.red(
        'the target is inconsistent: an undo was skipped. It takes no new run until somebody has reconciled it.',
      ),
    );
  }
  if (status.timeline.length > 0 && story > 0) {
    lines.push(
      '',
      style.bold('lately'),
      ...status.timeline.slice(-story).map((entry) => `  ${style.dim(formatClock(entry.at))}  ${hang(entry.text, 12)}`),
    );
  }
  if (status.waiting && status.contacts.length > 0) {
    lines.push(
      '',
      style.bold('whom to call'),
      ...status.contacts.map(({ role, name, contact }) => `  ${role}: ${name}, ${contact}`),
    );
  }
  lines.push('', style.dim(report.ui));
  return lines;
}

const phaseColumns = [
  { title: '#', align: 'right' as const },
  { title: 'phase' },
  { title: 'title', gives: true },
  { title: 'risk' },
  { title: 'state' },
  { title: 'stage' },
  { title: 'done', align: 'right' as const },
  { title: 'took', align: 'right' as const },
];

function phaseTable(status: RunStatus, page: Page): string[] {
  const rows = status.phases.map((phase) => [
    String(phase.ordinal),
    phase.id,
    phase.title,
    phase.risk,
    paintState(phase.state, page.style),
    phase.state === 'running' ? (phase.stage ?? '') : '',
    phase.total > 0 ? `${phase.done}/${phase.total}` : '',
    phase.startedAt !== undefined && phase.finishedAt !== undefined
      ? formatDuration(between(phase.startedAt, phase.finishedAt))
      : '',
  ]);
  return rows.length === 0 ? ['no phase has begun'] : table(phaseColumns, rows, page);
}

/** The way back from each phase that has begun or is next: what it is promised to take, or that nobody has tried it. */
function waysBack({ phases }: RunStatus, style: Style, now: Date): string[] {
  const shown = phases.filter(
    (phase) => phase.wayBack !== undefined || ['running', 'completed', 'failed'].includes(phase.state),
  );
  if (shown.length === 0) return [];
  return [
    '',
    style.bold('ways back'),
    ...shown.map(({ id, wayBack }) => `  ${id}: ${hang(wayBackLine(wayBack, style, now), 4)}`),
  ];
}

function rollbackLine(rollback: RunStatus['rollbacks'][number], style: Style, now: Date): string {
  const { ordinal, to, state, done, total, startedAt, finishedAt, reason, restoreData } = rollback;
  const time =
    finishedAt === undefined
      ? `for ${formatDuration(now.getTime() - Date.parse(startedAt))}`
      : `took ${formatDuration(between(startedAt, finishedAt))}`;
  const data = restoreData ? 'data restored from recovery points' : 'data left alone';
  return `${style.bold(`rollback ${ordinal}`)} to ${to}: ${state === 'done' ? style.green(state) : style.yellow(state)}, ${done}/${total} undone, ${time}, ${data}: ${reason}`;
}

function waitingLines(waiting: Waiting, style: Style, now: Date): string[] {
  const since = `since ${formatMoment(waiting.since)} (${formatAge(waiting.since, now)})`;
  if (waiting.for === 'approval') {
    const given =
      waiting.approval?.given.map((one) => `${one.by}${one.comment === undefined ? '' : ` ("${one.comment}")`}`) ?? [];
    return [
      style.yellow(style.bold(`waiting for the approval of ${waiting.approval?.role ?? 'somebody'}`)) + `, ${since}`,
      ...(given.length > 0 ? [`  given by ${given.join(', ')} (recorded, not authenticated)`] : []),
    ];
  }
  if (waiting.for === 'resume') return [style.yellow(style.bold('paused')) + `, ${since}`];
  const lines = [style.red(style.bold('waiting for you')) + `, ${since}`];
  if (waiting.operation) lines.push(`  stopped at  ${waiting.operation.summary} (${waiting.operation.id})`);
  if (waiting.gate) lines.push(`  stopped at  approval of ${waiting.gate.role} (phase ${waiting.gate.phase})`);
  if (waiting.error) {
    lines.push(`  because     ${hang(waiting.error.message, 14)}`);
    if (waiting.error.hint !== undefined) lines.push(`  hint        ${hang(waiting.error.hint, 14)}`);
  }
  return lines;
}
