import type { Finding } from '../plan/index.ts';
import { storeKindOf } from '../stores/index.ts';
import type { Scope } from './scope.ts';

/** What each kind of store finds wrong with its own references. */
export const validateStores = ({ plan, frame: { sql } }: Scope): Finding[] =>
  Object.entries(plan.stores).flatMap(([name, ref]) => storeKindOf(ref).findings(ref, ['stores', name], sql));
