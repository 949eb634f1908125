import type { Plan, PlanFiles } from '../plan/index.ts';
import type { StoreRef } from '../stores/index.ts';
import type { PlacedPhase, PlanFrame } from './context.ts';

/** Names that the plan's text declares, also where what they name is broken: nobody is told that they are unknown. */
export interface Declared {
  phases: string[];
  stores: string[];
  /** A checkpoint is broken, so which services are there at a moment is not known. */
  checkpointsUnsure: boolean;
}

export interface Scope {
  plan: Plan;
  files: PlanFiles;
  frame: PlanFrame;
  placed: PlacedPhase[];
  declared: Declared;
}

/** Stores by name; of one whose text is broken, nothing but its name. */
export const declaredStores = ({
  plan,
  declared,
}: Pick<Scope, 'plan' | 'declared'>): Record<string, Partial<StoreRef>> => ({
  ...Object.fromEntries(declared.stores.map((name) => [name, {}])),
  ...plan.stores,
});
