import { formatDuration } from '../plan/index.ts';
import { applyCheckpointDraft, type OperationDraft } from '../steps/index.ts';
import type { PlacedPhase, PlanFrame } from './context.ts';

/** Old and new side by side, in a checkpoint of its own where there is one, and compared. */
export function dualRunDrafts({ phase, atDual, dual }: PlacedPhase, frame: PlanFrame): OperationDraft[] {
  const { dualRun } = phase;
  if (dualRun === undefined) return [];
  const query = (side: { table?: string; query?: string }) =>
    side.query ?? `SELECT * FROM ${quoteTable(side.table ?? '')}`;
  const pairs = dualRun.compare.length === 1 ? 'old and new' : `${dualRun.compare.length} pairs of old and new`;
  const compare: OperationDraft<'compareDualRun'> = {
    kind: 'compareDualRun',
    summary: `compare ${pairs} for up to ${formatDuration(dualRun.for)} until ${dualRun.pass} in a row are equal`,
    input: {
      comparisons: dualRun.compare.map(({ left, right, key }) => ({
        left: { store: left.store, query: query(left) },
        right: { store: right.store, query: query(right) },
        key,
      })),
      forSeconds: dualRun.for,
      everySeconds: comparisonInterval(dualRun),
      pass: dualRun.pass,
    },
    effects: [],
    undo: { by: 'nothing', summary: 'it only looks' },
    // The last comparison may begin at the end of the window, and it reads whole tables.
    timeoutSeconds: Math.ceil(dualRun.for) + 1800,
  };
  return [...(dual === undefined ? [] : [applyCheckpointDraft(dual, atDual, frame.stack)]), compare];
}

/** As the plan says; otherwise so that the comparisons that must pass fit twice into the window. */
export function comparisonInterval(dualRun: { every?: number; for: number; pass: number }): number {
  return dualRun.every ?? Math.max(0.1, Math.min(10, dualRun.for / (2 * dualRun.pass)));
}

/** Names as the catalogue has them; what is written without capitals needs no quotes and gets them all the same. */
function quoteTable(table: string): string {
  return table
    .split('.')
    .map((part) => (part.startsWith('"') ? part : `"${part.replaceAll('"', '""')}"`))
    .join('.');
}
