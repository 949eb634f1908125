import { describeCheck } from '../checks.ts';
import type { Approval, CompiledPhase, CompiledStage } from '../compiled-plan.ts';
import type { Stage } from '../operations.ts';
import type { Plan } from '../plan/index.ts';
import { formatDuration } from '../plan/index.ts';
import {
  applyCheckpointDraft,
  kindOf,
  summaryLine,
  type ActiveCheckpoint,
  type OperationDraft,
} from '../steps/index.ts';
import { backupDrafts } from './backup.ts';
import { checkWindow, compileCheck, type CheckWindow, type PlanCheck } from './compile-check.ts';
import type { PlacedPhase, PlanFrame } from './context.ts';
import { numberOperations } from './number-operations.ts';
import { preflightDrafts } from './preflight.ts';

const looks = { by: 'nothing', summary: 'it only looks' } as const;

/** One phase as stages of operations. */
export function compilePhase(placed: PlacedPhase, ordinal: number, frame: PlanFrame, plan: Plan): CompiledPhase {
  const { phase, final } = placed;
  const drafts: [Stage, OperationDraft[]][] = [
    ['preflight', preflightDrafts(placed, frame, plan)],
    ['backup', backupDrafts(placed, frame.stack.project)],
    ['apply', stepDrafts(placed, 'apply')],
    ['dual-run', dualRunDrafts(placed, frame)],
    ['gate', gateDrafts(placed, frame)],
    ['cutover', [...stepDrafts(placed, 'cutover'), ...cutoverDrafts(placed, frame)]],
    ['verify', [checksDraft(`verify ${phase.id}`, checkWindow(phase.verify), placed.after, frame)]],
    ['bake', bakeDrafts(placed, frame)],
    ['complete', completeDrafts(placed)],
  ];
  const stages = drafts
    .map(([stage, operations]): CompiledStage => ({
      stage,
      operations: numberOperations(operations, phase.id, stage, frame.stack.host),
      approvals: stage === 'gate' ? approvalsOf(placed) : [],
    }))
    .filter(({ operations, approvals }) => operations.length > 0 || approvals.length > 0);
  const owner = phase.owner ?? plan.owner;
  return {
    id: phase.id,
    ordinal,
    title: phase.title ?? phase.id,
    risk: phase.risk,
    optional: phase.optional,
    needs: phase.needs,
    ...(owner === undefined ? {} : { owner }),
    acceptance: phase.acceptance,
    ...(phase.estimate === undefined ? {} : { estimateSeconds: phase.estimate }),
    ...(final === undefined
      ? {}
      : {
          checkpoint: {
            name: final.name,
            compose: final.compose,
            ...(final.env === undefined ? {} : { env: final.env }),
          },
        }),
    stages,
    onFailure: phase.onFailure,
    verify: checkWindow(phase.verify).checks.map((check) => compileCheck(check, placed.after, frame.files)),
  };
}

function stepDrafts({ steps }: PlacedPhase, stage: 'apply' | 'cutover'): OperationDraft[] {
  return steps
    .filter((each) => each.stage === stage)
    .flatMap(({ step, context }) => kindOf(step).expand(step, context));
}

function dualRunDrafts({ phase, atDual, dual }: PlacedPhase, frame: PlanFrame): OperationDraft[] {
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
    undo: looks,
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

function gateChecks({ phase }: PlacedPhase): PlanCheck[] {
  return (phase.gate ?? []).filter((gate): gate is PlanCheck => !('approval' in gate));
}

function approvalsOf({ phase }: PlacedPhase): Approval[] {
  return (phase.gate ?? []).flatMap((gate) =>
    'approval' in gate ? [{ role: gate.approval, remindSeconds: gate.remind }] : [],
  );
}

function gateDrafts(placed: PlacedPhase, frame: PlanFrame): OperationDraft[] {
  const checks = gateChecks(placed);
  if (checks.length === 0) return [];
  return [checksDraft('check the gate', { checks, within: 120, every: 5, consecutive: 1 }, placed.atCutover, frame)];
}

function cutoverDrafts({ phase, final, atCutover }: PlacedPhase, frame: PlanFrame): OperationDraft[] {
  return final === undefined ? [] : [applyCheckpointDraft(final, atCutover, frame.stack, phase.cutover?.recreate)];
}

function checksDraft(
  what: string,
  window: CheckWindow,
  active: ActiveCheckpoint,
  frame: PlanFrame,
): OperationDraft<'runChecks'> {
  const checks = window.checks.map((check) => compileCheck(check, active, frame.files));
  const [first] = checks;
  const named = first !== undefined && checks.length === 1 ? describeCheck(first) : `${checks.length} checks`;
  return {
    kind: 'runChecks',
    summary: summaryLine(`${what}: ${named}, within ${formatDuration(window.within)}`),
    input: { checks, withinSeconds: window.within, everySeconds: window.every, consecutive: window.consecutive },
    effects: [],
    undo: looks,
    timeoutSeconds: Math.ceil(window.within) + 120,
  };
}

function bakeDrafts({ phase, after }: PlacedPhase, frame: PlanFrame): OperationDraft[] {
  const { bake } = phase;
  if (bake === undefined) return [];
  const checks = (bake.checks ?? checkWindow(phase.verify).checks).map((check) =>
    compileCheck(check, after, frame.files),
  );
  const draft: OperationDraft<'watchBake'> = {
    kind: 'watchBake',
    summary: `watch ${checks.length} ${checks.length === 1 ? 'check' : 'checks'} for ${formatDuration(bake.for)}`,
    input: { checks, forSeconds: bake.for, everySeconds: bake.every, triggers: bake.triggers },
    effects: [],
    undo: looks,
    timeoutSeconds: Math.ceil(bake.for) + 300,
  };
  return [draft];
}

function completeDrafts({ phase }: PlacedPhase): OperationDraft[] {
  const title = phase.title ?? phase.id;
  const measure: OperationDraft<'measureResources'> = {
    kind: 'measureResources',
    summary: `measure what ${phase.id} uses`,
    input: { phase: phase.id },
    effects: [{ resource: 'file:.switchback/records', change: 'create' }],
    undo: { by: 'nothing', summary: 'the measurement stays in the records' },
    timeoutSeconds: 180,
  };
  const tag: OperationDraft<'tagCheckpoint'>[] =
    phase.tag === undefined
      ? []
      : [
          {
            kind: 'tagCheckpoint',
            summary: `tag the commit as ${phase.tag}`,
            input: { tag: phase.tag, message: `${title}: completed`, push: false },
            effects: [{ resource: `tag:${phase.tag}`, change: 'create' }],
            undo: {
              by: 'operation',
              kind: 'removeTag',
              summary: `take the tag ${phase.tag} back, so that the phase can be completed again`,
              lossy: false,
              // Which object it is, is known when it is made.
              input: { tag: phase.tag, object: '', pushed: false },
              effects: [{ resource: `tag:${phase.tag}`, change: 'remove' }],
            },
            timeoutSeconds: 120,
          },
        ];
  const record: OperationDraft<'recordPhase'> = {
    kind: 'recordPhase',
    summary: `record ${phase.id} as complete`,
    input: { phase: phase.id, title },
    effects: [{ resource: 'file:.switchback/records', change: 'create' }],
    undo: { by: 'nothing', summary: 'what happened stays in the records' },
    timeoutSeconds: 120,
  };
  return [measure, ...tag, record];
}
