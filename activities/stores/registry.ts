import { SwitchbackError } from '../../runbook/errors.ts';
import { storeKindOf, type StorePart, type StoreRef } from '../../runbook/stores/index.ts';
import type { DockerEngine } from '../docker/index.ts';
import type { VolumeUser } from '../volumes/index.ts';
import type { PhysicalBackups } from './physical-backups.ts';
import { postgresDriver } from './postgres/index.ts';
import { redisDriver } from './redis/index.ts';
import { sqliteDriver } from './sqlite/index.ts';
import {
  storeUse,
  type Place,
  type Store,
  type StoreContext,
  type StoreDriver,
  type StoreParts,
  type StoreUse,
} from './store.ts';

/** All kinds of stores, by name. */
export type StoreDrivers = Record<StoreRef['kind'], StoreDriver>;

/** The one list of stores: a new kind is a folder beside this file and a line here. */
export const storeDrivers = (engine: DockerEngine): StoreDrivers => ({
  postgres: postgresDriver(engine),
  redis: redisDriver(engine),
  sqlite: sqliteDriver(engine),
});

/**
 * Opens a store of the plan for one operation, uses it and closes it.
 * @throws `PlanInvalid` when the plan has no such store, `Unsupported` when its kind lacks what is needed
 */
export async function withStore<T, P extends StorePart = never>(
  drivers: StoreDrivers,
  context: StoreContext,
  name: string,
  needs: readonly P[],
  work: (store: Store & Pick<StoreParts, P>) => Promise<T>,
): Promise<T> {
  const ref = storeRef(context, name);
  requireParts(ref, needs, context);
  const store = await drivers[ref.kind].open(storeUse(context, name, ref));
  try {
    if (!has(store, needs)) throw new Error(`the driver of ${ref.kind} lacks what its kind promises`);
    return await work(store);
  } finally {
    await store.close();
  }
}

const has = <P extends StorePart>(store: Store, needs: readonly P[]): store is Store & Pick<StoreParts, P> =>
  needs.every((part) => store[part] !== undefined);

function requireParts(ref: StoreRef, needs: readonly StorePart[], { operation }: StoreContext): void {
  const { can, title } = storeKindOf(ref);
  const lacking = needs.find((part) => !can.includes(part));
  if (lacking === undefined) return;
  throw new SwitchbackError('Unsupported', `stores of ${title} cannot do this (${lacking}): ${operation.summary}`);
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

/** Where clients of a store of the plan connect to; undefined where none does. @throws `PlanInvalid`, and what finding it throws */
export async function placeOfStore(
  drivers: StoreDrivers,
  context: StoreContext,
  name: string,
): Promise<Place | undefined> {
  const ref = storeRef(context, name);
  return drivers[ref.kind].place?.(storeUse(context, name, ref));
}

/** Containers that open the data of a store of the plan themselves; undefined where that is for its server. @throws `PlanInvalid` */
export async function usersOfStore(
  drivers: StoreDrivers,
  context: StoreContext,
  name: string,
): Promise<VolumeUser[] | undefined> {
  const ref = storeRef(context, name);
  return drivers[ref.kind].users?.(storeUse(context, name, ref));
}

function storeRef({ plan }: StoreContext, name: string): StoreRef {
  const ref = plan.stores[name];
  if (ref !== undefined) return ref;
  throw new SwitchbackError('PlanInvalid', `the plan has no store ${name}`, {
    hint: `It has: ${Object.keys(plan.stores).join(', ') || 'none'}.`,
  });
}
