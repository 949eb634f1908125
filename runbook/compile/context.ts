import type { ProtectedResource, RepositoryRef, StackRef } from '../compiled-plan.ts';
import type { SqlParser } from '../guard/index.ts';
import type { Phase, Plan, PlanFiles, PlanPath } from '../plan/index.ts';
import { tidyPath } from '../plan/index.ts';
import type { ClusterRef } from '../platforms/kubernetes.ts';
import { kindOf, readActive, type ActiveCheckpoint, type Step, type StepContext } from '../steps/index.ts';
import { stepsOf } from './named-files.ts';
import type { StoreRef } from '../stores/index.ts';

/** The parts of a compiled plan that do not depend on its phases. */
export interface PlanFrame {
  stack: StackRef;
  stores: Record<string, StoreRef>;
  clusters: Record<string, ClusterRef>;
  protect: ProtectedResource[];
  /** Absent: the plain folder. */
  repository?: RepositoryRef;
  baseline: ActiveCheckpoint;
  files: PlanFiles;
  sql: SqlParser;
}

export function frameOf(plan: Plan, files: PlanFiles, sql: SqlParser): PlanFrame {
  const usesEnv = [plan.baseline, ...plan.phases.flatMap((phase) => [phase.checkpoint, phase.dualRun])].some(
    (refs) => refs?.env !== undefined,
  );
  // Compose reads `.env` beside the Compose file unless told otherwise, and so do people.
  const env = plan.stack.env ?? (usesEnv ? '.env' : undefined);
  return {
    stack: {
      directory: files.directory,
      project: plan.stack.project,
      compose: tidyPath(plan.stack.compose),
      ...(env === undefined ? {} : { env: tidyPath(env) }),
      ...(plan.stack.profiles.length === 0 ? {} : { profiles: plan.stack.profiles }),
      switchBy: plan.stack.switchBy,
      host: plan.stack.host,
    },
    stores: plan.stores,
    clusters: plan.clusters,
    protect: plan.protect.map((resource) =>
      'path' in resource ? { ...resource, path: tidyPath(resource.path) } : resource,
    ),
    ...(plan.repository === undefined || plan.repository.kind === 'folder' ? {} : { repository: plan.repository }),
    baseline: readActive('baseline', plan.baseline, files),
    files,
    sql,
  };
}

/** A step with everything that is true at the moment when it runs. */
export interface PlacedStep {
  step: Step;
  stage: 'apply' | 'cutover';
  context: StepContext;
  /** Active after the step. */
  next: ActiveCheckpoint;
}

/** A phase with the checkpoints that it goes through. */
export interface PlacedPhase {
  phase: Phase;
  path: PlanPath;
  /** Active when the phase begins. */
  before: ActiveCheckpoint;
  /** Active when the dual run begins, after the steps of `apply`. */
  atDual: ActiveCheckpoint;
  dual: ActiveCheckpoint | undefined;
  final: ActiveCheckpoint | undefined;
  /** Active when its final checkpoint is applied, or at its end when it has none. */
  atCutover: ActiveCheckpoint;
  after: ActiveCheckpoint;
  steps: PlacedStep[];
}

/**
 * Walks through the plan in the order of execution and notes which checkpoint is active when.
 * `unsure`: a checkpoint of the plan is broken, so nobody knows which services there are.
 */
export function placePhases(plan: Plan, frame: PlanFrame, unsure: boolean): PlacedPhase[] {
  const known = (checkpoint: ActiveCheckpoint): ActiveCheckpoint =>
    unsure ? { ...checkpoint, facts: undefined } : checkpoint;
  const { files } = frame;
  let active = known(frame.baseline);
  return plan.phases.map((phase, index) => {
    const path: PlanPath = ['phases', index];
    const before = active;
    const points = phase.backup.map((backup) => pointId(phase.id, backup));
    const steps: PlacedStep[] = [];
    const place = (stage: 'apply' | 'cutover') => {
      for (const found of stepsOf(phase, path).filter((each) => each.stage === stage)) {
        const context: StepContext = {
          ...frame,
          phase: phase.id,
          path: found.path,
          active,
          points,
        };
        const kind = kindOf(found.step);
        active = known(kind.activates?.(found.step, context) ?? active);
        steps.push({ step: found.step, stage, context, next: active });
      }
    };
    place('apply');
    const atDual = active;
    const dual =
      phase.dualRun?.compose === undefined
        ? undefined
        : readActive(`${phase.id}-both`, { ...phase.dualRun, compose: phase.dualRun.compose }, files);
    active = known(dual ?? active);
    place('cutover');
    const atCutover = active;
    const final = phase.checkpoint === undefined ? undefined : readActive(phase.id, phase.checkpoint, files);
    active = known(final ?? active);
    return { phase, path, before, atDual, dual, final, atCutover, after: active, steps };
  });
}

/** Recovery points are named by phase and resource, so that people recognise them. */
export function pointId(phase: string, backup: Phase['backup'][number]): string {
  return 'volume' in backup ? `${phase}-volume-${backup.volume}` : `${phase}-store-${backup.store}`;
}
