import type { OperationName, StoreLeftover, StoreUse } from '../store.ts';
import type { Address } from './address.ts';
import { openAdmin, withSession } from './connect.ts';
import { unfenceDatabase } from './fence-database.ts';
import { incomingPrefix, scratchPrefix } from './object-names.ts';
import { databasesLike, dropDatabase } from './restore-database.ts';

/**
 * Databases that operations restored into and never exchanged or dropped, and a live one whose door they closed. Found by the names that
 * these operations give; databases that a restore replaced are kept, and no leftovers.
 */
export async function databasesLeft(
  address: Address,
  use: StoreUse,
  operations: readonly OperationName[],
): Promise<StoreLeftover[]> {
  return withSession(openAdmin(address, use), async (admin) => {
    const left: StoreLeftover[] = [];
    for (const { run, operation } of operations) {
      const owner = { target: use.target, run, operation };
      for (const prefix of [scratchPrefix(owner), incomingPrefix(address.database, owner)]) {
        for (const name of await databasesLike(admin, prefix)) left.push({ kind: 'scratch', name, run, operation });
      }
    }
    const closed = await admin.rows('select from pg_catalog.pg_database where datname = $1 and not datallowconn', [
      address.database,
    ]);
    if (closed.length > 0) left.push({ kind: 'closed', name: address.database });
    return left;
  });
}

/** Drops it, or opens its door. One that is right by now is fine. */
export async function clearDatabase(address: Address, use: StoreUse, { kind, name }: StoreLeftover): Promise<void> {
  await withSession(openAdmin(address, use), (admin) =>
    kind === 'scratch' ? dropDatabase(admin, name) : unfenceDatabase(admin, name),
  );
}
