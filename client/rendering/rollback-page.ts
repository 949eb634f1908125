import type { RollbackPlan } from '../../runbook/rollback.ts';
import type { RestoredPoint, RollbackPreview } from '../runs/rollback-preview.ts';
import { formatAge, formatDuration, formatMoment } from './duration.ts';
import { formatBytes, plural } from './quantity.ts';
import { promiseLines } from './rehearsal-page.ts';
import { promiseLine } from './restorable-lines.ts';
import type { Page } from './style.ts';

/** What a rollback would do, in the order in which it would do it. */
export function rollbackPage(
  { target, plan, asOf, points, standing, waysBack, data }: RollbackPreview,
  page: Page,
  now: Date,
): string[] {
  const { style } = page;
  const lines = [
    style.bold(`Rollback of ${target} to ${plan.to}`) +
      ` (${plan.scope}), as the journal stands (${formatAge(asOf, now)})`,
    ...(plan.of === undefined ? [] : [describeDestination(plan)]),
    `takes back ${plan.phases.map((phase) => nameOf(phase, plan.phases)).join(', ')}`,
    ...promiseLines(plan.phases, (phase) => waysBack[phase], style, now),
    '',
    style.bold(plural(plan.operations.length, 'operation')),
    ...plan.operations.map((operation, index) => `  ${String(index + 1).padStart(2)}  ${operation.summary}`),
  ];
  const told = (title: string, list: RollbackPlan['kept']) => {
    if (list.length === 0) return;
    lines.push('', style.bold(title));
    for (const kept of list) lines.push(`  ${kept.summary}`, `      ${style.dim(kept.why)}`);
  };
  told(
    'stays as it is',
    plan.kept.filter(({ gone }) => gone === undefined),
  );
  told(
    'goes with the data that is restored',
    plan.kept.filter(({ gone }) => gone),
  );
  lines.push('', style.bold('data'));
  const { discards = [] } = plan;
  for (const summary of discards) lines.push(`  ${style.red('discarded')}, archived first: ${summary}`);
  lines.push(...undoLines(plan, points.length === 0 && discards.length === 0, page));
  lines.push(...data.map((line) => `  ${line}`));
  for (const point of points) {
    const size = point.bytes === undefined ? '' : `, ${formatBytes(point.bytes)}`;
    lines.push(
      `  ${style.yellow(point.resource)} is replaced by recovery point ${point.point}${point.takenAt === undefined ? '' : `, taken ${formatMoment(point.takenAt)} (${formatAge(point.takenAt, now)})`}${size}`,
      ...whatIsLost(point, page),
      ...withServer(plan, point, page),
      `      ${point.promise ? promiseLine(point.promise, style, now) : style.yellow('never restored as a test: how long a restore takes, nobody knows')}`,
    );
  }
  const restores = points.map(({ promise }) => promise?.tookMs ?? Number.NaN).reduce((sum, each) => sum + each, 0);
  if (points.length > 0 && !Number.isNaN(restores))
    lines.push(`  restoring takes ${formatDuration(restores)} on top of the way back: rehearsals leave data alone`);
  if (standing > 0)
    lines.push(
      '',
      style.yellow(
        `${plural(standing, 'operation')} began and never reported: each is looked at before it is taken back`,
      ),
    );
  return lines;
}

/** What undos of SQL do to data beyond their text, which does not show what triggers, rules and functions do. */
function undoLines({ operations }: RollbackPlan, leftAlone: boolean, { style }: Page): string[] {
  const undos = operations.filter(({ kind, undoes }) => kind === 'applySql' && undoes !== undefined);
  const free = undos.filter(({ keepsData }) => keepsData === undefined);
  if (free.length > 0)
    return [
      `  ${style.yellow(`${plural(free.length, 'undo')} of SQL may discard more by triggers, rules or cascades`)}: it is archived first`,
    ];
  return [
    ...(leftAlone ? ['  left alone; what is protected is looked at again on the way'] : []),
    ...(undos.length > 0
      ? ['  an undo of SQL that a trigger, rule or cascade makes discard data stops before its commit']
      : []),
  ];
}

/** Which checkpoint of which plan: a target may have been through several. */
function describeDestination({ to, of }: RollbackPlan): string {
  const whose = `plan ${of?.plan ?? 'unknown'}${of?.run === undefined ? '' : `, run ${of.run}`}`;
  return to === 'baseline' ? `the baseline is that of ${whose}` : `phase ${to} is that of ${whose}`;
}

/** With its plan, where phases of more than one go back. */
function nameOf({ id, ordinal, plan }: RollbackPlan['phases'][number], all: RollbackPlan['phases']): string {
  const several = new Set(all.map((each) => each.plan)).size > 1;
  return `${ordinal} ${id}${several && plan !== undefined ? ` (plan ${plan})` : ''}`;
}

/** Other stores that are in the server which goes back, and those of which nobody knows it. */
function withServer({ together = [] }: RollbackPlan, { resource }: RestoredPoint, { style }: Page): string[] {
  const found = together.find((each) => each.resource === resource);
  if (found === undefined) return [];
  return [
    ...found.stores.map(
      (store) =>
        `      ${style.yellow(store)} is on it and goes back too: what was written to it since is lost as well`,
    ),
    ...found.unseen.map(
      (store) => `      ${style.yellow(store)} was not looked at yet: where it is on this server, it goes back too`,
    ),
  ];
}

function whatIsLost({ databases }: RestoredPoint, { style }: Page): string[] {
  const lost = `      ${style.red('what was written since is lost')}`;
  if (databases === undefined)
    return [`${lost}; the exact rows are counted once writing is fenced off, and what is replaced is kept`];
  return [
    `      ${style.red('the whole server goes back')}, with its roles and settings and all of its databases: ${databases.join(', ')}`,
    `${lost}: no rows are counted, the receipt says how much log it was; what is replaced is kept`,
  ];
}
