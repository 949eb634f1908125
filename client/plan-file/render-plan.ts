import type { OperationDescription, PhaseDescription, PlanDescription } from '../../runbook/compile.ts';
import { formatDuration } from '../../runbook/plan/index.ts';
import type { WayBack } from '../../runbook/rehearsal.ts';
import { wayBackLine } from '../rendering/rehearsal-page.ts';
import type { Page, Style } from '../rendering/style.ts';

/** What is known of the way back, by phase. */
export type WaysBack = ReadonlyMap<string, WayBack>;

/** What `switchback plan` prints, line by line: everything that would run, and the way back from each of it. */
export function renderPlan(plan: PlanDescription, { style }: Page, waysBack: WaysBack = new Map()): string[] {
  const { stack, baseline, objectives, totals } = plan;
  const field = (name: string, value: string) => `  ${style.dim(name.padEnd(11))} ${value}`;
  return [
    `${style.bold(plan.title)} ${style.dim(`(${plan.name})`)}`,
    field('target', `${plan.target} in ${stack.directory} on host ${stack.host}`),
    field(
      'active',
      `${stack.compose}${stack.env === undefined ? '' : `, ${stack.env}`}, switched by ${stack.switchBy}`,
    ),
    field(
      'baseline',
      `${baseline.compose}${baseline.env === undefined ? '' : `, ${baseline.env}`}${baseline.tag === undefined ? '' : `, tag ${baseline.tag}`}`,
    ),
    ...plan.stores.map((store, index) =>
      field(index === 0 ? 'stores' : '', `${store.name}: ${store.kind}, ${store.reachedBy}`),
    ),
    ...plan.protect.map((line, index) => field(index === 0 ? 'protected' : '', line)),
    field('backups in', plan.repository),
    field(
      'objectives',
      `detection ${formatDuration(objectives.detection)}, decision ${formatDuration(objectives.decision)}, execution ${formatDuration(objectives.execution)}, verification ${formatDuration(objectives.verification)}`,
    ),
    ...plan.contacts.map(({ role, name, contact }, index) =>
      field(index === 0 ? 'contacts' : '', `${role}: ${name}, ${contact}`),
    ),
    field('digest', plan.digest.slice(0, 16)),
    '',
    style.bold('before the first phase'),
    ...plan.before.flatMap((operation) => operationLines(operation, style)),
    ...plan.phases.flatMap((phase) => ['', ...phaseLines(phase, style, waysBack.get(phase.id))]),
    '',
    `${count(plan.phases.length, 'phase')}, ${count(totals.operations, 'operation')}, ${count(totals.approvals, 'approval')}, ${count(totals.points, 'recovery point')}`,
    ...wayBackLines(plan, style),
  ];
}

function count(number: number, word: string): string {
  return `${number} ${word}${number === 1 ? '' : 's'}`;
}

function phaseLines(phase: PhaseDescription, style: Style, wayBack: WayBack | undefined): string[] {
  const about = [
    `risk ${phase.risk}`,
    ...(phase.optional ? ['optional'] : []),
    ...(phase.needs.length === 0 ? [] : [`needs ${phase.needs.join(', ')}`]),
    ...(phase.owner === undefined ? [] : [`owner ${phase.owner}`]),
    ...(phase.estimateSeconds === undefined ? [] : [`about ${formatDuration(phase.estimateSeconds)}`]),
    phase.onFailure === 'rollback' ? 'goes back by itself when it fails' : 'waits for a person when it fails',
  ];
  const field = (name: string, value: string) => `  ${style.dim(name.padEnd(11))} ${value}`;
  return [
    `${style.bold(`${phase.ordinal}. ${phase.title}`)} ${style.dim(`(${phase.id})`)}`,
    `  ${about.join(', ')}`,
    ...(phase.checkpoint === undefined ? [] : [field('checkpoint', phase.checkpoint)]),
    ...phase.points.map(({ id, of }, index) => field(index === 0 ? 'backups' : '', `${of} as ${id}`)),
    ...(phase.budget === undefined ? [] : [field('budget', phase.budget)]),
    ...(phase.tag === undefined ? [] : [field('tag', phase.tag)]),
    field(
      'way back',
      wayBack === undefined && phase.rehearses
        ? 'rehearsed before anything is applied'
        : wayBackLine(wayBack, style, new Date()),
    ),
    ...phase.acceptance.map((line, index) => field(index === 0 ? 'acceptance' : '', line)),
    ...phase.stages.flatMap(({ stage, operations, approvals }) => [
      `  ${style.cyan(stage)}`,
      ...operations.flatMap((operation) => operationLines(operation, style)),
      ...approvals.map((role) => `    ${style.yellow('waits')} for the approval of ${role}`),
    ]),
  ];
}

function operationLines({ id, summary, looksAt, undo }: OperationDescription, style: Style): string[] {
  const number = id.split('/').at(-1)?.slice(0, 2) ?? '';
  return [
    `    ${number} ${summary}`,
    ...looksAt.map((line) => `       ${style.dim(`· ${line}`)}`),
    ...undoLines(undo, style).map((line) => `       ${line}`),
  ];
}

function undoLines(undo: OperationDescription['undo'], style: Style): string[] {
  switch (undo.by) {
    case 'operation':
      return undo.lossy
        ? [
            `${style.yellow('undo')} ${undo.summary}`,
            `     ${style.yellow('discards data:')} it runs only with --discard-data, and archives first`,
          ]
        : [`${style.green('undo')} ${undo.summary}`];
    case 'keeping':
      return [`${style.green('stays')} ${undo.summary}`];
    case 'impossible':
      return [`${style.red('no way back')} ${undo.cause ?? undo.summary}`];
    // Reading needs no undo, and saying so on every line would hide the rest.
    case 'nothing':
      return [];
  }
}

function wayBackLines({ phases, totals }: PlanDescription, style: Style): string[] {
  const barriers = phases.flatMap(({ noWayBack }) => noWayBack);
  const discards = phases.flatMap((phase) => phase.discards);
  const unwatched = phases.flatMap((phase) => phase.unwatched);
  return [
    ...(totals.noWayBack === 0
      ? [style.green('everything can be taken back')]
      : [style.red(`${count(totals.noWayBack, 'operation')} cannot be taken back:`)]),
    ...barriers.map(({ operation, cause }) => `  ${operation}: ${cause}`),
    ...(discards.length === 0
      ? []
      : [
          style.yellow(
            `${count(discards.length, 'undo')} would discard data and ${discards.length === 1 ? 'runs' : 'run'} only with --discard-data:`,
          ),
        ]),
    ...discards.map(({ operation, summary }) => `  ${operation}: ${summary}`),
    ...(unwatched.length === 0
      ? []
      : [
          style.yellow(
            'what these do to protected tables is detected, not prevented (they may hold database credentials):',
          ),
        ]),
    ...unwatched.map(({ operation, summary }) => `  ${operation}: ${summary}`),
  ];
}
