import type { OperationInputs, PreflightCheck } from '../operations.ts';
import type { OperationDraft } from '../steps/index.ts';
import type { PlacedPhase, PlanFrame } from './context.ts';
import { compileCheck, checkWindow, storesOf } from './compile-check.ts';
import type { Plan, PlanChecks } from '../plan/index.ts';

/** Everything that must hold before the phase acts: looked at together, all or nothing, and again while the run waits. */
export function preflightDrafts(placed: PlacedPhase, frame: PlanFrame, plan: Plan): OperationDraft[] {
  const { phase, final } = placed;
  const checkpoints = checkpointsOf(placed);
  const volumes = phase.backup.flatMap((backup) => ('volume' in backup ? [backup.volume] : []));
  const backedUpStores = phase.backup.flatMap((backup) => ('store' in backup ? [backup.store] : []));
  const servers = phase.backup.flatMap((backup) =>
    'store' in backup && backup.method === 'physical' ? [backup.store] : [],
  );
  const dumped = backedUpStores.filter((store) => !servers.includes(store));
  const previousTag = tagBefore(placed, plan);
  const steady = checksBefore(placed, plan).map((check) => compileCheck(check, placed.before, frame.files));
  const files = placed.steps.flatMap(({ step }) => ('files' in step ? step.files : []));
  const checks: PreflightCheck[] = [
    { check: 'docker' },
    ...checkpoints.map((refs) => ({ check: 'checkpoint-files' as const, ...refs })),
    { check: 'drift' },
    ...checkpoints.map((refs) => ({ check: 'images' as const, ...refs })),
    ...(previousTag === undefined ? [] : [{ check: 'previous-tag' as const, tag: previousTag }]),
    ...(phase.tag === undefined ? [] : [{ check: 'tag-free' as const, tag: phase.tag }]),
    ...(files.length === 0 ? [] : [{ check: 'git-clean' as const, paths: files }]),
    ...unique([...backedUpStores, ...storesIn(placed)]).map((store) => ({ check: 'store' as const, store })),
    ...unique([
      ...volumes,
      ...frame.protect.flatMap((resource) => ('volume' in resource ? [resource.volume] : [])),
    ]).map((volume) => ({ check: 'volume' as const, volume })),
    ...(phase.backup.length === 0
      ? []
      : [{ check: 'room' as const, volumes, stores: dumped, ...(servers.length > 0 && { servers }) }]),
    ...(dumped.length === 0 ? [] : [{ check: 'databases' as const, stores: unique(dumped), servers, volumes }]),
    ...checkpoints.map((refs) => ({ check: 'checkpoint-change' as const, ...refs })),
    ...(steady.length === 0 ? [] : [{ check: 'steady' as const, checks: steady }]),
  ];
  const preflight: OperationDraft<'checkPreflight'> = {
    kind: 'checkPreflight',
    summary: `check that ${phase.id} can begin (${checks.length} conditions)`,
    input: { checks },
    effects: [],
    undo: { by: 'nothing', summary: 'it only looks' },
    timeoutSeconds: 300,
  };
  return [preflight, ...(final === undefined ? [] : [budgetDraft(placed, final)])];
}

/** Every checkpoint that the phase applies, each once. */
function checkpointsOf({ steps, dual, final }: PlacedPhase): { compose: string; env?: string }[] {
  const all = [...steps.flatMap(({ step, next }) => ('compose' in step ? [next] : [])), dual, final];
  const seen = new Set<string>();
  return all.flatMap((checkpoint) => {
    if (checkpoint === undefined || seen.has(`${checkpoint.compose}\n${checkpoint.env ?? ''}`)) return [];
    seen.add(`${checkpoint.compose}\n${checkpoint.env ?? ''}`);
    return [{ compose: checkpoint.compose, ...(checkpoint.env === undefined ? {} : { env: checkpoint.env }) }];
  });
}

function budgetDraft(placed: PlacedPhase, final: NonNullable<PlacedPhase['final']>): OperationDraft<'checkBudget'> {
  const { budget } = placed.phase;
  const input: OperationInputs['checkBudget'] = {
    compose: final.compose,
    ...(final.env === undefined ? {} : { env: final.env }),
    ...(budget === undefined
      ? {}
      : {
          budget: {
            over: budget.over,
            ...(budget.cpus === undefined ? {} : { cpus: budget.cpus }),
            ...(budget.memory === undefined ? {} : { memoryBytes: budget.memory }),
            ...(budget.services === undefined ? {} : { services: budget.services }),
          },
        }),
  };
  return {
    kind: 'checkBudget',
    summary: `compare what ${final.compose} may use with ${budget === undefined ? '' : 'the budget and '}the free memory`,
    input,
    effects: [],
    undo: { by: 'nothing', summary: 'it only looks' },
    timeoutSeconds: 120,
  };
}

function unique(names: string[]): string[] {
  return [...new Set(names)];
}

function storesIn({ phase, steps }: PlacedPhase): string[] {
  return [
    ...steps.flatMap(({ step }) => ('sql' in step ? [step.sql] : [])),
    ...(phase.dualRun?.compare ?? []).flatMap(({ left, right }) => [left.store, right.store]),
    ...storesOf(checkWindow(phase.verify).checks),
  ];
}

function earlier({ path }: PlacedPhase, plan: Plan) {
  return plan.phases.slice(0, Number(path[1])).reverse();
}

/** The tag of the phase before, or of the baseline. An optional phase may be left out, so its tag is not asked for. */
function tagBefore(placed: PlacedPhase, plan: Plan): string | undefined {
  return earlier(placed, plan).find(({ tag, optional }) => tag !== undefined && !optional)?.tag ?? plan.baseline.tag;
}

/** What was proven last and must still hold: of the phase before, or of the baseline. */
function checksBefore(placed: PlacedPhase, plan: Plan) {
  const [previous] = earlier(placed, plan);
  if (previous?.optional === true) return [];
  return previous === undefined ? baselineChecks(plan) : checkWindow(previous.verify).checks;
}

/** The baseline's checks: its service count, and what else the plan says. */
export function baselineChecks(plan: Plan) {
  const more: PlanChecks = plan.baseline.verify ?? [];
  const count = plan.baseline.services;
  return [...(count === undefined ? [] : [{ services: count, healthy: true }]), ...checkWindow(more).checks];
}
