import type { JsonObject } from '../../runbook/json.ts';
import type { OperationInputs, Undo } from '../../runbook/operations.ts';
import type { DockerEngine } from '../docker/index.ts';
import type { EffectContext, EffectHandler, Performed, Prepared } from '../effect.ts';
import { findPoint, type StoredPoint } from '../points/index.ts';
import { withFetched } from './fetched-point.ts';
import { requireKnownPoint, requireOpenable } from './known-point.ts';
import { requireSameStore } from '../stores/identity.ts';
import { withStore, type StoreDrivers } from '../stores/registry.ts';
import type { RestoreOutcome, RestoreWish, StateLoss, StoreContext, SwapPlan } from '../stores/store.ts';

/** More would not fit into a receipt; the sums are of all tables. */
const tablesInReceipt = 50;

/**
 * `restoreStore`: a recovery point is restored beside the live store, compared with what was backed up, and put into its place. What it
 * replaces is kept; the rows and seconds that are lost are in the receipt. Or it goes into another store of the plan, or beside the store
 * under a name of its own.
 */
export const restoreStoreHandler = (deps: {
  engine: DockerEngine;
  stores: StoreDrivers;
}): EffectHandler<'restoreStore'> => ({
  async observe(input, context, prepared) {
    if (prepared === undefined) return 'absent';
    const plan = swapPlanOf(prepared);
    const state = await withStore(deps.stores, context, input.store, ['restore'], (store) => store.restore.state(plan));
    // Whatever else an attempt left is built anew, so the old state is as good as never begun.
    return { old: 'absent' as const, new: 'done' as const, unknown: 'unknown' as const }[state];
  },

  async prepare(input, context) {
    const point =
      input.replaced === undefined ? await findPoint(context.home.points, input.point, context.runId) : undefined;
    if (point) {
      await requireKnownPoint(context, point.manifest);
      requireOpenable(context, point.manifest);
    }
    const planned = (from: StoredPoint | undefined) =>
      withStore(deps.stores, context, input.store, ['restore'], (store) => store.restore.plan(wishOf(input, from)));
    // Which roles are missing stands in the dump.
    const plan = await (point ? withFetched(deps.engine, point, context, planned) : planned(undefined));
    const facts: JsonObject = {
      swap: { ...plan },
      ...(point && { point: `${point.manifest.run}/${point.manifest.point}` }),
    };
    return { facts, undo: undoOf(input, plan) };
  },

  async perform(input, context, prepared) {
    const plan = swapPlanOf(prepared);
    const named = prepared.facts['point'];
    const point = typeof named === 'string' ? await findPoint(context.home.points, named, context.runId) : undefined;
    const restore = (from: StoredPoint | undefined) =>
      withStore(deps.stores, context, input.store, ['restore'], async (store) => {
        await requireSameStore(context, input.store, plan.before);
        return store.restore.swap(plan, wishOf(input, from));
      });
    const outcome = await (point ? withFetched(deps.engine, point, context, restore) : restore(undefined));
    await bind(input, context, outcome);
    return described(input, prepared, outcome);
  },

  async adopt(input, context, prepared) {
    const outcome = await withStore(deps.stores, context, input.store, ['restore'], (store) =>
      store.restore.describe(swapPlanOf(prepared)),
    );
    await bind(input, context, outcome);
    return described(input, prepared, outcome);
  },
});

type Input = OperationInputs['restoreStore'];

function wishOf(input: Input, point: StoredPoint | undefined): RestoreWish {
  const { from, named, createRoles, replaced } = input;
  return {
    ...(point === undefined ? {} : { point }),
    ...(replaced === undefined ? {} : { replaced }),
    ...(from === undefined ? {} : { from }),
    ...(named === undefined ? {} : { named }),
    ...(createRoles === undefined ? {} : { createRoles }),
  };
}

function undoOf({ store, point, named }: Input, plan: SwapPlan): Undo {
  if (named !== undefined) return { by: 'keeping', summary: `database ${named} is new and disturbs nobody` };
  return {
    by: 'operation',
    summary: `bring back what store ${store} held before the restore`,
    // What has been written since then goes; it is kept in its turn.
    lossy: true,
    kind: 'restoreStore',
    input: { store, point, replaced: plan.kept },
    effects: [{ resource: `store:${store}`, change: 'replace' }],
  };
}

/** The store is another database now; one that was restored beside it is no store of the plan. */
async function bind(
  { store, named }: Input,
  context: EffectContext<'restoreStore'>,
  outcome: RestoreOutcome,
): Promise<void> {
  if (named === undefined) await context.bindIdentity(`store:${store}`, outcome.identity);
}

const swapPlanOf = (prepared: Prepared) => prepared.facts['swap'] as SwapPlan;

function described({ store, named, from }: Input, prepared: Prepared, outcome: RestoreOutcome): Performed {
  const { loss, identity, warnings, tookMs, fencedMs } = outcome;
  const { kept } = swapPlanOf(prepared);
  const point = typeof prepared.facts['point'] === 'string' ? prepared.facts['point'] : 'the replaced database';
  const known = prepared.facts['point'] === undefined ? {} : { point };
  if (named !== undefined) {
    return {
      summary: `restored ${point} as database ${named}, beside store ${store}; nothing was replaced`,
      facts: { ...known, named, identity, tookMs, warnings },
      effect: { store, point, named },
    };
  }
  const of = from === undefined ? point : `${point} of store ${from}`;
  return {
    summary: `restored store ${store} from ${of}: ${loss.lostRows} rows and ${loss.lostSeconds} s lost; what was replaced is kept as ${kept}`,
    facts: {
      ...known,
      ...(from === undefined ? {} : { from }),
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
  return withStore(deps.stores, context, store, ['fingerprint'], (opened) => opened.fingerprint.loss(found));
}
