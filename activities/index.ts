import type { Activities, OperationActivities, PerformRequest } from '../runbook/activities.ts';
import { allKinds } from '../runbook/operations.ts';
import { backupActivities } from './control/backup.ts';
import { controlActivities, type ControlDependencies } from './control/index.ts';
import { rehearsalActivities, type RehearsalDependencies } from './control/rehearsal.ts';
import { withHeartbeat } from './perform/in-activity.ts';
import { maskedActivities } from './perform/masked-activities.ts';
import { performOperation, type PerformDependencies } from './perform/perform.ts';

export type ActivityDependencies = PerformDependencies &
  Omit<ControlDependencies & RehearsalDependencies, 'inActivity'>;

/** All activities of a worker: one for each kind of operation, named like it, and those that keep the records. */
export function createActivities(dependencies: ActivityDependencies): Activities {
  const perform = (request: PerformRequest) =>
    withHeartbeat((surroundings) => performOperation(request, dependencies, surroundings));
  const operations = Object.fromEntries(allKinds.map((kind) => [kind, perform])) as OperationActivities;
  const control = controlActivities({ ...dependencies, inActivity: withHeartbeat });
  return maskedActivities(dependencies.access, {
    ...operations,
    ...control,
    ...rehearsalActivities({ ...dependencies, inActivity: withHeartbeat }),
    ...backupActivities({ ...dependencies, inActivity: withHeartbeat }),
    // These may be kept waiting by a slow disk; a local activity (record, closeRun) has no heartbeat.
    openRun: (request) => withHeartbeat(() => control.openRun(request)),
    planRollback: (request) => withHeartbeat(() => control.planRollback(request)),
    reportRollback: (request) => withHeartbeat(() => control.reportRollback(request)),
  });
}
