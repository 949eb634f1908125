import type { CompiledPhase, CompiledPlan, CompiledStage } from '../../runbook/compiled-plan.ts';
import type { Effect, Operation, OperationKind, Stage, Undo } from '../../runbook/operations.ts';

export interface Outline {
  optional?: boolean;
  id: string;
  /** Kinds by stage; the input is whatever the fake wants. */
  operations: { stage: Stage; kind: OperationKind; input?: object; undo?: Undo; effects?: Effect[] }[];
  approval?: string;
  onFailure?: 'park' | 'rollback';
  /** Whether the way back is rehearsed before the phase begins. */
  rehearse?: boolean;
}

const rehearseStage: CompiledStage = {
  stage: 'rehearse',
  operations: [],
  approvals: [],
  rehearsal: { required: false, discardData: false, ignore: [], withinSeconds: 600 },
};

const backTo = (phase: string): Undo => ({
  by: 'operation',
  summary: `back to the checkpoint before ${phase}`,
  lossy: false,
  kind: 'applyCheckpoint',
  input: { checkpoint: `before-${phase}`, compose: { absent: true, path: 'docker-compose.yml' } },
  effects: [],
});

/** A compiled plan for orchestration tests: no files, no stores; its operations are performed by fakes. */
export function outlinedPlan(
  target: string,
  directory: string,
  outlines: Outline[],
  host = `host-${target}`,
): CompiledPlan {
  const phases = outlines.map((outline, index): CompiledPhase => {
    const byStage = new Map<Stage, Operation[]>();
    outline.operations.forEach(({ stage, kind, input, undo, effects }, position) => {
      const operation = {
        id: `${outline.id}/${stage}/${String(position + 1).padStart(2, '0')}-${kind}`,
        kind,
        version: 1,
        phase: outline.id,
        stage,
        host,
        summary: `${kind} of ${outline.id}`,
        input: input ?? {},
        effects: effects ?? [],
        undo: undo ?? (kind === 'applyCheckpoint' ? backTo(outline.id) : { by: 'nothing', summary: 'only looks' }),
        timeoutSeconds: 60,
      } as unknown as Operation;
      byStage.set(stage, [...(byStage.get(stage) ?? []), operation]);
    });
    return {
      id: outline.id,
      ordinal: index + 1,
      title: `Phase ${outline.id}`,
      risk: 'low',
      optional: outline.optional ?? false,
      needs: [],
      acceptance: [],
      stages: [
        ...(outline.rehearse ? [rehearseStage] : []),
        ...[...byStage].map(([stage, operations]) => ({
          stage,
          operations,
          approvals:
            stage === 'gate' && outline.approval !== undefined ? [{ role: outline.approval, remindSeconds: 3600 }] : [],
        })),
      ],
      onFailure: outline.onFailure ?? 'park',
      verify: [],
    };
  });
  return {
    format: 1,
    name: 'outlined',
    title: 'Outlined plan',
    target,
    homeHost: host,
    stack: { directory, project: target, compose: 'docker-compose.yml', switchBy: 'copy', host },
    stores: {},
    protect: [],
    baseline: {
      name: 'baseline',
      compose: 'docker-compose.yml',
      verify: [{ kind: 'services', count: 1, healthy: true }],
    },
    objectives: { detection: 60, decision: 120, execution: 300, verification: 180 },
    contacts: [],
    files: [],
    proofAgeSeconds: 86_400,
    before: [],
    phases,
    digest: 'f'.repeat(64),
  };
}
