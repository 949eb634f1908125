import { describeCheck } from '../checks.ts';
import type { Approval, CompiledPhase, CompiledStage } from '../compiled-plan.ts';
import type { Stage } from '../operations.ts';
import { inOneWindow } from '../operations/backup-volume.ts';
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
import { completeDrafts } from './complete.ts';
import { dualRunDrafts } from './dual-run.ts';
import { checkWindow, compileCheck, type CheckWindow, type PlanCheck } from './compile-check.ts';
import type { PlacedPhase, PlanFrame } from './context.ts';
import { numberOperations } from './number-operations.ts';
import { preflightDrafts } from './preflight.ts';
import { rehearsalOptions } from './rehearse.ts';

const looks = { by: 'nothing', summary: 'it only looks' } as const;

/** One phase as stages of operations. */
export function compilePhase(placed: PlacedPhase, ordinal: number, frame: PlanFrame, plan: Plan): CompiledPhase {
  const { phase, final } = placed;
  const drafts: [Stage, OperationDraft[]][] = [
    ['preflight', preflightDrafts(placed, frame, plan)],
    ['backup', backupDrafts(placed, frame.stack.project)],
    ['rehearse', []],
    ['apply', stepDrafts(placed, 'apply')],
    ['dual-run', dualRunDrafts(placed, frame)],
    ['gate', gateDrafts(placed, frame)],
    ['cutover', [...stepDrafts(placed, 'cutover'), ...cutoverDrafts(placed, frame)]],
    ['verify', [checksDraft(`verify ${phase.id}`, checkWindow(phase.verify), placed.after, frame)]],
    ['bake', bakeDrafts(placed, frame)],
    ['complete', completeDrafts(placed)],
  ];
  const rehearsal = rehearsalOptions(phase.rehearse ?? plan.rehearse ?? false);
  const stages = drafts
    .map(([stage, operations]): CompiledStage => ({
      stage,
      operations: inOneWindow(numberOperations(operations, phase.id, stage, frame.stack.host)),
      approvals: stage === 'gate' ? approvalsOf(placed) : [],
      ...(stage === 'rehearse' && rehearsal?.inRun ? { rehearsal: rehearsal.options } : {}),
    }))
    .filter((stage) => stage.operations.length > 0 || stage.approvals.length > 0 || stage.rehearsal !== undefined);
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
    ...(rehearsal ? { rehearsal: rehearsal.options } : {}),
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
