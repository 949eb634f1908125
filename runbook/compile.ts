import { baselineChecks } from './compile/preflight.ts';
import { compileCheck } from './compile/compile-check.ts';
import { compileEncryption } from './compile/encryption.ts';
import { frameOf, placePhases } from './compile/context.ts';
import { namedFiles } from './compile/named-files.ts';
import { numberOperations } from './compile/number-operations.ts';
import { compilePhase } from './compile/phase-stages.ts';
import { validatePlan, type Declared } from './compile/validate.ts';
import type { CompiledPlan } from './compiled-plan.ts';
import type { SqlParser } from './guard/index.ts';
import type { OperationInputs } from './operations.ts';
import type { Finding, Plan, PlanFiles } from './plan/index.ts';
import type { OperationDraft } from './steps/index.ts';

export { describePlan } from './compile/describe.ts';
export type { OperationDescription, PhaseDescription, PlanDescription } from './compile/plan-description.ts';
export { namedFiles } from './compile/named-files.ts';
export { readCompose } from './compile/read-compose.ts';
export type { Declared } from './compile/validate.ts';

/** A compiled plan when nothing is wrong, and everything that was found either way. */
export interface Compilation {
  compiled?: CompiledPlan;
  findings: Finding[];
}

/**
 * Turns a plan into operations. Pure: what it knows of files is in `files`, so the worker compiles sealed contents to the
 * same operations as the client. `sql` reads the SQL of its steps. `declared` names what a broken plan says elsewhere, so that one mistake is reported once.
 */
export function compile(plan: Plan, files: PlanFiles, sql: SqlParser, declared: Declared = nothingBroken): Compilation {
  const frame = frameOf(plan, files, sql);
  const placed = placePhases(plan, frame, declared.checkpointsUnsure);
  const findings = validatePlan({ plan, files, frame, placed, declared });
  if (findings.some(({ severity }) => severity === 'error')) return { findings };
  const { baseline } = frame;
  const compiled: CompiledPlan = {
    format: 1,
    name: plan.name,
    title: plan.title ?? plan.name,
    target: plan.stack.project,
    homeHost: plan.stack.host,
    stack: frame.stack,
    stores: frame.stores,
    ...(Object.keys(frame.clusters).length === 0 ? {} : { clusters: frame.clusters }),
    protect: frame.protect,
    ...(frame.repository === undefined ? {} : { repository: frame.repository }),
    ...compileEncryption(plan),
    baseline: {
      name: baseline.name,
      compose: baseline.compose,
      ...(baseline.env === undefined ? {} : { env: baseline.env }),
      ...(plan.baseline.services === undefined ? {} : { services: plan.baseline.services }),
      ...(plan.baseline.tag === undefined ? {} : { tag: plan.baseline.tag }),
      verify: baselineChecks(plan).map((check) => compileCheck(check, baseline, files)),
    },
    objectives: plan.objectives,
    contacts: plan.contacts,
    files: [...new Set(namedFiles(plan).map(({ path }) => path))].sort(),
    proofAgeSeconds: plan.proofAge,
    before: numberOperations([recordBeforeDraft(plan)], 'before', 'before', plan.stack.host),
    phases: placed.map((each, index) => compilePhase(each, index + 1, frame, plan)),
    digest: files.digest,
  };
  return { compiled, findings };
}

const nothingBroken: Declared = { phases: [], stores: [], checkpointsUnsure: false };

function recordBeforeDraft(plan: Plan): OperationDraft<'recordBefore'> {
  const { before } = plan;
  const input: OperationInputs['recordBefore'] = {
    push: before?.push ?? false,
    ...(before?.tag === undefined ? {} : { tag: before.tag }),
    ...(before?.branch === undefined ? {} : { branch: before.branch }),
  };
  const made = [
    ...(input.tag === undefined ? [] : [`tag ${input.tag}`]),
    ...(input.branch === undefined ? [] : [`branch ${input.branch}`]),
  ];
  return {
    kind: 'recordBefore',
    summary: `record the state before the migration${made.length === 0 ? '' : ` with ${made.join(' and ')}`}${input.push ? ', pushed' : ''}`,
    input,
    effects: [
      ...(input.tag === undefined ? [] : [{ resource: `tag:${input.tag}`, change: 'create' as const }]),
      ...(input.branch === undefined ? [] : [{ resource: `branch:${input.branch}`, change: 'create' as const }]),
    ],
    undo: { by: 'keeping', summary: 'the record of how it was stays' },
    timeoutSeconds: 300,
  };
}
