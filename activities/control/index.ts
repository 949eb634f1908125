import type { ControlActivities, RecordRequest } from '../../runbook/activities.ts';
import { overallVerdict, type Check, type CheckResult } from '../../runbook/checks.ts';
import { SwitchbackError } from '../../runbook/errors.ts';
import { planRollback } from '../../runbook/rollback.ts';
import { operationKey } from '../../runbook/target-state.ts';
import { refreshBreakGlass } from '../break-glass/refresh.ts';
import type { ComposeCli } from '../compose/index.ts';
import type { DockerEngine } from '../docker/index.ts';
import type { EffectContext } from '../effect.ts';
import { effectContext, type Surroundings } from '../perform/effect-context.ts';
import type { StoreDrivers } from '../stores/registry.ts';
import { openRun, type OpenRunDependencies } from './open-run.ts';
import { reconcile } from './reconcile.ts';
import { reportRollback } from './report-rollback.ts';
import { sealedPlans } from './sealed-plans.ts';
import { verify } from './verify.ts';

export interface ControlDependencies extends OpenRunDependencies {
  /** Takes one sample of each check. */
  check(checks: Check[], context: EffectContext): Promise<CheckResult[]>;
  /** What is looked at for leftovers. */
  world: { engine: DockerEngine; stores: StoreDrivers; compose?: ComposeCli };
  inActivity<T>(work: (surroundings: Surroundings) => Promise<T>): Promise<T>;
}

/** Activities that keep the records: what they write, and nothing else, is what the journal knows of a run. */
export function controlActivities(dependencies: ControlDependencies): ControlActivities {
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
      const { journal } = await access.open(run.target);
      const { holder } = await journal.refresh();
      await record({
        run,
        key,
        entries: [...entries, ...(holder ? [{ type: 'lease-released' as const, holder }] : [])],
      });
    },
    planRollback: async ({ run, request, reason }) => {
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
          },
        ],
      });
      await refreshBreakGlass(run.target, target);
      return rollback;
    },
    proveByHand: ({ run, operation, checks, by, reason }) =>
      dependencies.inActivity(async (surroundings) => {
        const target = await access.open(run.target);
        const known = (await target.journal.refresh()).operations.get(operationKey(run.runId, operation.id));
        const context = effectContext(
          target,
          await target.sealedRun(run.runId),
          run,
          operation,
          known?.attempt ?? 0,
          dependencies.secrets,
          surroundings,
        );
        const results = await dependencies.check(checks, context);
        const proven = overallVerdict(results) === 'successful';
        if (proven) {
          await target.journal.append({
            run: run.runId,
            epoch: run.epoch,
            entries: [{ type: 'done-by-hand', operation, by, reason, proof: results }],
          });
          await refreshBreakGlass(run.target, target);
        }
        return { proven, results };
      }),
    reconcile: (request) => dependencies.inActivity((surroundings) => reconcile(request, dependencies, surroundings)),
    verify: (request) => dependencies.inActivity((surroundings) => verify(request, dependencies, surroundings)),
    reportRollback: async (request) => reportRollback(request, await access.open(request.run.target)),
  };
}
