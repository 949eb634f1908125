import type { Budget } from '../operations.ts';
import type { PhaseState } from '../run-state.ts';
import { formatBytes, formatMoment } from './span.ts';
import { markdownTable } from './table.ts';

/** What is known of a phase at one moment; the newest row of a phase counts. */
export interface ProgressRow {
  /** Unique per fact: a row of the same key is written once. */
  key: string;
  at: string;
  run: string;
  /** Name of the plan, and how many phases it has. Absent in rows of older workers. */
  plan?: string;
  phasesOfPlan?: number;
  phase: string;
  ordinal: number;
  title: string;
  state: PhaseState;
  /** `services` ran while they were measured; `finished` had ended with 0, as set-up jobs do. */
  resources?: { cpus?: number; memoryBytes?: number; services?: number; finished?: number };
  budget?: Budget;
  tag?: string;
  /** Where the checkpoint's files were saved, relative to the records. */
  checkpoint?: string;
  reason?: string;
}

/** The newest row of each phase, in the order of its plan; plans in the order in which they were first recorded. */
export function newestRows(rows: readonly ProgressRow[]): ProgressRow[] {
  const newest = new Map(rows.map((row) => [`${row.plan ?? ''}/${row.phase}`, row]));
  const plans = [...new Set(rows.map(({ plan }) => plan))];
  return [...newest.values()].sort((a, b) => plans.indexOf(a.plan) - plans.indexOf(b.plan) || a.ordinal - b.ordinal);
}

/** How far the plan is that was recorded last; a phase that no row names has not completed. */
function standing(rows: readonly ProgressRow[], newest: readonly ProgressRow[]): string {
  const plan = rows.at(-1)?.plan;
  const own = newest.filter((row) => row.plan === plan);
  const complete = own.filter((row) => row.state === 'completed').length;
  const all = rows.findLast((row) => row.plan === plan && row.phasesOfPlan !== undefined)?.phasesOfPlan;
  if (plan === undefined || all === undefined) return `${complete} of ${own.length} recorded phases complete`;
  return `${complete} of ${all} phases of plan ${plan} complete`;
}

/** The table of phases with state, resources and budget, as Markdown. */
export function formatProgress(rows: readonly ProgressRow[]): string {
  const newest = newestRows(rows);
  const several = new Set(newest.map(({ plan }) => plan)).size > 1;
  const updated = rows.at(-1)?.at;
  const table = markdownTable(
    ['Phase', 'Name', 'State', 'Since', 'CPU', 'RAM', 'Services', 'Fits the budget?', 'Tag', 'Checkpoint', 'Run'],
    newest.map((row) => [
      `${row.ordinal}`,
      `${row.title} (${several && row.plan !== undefined ? `${row.plan}/` : ''}${row.phase})`,
      row.reason === undefined ? row.state : `${row.state}: ${row.reason}`,
      formatMoment(row.at),
      row.resources?.cpus === undefined ? '' : `${Number(row.resources.cpus.toFixed(2))}`,
      row.resources?.memoryBytes === undefined ? '' : formatBytes(row.resources.memoryBytes),
      servicesSaid(row),
      fits(row),
      row.tag ?? '',
      row.checkpoint ?? '',
      row.run,
    ]),
  );
  return `**Status:** ${standing(rows, newest)}\n**Last Updated:** ${
    updated === undefined ? '—' : `${formatMoment(updated)} UTC`
  }\n\n${table}`;
}

/** Preflight and checks count set-up jobs that have ended, too: the same number is found here. */
function servicesSaid({ resources }: ProgressRow): string {
  const { services, finished = 0 } = resources ?? {};
  if (services === undefined) return '';
  return finished === 0 ? `${services}` : `${services} running, ${finished} finished`;
}

function fits({ resources, budget }: ProgressRow): string {
  if (budget === undefined || resources === undefined) return '';
  const over = [
    ...(exceeds(resources.cpus, budget.cpus) ? [`CPU over ${budget.cpus}`] : []),
    ...(exceeds(resources.memoryBytes, budget.memoryBytes) ? [`RAM over ${formatBytes(budget.memoryBytes ?? 0)}`] : []),
    ...(exceeds(resources.services, budget.services) ? [`services over ${budget.services}`] : []),
  ];
  return over.length === 0 ? 'yes' : `no: ${over.join(', ')}`;
}

const exceeds = (value: number | undefined, limit: number | undefined) =>
  value !== undefined && limit !== undefined && value > limit;
