import type { ControlActivities, RecordRequest } from '../../runbook/activities.ts';
import { SwitchbackError } from '../../runbook/errors.ts';
import { planRollback } from '../../runbook/rollback.ts';
import { refreshBreakGlass } from '../break-glass/refresh.ts';
import { askWayOn } from './go-on.ts';
import { lookAhead } from './look-ahead.ts';
import { writeRunRecords } from '../records/index.ts';
import { openRun } from './open-run.ts';
import { proveByHand, type ProveByHandDependencies } from './prove-by-hand.ts';
import { reconcile } from './reconcile.ts';
import { reportRollback } from './report-rollback.ts';
import { sealedPlans } from './sealed-plans.ts';
import { verify } from './verify.ts';
import type { ControlDependencies } from './control-dependencies.ts';

export type { ControlDependencies } from './control-dependencies.ts';

/** Activities that keep the records: what they write, and nothing else, is what the journal knows of a run. */
export function controlActivities(dependencies: ControlDependencies & ProveByHandDependencies): ControlActivities {
  const { access } = dependencies;

  async function record({ run, key, entries }: RecordRequest): Promise<void> {
    const target = await access.open(run.target);
    // A later holder's records must not be mixed with those of a run that it has taken over.
    // With the epoch: a run that goes on in another workflow counts its keys anew.
    await target.journal.appendIf(
      { run: run.runId, epoch: run.epoch, key: `${run.runId}:${run.epoch}:${key}`, entries },
      (state) =>
        state.epoch === run.epoch
          ? undefined
          : new SwitchbackError('LeaseLost', `the lease of ${run.target} is ${state.epoch} now, not ${run.epoch}`),
    );
    await refreshBreakGlass(run.target, target);
  }

  return {
    openRun: (request) => openRun(request, dependencies),
    record,
    closeRun: async ({ run, key, entries }) => {
      const { journal, home } = await access.open(run.target);
      const { holder, runs } = await journal.refresh();
      await record({
        run,
        key,
        entries: [...entries, ...(holder ? [{ type: 'lease-released' as const, holder }] : [])],
      });
      // However it ended: what people decided in it stands in the records. The run is over, also where these cannot be written.
      if (runs.some(({ id }) => id === run.runId)) await writeRunRecords(home, run.runId).catch(() => undefined);
    },
    planRollback: async ({ run, request, reason, goingBack }) => {
      const target = await access.open(run.target);
      const state = await target.journal.refresh();
      const { plan } = await target.sealedRun(run.runId);
      const planOf = await sealedPlans(target, state);
      const rollback = planRollback(state, { request, plan, ordinal: state.rollbacks + 1, planOf });
      await target.journal.append({
        run: run.runId,
        epoch: run.epoch,
        entries: [
          {
            type: 'rollback-planned',
            rollback: rollback.ordinal,
            to: rollback.to,
            operations: rollback.operations.length,
            reason,
            restoreData: request.restoreData,
            phases: rollback.phases.map(({ id }) => id),
            ...(goingBack && { goingBack }),
          },
        ],
      });
      await refreshBreakGlass(run.target, target);
      return rollback;
    },
    proveByHand: (request) =>
      dependencies.inActivity((surroundings) => proveByHand(request, dependencies, surroundings)),
    askWayOn: (request) => askWayOn(request, access),
    reconcile: (request) => dependencies.inActivity((surroundings) => reconcile(request, dependencies, surroundings)),
    verify: (request) => dependencies.inActivity((surroundings) => verify(request, dependencies, surroundings)),
    lookAhead: (request) => dependencies.inActivity((surroundings) => lookAhead(request, dependencies, surroundings)),
    reportRollback: async (request) => reportRollback(request, await access.open(request.run.target)),
  };
}
