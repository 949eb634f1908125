import type { Finding } from '../plan/index.ts';
import { kindOf } from '../steps/index.ts';
import { validateCheckpoints } from './validate-checkpoints.ts';
import { validateChecks } from './validate-checks.ts';
import { validateData } from './validate-data.ts';
import { validateEncryption } from './encryption.ts';
import { validateFiles } from './validate-files.ts';
import { validateMountedFiles } from './validate-mounted-files.ts';
import { validateOrder } from './validate-order.ts';
import { validateReferences } from './validate-references.ts';
import { validateStores } from './validate-stores.ts';
import { validateVariables } from './validate-variables.ts';
import type { Scope } from './scope.ts';

export type { Declared, Scope } from './scope.ts';

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
    ...validateVariables(scope),
    ...scope.placed.flatMap(({ steps }) => steps.flatMap(({ step, context }) => kindOf(step).validate(step, context))),
  ];
}
