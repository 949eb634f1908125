import { readFileSync } from 'node:fs';
import { shellPartNames, type BreakGlassInput, type ShellParts } from '../../../runbook/break-glass/index.ts';
import type { CompiledPlan } from '../../../runbook/compiled-plan.ts';
import type { JournalEntry } from '../../../runbook/journal.ts';
import type { Operation, Undo } from '../../../runbook/operations.ts';
import { planRollback } from '../../../runbook/rollback.ts';
import { applyRecord, emptyTargetState, type TargetState } from '../../../runbook/target-state.ts';
import { outlinedPlan } from '../../workflows/compiled-plan.ts';
import { storeKindOf } from '../../../runbook/stores/index.ts';

export const shell = Object.fromEntries(
  shellPartNames.map((name) => [
    name,
    readFileSync(new URL(`../../../runbook/break-glass/shell/${name}.sh`, import.meta.url), 'utf8'),
  ]),
) as ShellParts;

export const digest = (letter: string) => letter.repeat(64);
export const undo = (kind: string, input: object, summary = `undo ${kind}`) =>
  ({ by: 'operation', summary, lossy: false, kind, input, effects: [] }) as unknown as Undo;

const outline = outlinedPlan('shop', '/stack', [
  {
    id: 'one',
    operations: [
      { stage: 'apply', kind: 'applySql', input: { store: 'db' } },
      { stage: 'apply', kind: 'restoreFiles', input: {} },
      { stage: 'apply', kind: 'runContainer', input: {} },
      { stage: 'cutover', kind: 'applyCheckpoint' },
      { stage: 'complete', kind: 'tagCheckpoint', input: {} },
    ],
  },
]);
/** One phase with an operation of each kind that a script takes back. */
export const plan: CompiledPlan = {
  ...outline,
  stores: { db: { kind: 'postgres', url: 'postgres://me:${env:DB_PASSWORD}@host/db' } },
};
const ids = plan.phases[0]!.stages.flatMap((stage) => stage.operations.map(({ id }) => id));
export const [sql, files, run, checkpoint, tag] = ids as [string, string, string, string, string];

export const sqlUndo = (more: object = {}) =>
  undo('applySql', { store: 'db', source: { digest: digest('a') }, transactional: true, expand: false, ...more });

export const undos: Record<string, Undo> = {
  [sql]: sqlUndo(),
  [files]: undo('putFilesBack', {
    files: [{ digest: digest('b'), path: 'conf/a', mode: 0o640 }],
    written: [{ digest: digest('c'), path: 'conf/a' }],
  }),
  [run]: undo('runContainer', { service: 'api', argv: ['migrate', '--down'], timeoutSeconds: 60 }),
  [checkpoint]: undo('applyCheckpoint', {
    checkpoint: 'baseline',
    compose: { digest: digest('d'), path: 'docker-compose.yml', mode: 0o644 },
    images: { api: 'sha256:1' },
  }),
  [tag]: undo('removeTag', { tag: 'phase-1', object: '1'.repeat(40), pushed: false }),
};

/** A target in which every operation of a plan was done, with the undos that are given by operation id. */
function stateAfter(whole: CompiledPlan, given: Record<string, Undo>): TargetState {
  const state = emptyTargetState();
  const write = (entry: JournalEntry) =>
    applyRecord(state, { seq: state.seq + 1, at: '2026-01-01T00:00:00Z', run: 'r1', epoch: 1, ...entry });
  for (const { id, ordinal, title, stages } of whole.phases) {
    write({ type: 'phase-state', phase: id, ordinal, title, state: 'completed' });
    for (const operation of stages.flatMap((stage) => stage.operations)) {
      write({ type: 'intent', operation, attempt: 1, undo: given[operation.id] ?? operation.undo, facts: {} });
      write({ type: 'receipt', operation: operation.id, attempt: 1, receipt: receipt(operation, given[operation.id]) });
    }
  }
  return state;
}

const receipt = (operation: Operation, taken: Undo = operation.undo) => ({
  ...{ operation: operation.id, kind: `${operation.kind}@1`, outcome: 'done' as const, summary: '', effectDigest: '' },
  ...{ undo: taken, facts: {}, startedAt: '', finishedAt: '' },
});

export function scriptInput(given: Record<string, Undo> = undos, changed: Partial<CompiledPlan> = {}): BreakGlassInput {
  const whole = { ...plan, ...changed };
  const state = stateAfter(whole, given);
  const request = { to: 'baseline' as const, restoreData: false, discardData: false };
  return {
    ...{ target: whole.target, run: 'break-glass-1', state, plan: whole, request, shell, storeKindOf },
    rollback: planRollback(state, { request, plan: whole, ordinal: 1 }),
    home: { root: '/home-of-targets/targets/shop', keyFile: '/home-of-targets/content.key' },
    ...{ sealed: {}, statements: new Map(), lists: new Map(), points: new Map() },
  };
}
