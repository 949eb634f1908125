import { SwitchbackError } from '../../runbook/errors.ts';
import { definitionOf } from '../../runbook/operations.ts';
import { storeKindOf } from '../../runbook/stores/index.ts';
import type { TargetState } from '../../runbook/target-state.ts';
import { withStore, type StoreDrivers } from '../stores/registry.ts';
import type { StoreContext, StoreLeftover } from '../stores/store.ts';
import type { Leftover } from './leftover.ts';

/**
 * What operations left in the stores of a plan, and which stores could not be asked and why.
 */
export async function leftInStores(
  drivers: StoreDrivers,
  context: StoreContext,
  state: TargetState,
): Promise<{ left: Leftover[]; silent: string[] }> {
  const operations = [...state.operations.values()].filter(
    ({ operation }) => definitionOf(operation.kind).makesScratchDatabases,
  );
  const names = operations.map(({ run, operation }) => ({ run, operation: operation.id }));
  const restored = new Set(
    operations.flatMap(({ operation }) => (operation.kind === 'restoreStore' ? [operation.input.store] : [])),
  );
  const left: Leftover[] = [];
  const silent: string[] = [];
  for (const [name, ref] of Object.entries(context.plan.stores)) {
    if (!storeKindOf(ref).can.includes('restore')) continue;
    try {
      const found = await withStore(drivers, context, name, ['restore'], (store) => store.restore.leftovers(names));
      // A door that no restore of ours can have closed is somebody else's business.
      const ours = found.filter(({ kind }) => kind !== 'closed' || restored.has(name));
      left.push(...ours.map((leftover) => described(drivers, context, name, leftover)));
    } catch (error) {
      if (!(error instanceof SwitchbackError)) throw error;
      silent.push(`store ${name}: ${error.message}`);
    }
  }
  return { left, silent };
}

function described(drivers: StoreDrivers, context: StoreContext, store: string, leftover: StoreLeftover): Leftover {
  const { kind, name, operation = 'a restore', run } = leftover;
  return {
    what: `database ${name} of store ${store}`,
    why:
      kind === 'scratch'
        ? `restored into by ${operation}${run === undefined ? '' : ` in run ${run}`}, and never put into place`
        : 'closed to its clients by a restore that did not come to its end',
    tidy: () => withStore(drivers, context, store, ['restore'], (opened) => opened.restore.clear(leftover)),
  };
}
