import type { CompiledPhase, CompiledPlan } from '../runbook/compiled-plan.ts';
import type { Operation } from '../runbook/operations.ts';

/** A compiled plan that says nothing but what a benchmark needs of one. */
export const benchPlan = (target: string, directory: string, phases: CompiledPhase[] = []): CompiledPlan => ({
  format: 1,
  name: 'bench',
  title: 'Bench',
  target,
  homeHost: 'bench',
  stack: { directory, project: target, compose: 'docker-compose.yml', switchBy: 'copy', host: 'bench' },
  stores: {},
  protect: [],
  baseline: { name: 'baseline', compose: 'docker-compose.yml', verify: [] },
  objectives: { detection: 60, decision: 120, execution: 300, verification: 180 },
  contacts: [],
  files: [],
  proofAgeSeconds: 86_400,
  before: [],
  phases,
  digest: '0'.repeat(64),
});

/** A phase that only applies these operations. */
export const benchPhase = (id: string, operations: Operation[]): CompiledPhase => ({
  id,
  ordinal: 1,
  title: 'Only',
  risk: 'none',
  optional: false,
  needs: [],
  acceptance: [],
  stages: [{ stage: 'apply', operations, approvals: [] }],
  onFailure: 'park',
  verify: [],
});
