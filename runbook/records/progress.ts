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
  phase: string;
  ordinal: number;
  title: string;
  state: PhaseState;
  resources?: { cpus?: number; memoryBytes?: number; services?: number };
  budget?: Budget;
  tag?: string;
  /** Where the checkpoint's files were saved, relative to the records. */
  checkpoint?: string;
  reason?: string;
}

/** The newest row of each phase, in the order of the plan. */
export function newestRows(rows: readonly ProgressRow[]): ProgressRow[] {
  const newest = new Map(rows.map((row) => [row.phase, row]));
  return [...newest.values()].sort((a, b) => a.ordinal - b.ordinal);
}

/** The table of phases with state, resources and budget, as Markdown. */
export function formatProgress(rows: readonly ProgressRow[]): string {
  const newest = newestRows(rows);
  const complete = newest.filter((row) => row.state === 'completed').length;
  const updated = rows.at(-1)?.at;
  const table = markdownTable(
    ['Phase', 'Name', 'State', 'Since', 'CPU', 'RAM', 'Services', 'Fits the budget?', 'Tag', 'Checkpoint', 'Run'],
    newest.map((row) => [
      `${row.ordinal}`,
      `${row.title} (${row.phase})`,
      row.reason === undefined ? row.state : `${row.state}: ${row.reason}`,
      formatMoment(row.at),
      row.resources?.cpus === undefined ? '' : `${Number(row.resources.cpus.toFixed(2))}`,
      row.resources?.memoryBytes === undefined ? '' : formatBytes(row.resources.memoryBytes),
      row.resources?.services === undefined ? '' : `${row.resources.services}`,
      fits(row),
      row.tag ?? '',
      row.checkpoint ?? '',
      row.run,
    ]),
  );
  return `**Status:** ${complete} of ${newest.length} recorded phases complete\n**Last Updated:** ${
    updated === undefined ? '—' : `${formatMoment(updated)} UTC`
  }\n\n${table}`;
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
