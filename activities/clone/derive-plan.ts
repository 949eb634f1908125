import type { Check } from '../../runbook/checks.ts';
import type { CompiledPhase, CompiledPlan, CompiledStage, ProtectedResource } from '../../runbook/compiled-plan.ts';
import { describeCheck } from '../../runbook/checks.ts';
import { definitionOf, type Operation } from '../../runbook/operations.ts';

export interface Derivation {
  /** The clone's target, Compose project and directory. */
  target: string;
  project: string;
  directory: string;
  /** Service by store. */
  services: Record<string, string>;
  /** Names of the original's volumes and networks, and what they are called in the clone. */
  renamed: Record<string, string>;
  /** Ports that services of the stack publish, in any of its checkpoints. */
  published: ReadonlySet<number>;
}

/**
 * A plan as it is rehearsed on a clone: the same operations on another project and directory, without backups, approvals, comparisons,
 * bakes, tags and records, and without checks of what is not part of the stack. Pure.
 */
export function derivePlan(plan: CompiledPlan, clone: Derivation): { plan: CompiledPlan; leftOut: string[] } {
  const outside = new Set<string>();
  const inside = (checks: readonly Check[]) =>
    checks.filter((check) => {
      const reachable = isInside(check, clone);
      if (!reachable) outside.add(describeCheck(check));
      return reachable;
    });
  const operation = (each: Operation) => definitionOf(each.kind).inClone(each, inside) ?? [];
  const phases = plan.phases.map((phase): CompiledPhase => ({
    ...phase,
    stages: phase.stages
      .map(({ stage, operations }): CompiledStage => ({
        stage,
        operations: operations.flatMap(operation),
        approvals: [],
      }))
      .filter(({ operations }) => operations.length > 0),
    verify: inside(phase.verify),
  }));
  const { project, directory } = plan.stack;
  const derived: CompiledPlan = {
    ...plan,
    target: clone.target,
    stack: { ...plan.stack, project: clone.project, directory: clone.directory, cloneOf: { project, directory } },
    stores: Object.fromEntries(
      Object.entries(plan.stores).flatMap(([name, ref]) => {
        const service = clone.services[name];
        return service === undefined ? [] : [[name, { ...ref, service }]];
      }),
    ),
    protect: plan.protect.map((resource) => rename(resource, clone.renamed)),
    baseline: { ...plan.baseline, verify: inside(plan.baseline.verify) },
    before: [],
    phases,
  };
  return { plan: derived, leftOut: [...outside] };
}

function isInside(check: Check, { published, services }: Derivation): boolean {
  if (check.kind === 'sql') return check.store in services;
  if (check.kind !== 'http') return true;
  const { hostname, port, protocol } = new URL(check.url);
  const here = ['127.0.0.1', 'localhost', '[::1]', '0.0.0.0'].includes(hostname);
  return here && published.has(Number(port || (protocol === 'https:' ? 443 : 80)));
}

function rename(resource: ProtectedResource, renamed: Record<string, string>): ProtectedResource {
  if ('volume' in resource) return { ...resource, volume: renamed[resource.volume] ?? resource.volume };
  if ('network' in resource) return { network: renamed[resource.network] ?? resource.network };
  return resource;
}

/** Stores that the operations and checks of some phases use. */
export function storesUsed(phases: readonly CompiledPhase[]): Set<string> {
  const operations = phases.flatMap((phase) => phase.stages.flatMap((stage) => stage.operations));
  return new Set(operations.flatMap((operation) => (operation.kind === 'applySql' ? [operation.input.store] : [])));
}
