import type { CompiledPlan } from '../../runbook/compiled-plan.ts';
import { plural } from './quantity.ts';
import type { Page } from './style.ts';
import { table } from './table.ts';

/** What is about to run, in a few lines. `switchback plan` shows all of it. */
export function runSummary(
  plan: CompiledPlan,
  without: readonly string[],
  warnings: number,
  file: string,
  page: Page,
): string[] {
  const { style } = page;
  const rows = plan.phases.map((phase) => {
    const operations = phase.stages.flatMap((stage) => stage.operations);
    const approvals = phase.stages.flatMap((stage) => stage.approvals.map((approval) => approval.role));
    const noWayBack = operations.filter((operation) => operation.undo.by === 'impossible').length;
    return [
      String(phase.ordinal),
      phase.id,
      phase.title,
      phase.risk,
      without.includes(phase.id) ? style.dim('left out') : plural(operations.length, 'operation'),
      approvals.length > 0 ? `approval of ${approvals.join(', ')}` : '',
      noWayBack > 0 ? style.red(`${noWayBack} without a way back`) : '',
    ];
  });
  const columns = [
    { title: '' },
    { title: '' },
    { title: '', gives: true },
    { title: '' },
    { title: '' },
    { title: '' },
    { title: '' },
  ];
  return [
    `${style.bold(plan.name)} against ${style.bold(plan.target)} (${file}, digest ${plan.digest.slice(0, 12)})${warnings > 0 ? style.yellow(`, ${plural(warnings, 'warning')}: see switchback lint`) : ''}`,
    ...table(columns, rows, page).map((line) => `  ${line}`),
  ];
}
