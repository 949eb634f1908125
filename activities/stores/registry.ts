import type { StoreRef } from '../../runbook/compiled-plan.ts';
import { SwitchbackError } from '../../runbook/errors.ts';
import type { DockerEngine } from '../docker/index.ts';
import type { PhysicalBackups } from './physical-backups.ts';
import { postgresDriver } from './postgres/index.ts';
import {
  storeUse,
  type Place,
  type Store,
  type StoreCapabilities,
  type StoreContext,
  type StoreDriver,
  type StoreUse,
} from './store.ts';

/** All kinds of stores, by name. */
export type StoreDrivers = Record<StoreRef['kind'], StoreDriver>;

/** The one list of stores: a new kind is a folder beside this file and a line here. */
export const storeDrivers = (engine: DockerEngine): StoreDrivers => ({
  postgres: postgresDriver(engine),
});

/**
 * Opens a store of the plan for one operation, uses it and closes it.
 * @throws `PlanInvalid` when the plan has no such store, `Unsupported` when its kind lacks what is needed
 */
export async function withStore<T>(
  drivers: StoreDrivers,
  context: StoreContext,
  name: string,
  needs: (keyof StoreCapabilities)[],
  work: (store: Store) => Promise<T>,
): Promise<T> {
  const ref = storeRef(context, name);
  const driver = drivers[ref.kind];
  const lacking = needs.find((capability) => !driver.capabilities[capability]);
  if (lacking !== undefined) {
    throw new SwitchbackError(
      'Unsupported',
      `stores of kind ${ref.kind} cannot do this (${lacking}): ${context.operation.summary}`,
    );
  }
  const store = await driver.open(storeUse(context, name, ref));
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}

/**
 * Backups of the whole server that a store of the plan is in, and what this operation lends to it.
 * @throws `PlanInvalid` when the plan has no such store, `Unsupported` when its kind has none
 */
export function physicalBackupsOf(
  drivers: StoreDrivers,
  context: StoreContext,
  name: string,
): { physical: PhysicalBackups; use: StoreUse } {
  const ref = storeRef(context, name);
  const { physical } = drivers[ref.kind];
  if (physical !== undefined) return { physical, use: storeUse(context, name, ref) };
  throw new SwitchbackError('Unsupported', `stores of kind ${ref.kind} have no physical backups`, {
    hint: 'Take logical ones.',
  });
}

/** Where clients of a store of the plan connect to. @throws `PlanInvalid`, and what finding it throws */
export function placeOfStore(drivers: StoreDrivers, context: StoreContext, name: string): Promise<Place> {
  const ref = storeRef(context, name);
  return drivers[ref.kind].place(storeUse(context, name, ref));
}

function storeRef({ plan }: StoreContext, name: string): StoreRef {
  const ref = plan.stores[name];
  if (ref !== undefined) return ref;
  throw new SwitchbackError('PlanInvalid', `the plan has no store ${name}`, {
    hint: `It has: ${Object.keys(plan.stores).join(', ') || 'none'}.`,
  });
}
