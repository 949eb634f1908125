import type { Finding, Plan, PlanFiles } from '../plan/index.ts';
import { kindOf } from '../steps/index.ts';
import type { PlacedPhase, PlanFrame } from './context.ts';
import { validateCheckpoints } from './validate-checkpoints.ts';
import { validateChecks } from './validate-checks.ts';
import { validateData } from './validate-data.ts';
import { validateEncryption } from './encryption.ts';
import { validateFiles } from './validate-files.ts';
import { validateMountedFiles } from './validate-mounted-files.ts';
import { validateOrder } from './validate-order.ts';
import { validateReferences } from './validate-references.ts';
import { validateStores } from './validate-stores.ts';
import type { StoreRef } from '../stores/index.ts';

/** Names that the plan's text declares, also where what they name is broken: nobody is told that they are unknown. */
export interface Declared {
  phases: string[];
  stores: string[];
  /** A checkpoint is broken, so which services are there at a moment is not known. */
  checkpointsUnsure: boolean;
}

/** Stores by name; of one whose text is broken, nothing but its name. */
export const declaredStores = ({
  plan,
  declared,
}: Pick<Scope, 'plan' | 'declared'>): Record<string, Partial<StoreRef>> => ({
  ...Object.fromEntries(declared.stores.map((name) => [name, {}])),
  ...plan.stores,
});

export interface Scope {
  plan: Plan;
  files: PlanFiles;
  frame: PlanFrame;
  placed: PlacedPhase[];
  declared: Declared;
}

/** Every mistake that the schema cannot see. */
export function validatePlan(scope: Scope): Finding[] {
  return [
    ...validateFiles(scope),
    ...validateOrder(scope),
    ...validateReferences(scope),
    ...validateStores(scope),
    ...validateData(scope),
    ...validateEncryption(scope),
    ...validateChecks(scope),
    ...validateCheckpoints(scope),
    ...validateMountedFiles(scope),
    ...scope.placed.flatMap(({ steps }) => steps.flatMap(({ step, context }) => kindOf(step).validate(step, context))),
  ];
}
