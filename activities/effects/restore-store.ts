import type { JsonObject } from '../../runbook/json.ts';
import type { EffectHandler, Performed, Prepared } from '../effect.ts';
import { findPoint } from '../points/index.ts';
import { requireKnownPoint } from './known-point.ts';
import { requireSameStore } from '../stores/identity.ts';
import { withStore, type StoreDrivers } from '../stores/registry.ts';
import type { RestoreOutcome, StateLoss, StoreContext, SwapPlan } from '../stores/store.ts';

/** More would not fit into a receipt; the sums are of all tables. */
const tablesInReceipt = 50;

/**
 * `restoreStore`: a recovery point is restored beside the live store, compared with what was backed up, and put into its place. What it
 * replaces is kept; the rows and seconds that are lost are in the receipt.
 */
export const restoreStoreHandler = (deps: { stores: StoreDrivers }): EffectHandler<'restoreStore'> => ({
  async observe(input, context, prepared) {
    if (prepared === undefined) return 'absent';
    const plan = swapPlanOf(prepared);
    const state = await withStore(deps.stores, context, input.store, ['restore'], (store) => store.restoreState(plan));
    // Whatever else an attempt left is built anew, so the old state is as good as never begun.
    return { old: 'absent' as const, new: 'done' as const, unknown: 'unknown' as const }[state];
  },

  async prepare(input, context) {
    return withStore(deps.stores, context, input.store, ['restore'], async (store) => {
      const plan = await store.planRestore(input.replaced);
      const point =
        input.replaced === undefined ? await findPoint(context.home.points, input.point, context.runId) : undefined;
      if (point) await requireKnownPoint(context, point.manifest);
      const facts: JsonObject = {
        swap: { ...plan },
        ...(point && { point: `${point.manifest.run}/${point.manifest.point}` }),
      };
      return {
        facts,
        undo: {
          by: 'operation' as const,
          summary: `bring back what store ${input.store} held before the restore`,
          // What has been written since then goes; it is kept in its turn.
          lossy: true,
          kind: 'restoreStore' as const,
          input: { store: input.store, point: input.point, replaced: plan.kept },
          effects: [{ resource: `store:${input.store}`, change: 'replace' as const }],
        },
      };
    });
  },

  async perform(input, context, prepared) {
    const plan = swapPlanOf(prepared);
    const named = prepared.facts['point'];
    const point = typeof named === 'string' ? await findPoint(context.home.points, named, context.runId) : undefined;
    const outcome = await withStore(deps.stores, context, input.store, ['restore'], async (store) => {
      await requireSameStore(context, input.store, plan.before);
      return store.restore(plan, point);
    });
    await context.bindIdentity(`store:${input.store}`, outcome.identity);
    return described(input.store, prepared, outcome);
  },

  async adopt(input, context, prepared) {
    const outcome = await withStore(deps.stores, context, input.store, ['restore'], (store) =>
      store.describeRestore(swapPlanOf(prepared)),
    );
    await context.bindIdentity(`store:${input.store}`, outcome.identity);
    return described(input.store, prepared, outcome);
  },
});

const swapPlanOf = (prepared: Prepared) => prepared.facts['swap'] as unknown as SwapPlan;

function described(store: string, prepared: Prepared, outcome: RestoreOutcome): Performed {
  const { loss, identity, warnings, tookMs, fencedMs } = outcome;
  const { kept } = swapPlanOf(prepared);
  const point = typeof prepared.facts['point'] === 'string' ? prepared.facts['point'] : 'the replaced database';
  return {
    summary: `restored store ${store} from ${point}: ${loss.lostRows} rows and ${loss.lostSeconds} s lost; what was replaced is kept as ${kept}`,
    facts: {
      ...(prepared.facts['point'] === undefined ? {} : { point }),
      replaced: kept,
      identity,
      lostRows: loss.lostRows,
      lostSeconds: loss.lostSeconds,
      tables: loss.tables.slice(0, tablesInReceipt).map((table) => ({ ...table })),
      tablesWithLoss: loss.tables.length,
      tookMs,
      fencedMs,
      warnings,
    },
    effect: { store, point },
  };
}

/** What restoring a store from a point would lose at this moment, told without restoring anything: for `rollback --dry-run`. */
export async function stateLoss(
  deps: { stores: StoreDrivers },
  context: StoreContext,
  store: string,
  point: string,
): Promise<StateLoss> {
  const found = await findPoint(context.home.points, point, context.runId);
  return withStore(deps.stores, context, store, ['fingerprint'], (opened) => opened.stateLoss(found));
}
