import { SwitchbackError } from '../../../runbook/errors.ts';
import type { StoredPoint } from '../../points/index.ts';
import type { RestoreWish, StoreUse, SwapPlan } from '../store.ts';
import type { Address } from './address.ts';
import { readCanary } from './canary.ts';
import { withConnection } from './connection.ts';
import { emptyDatabase, ensureIdentity, inDatabase, readIdentity, serverFacts } from './server.ts';

export interface Restoring {
  address: Address;
  use: StoreUse;
}

const title = (database: number) => `database ${database}`;

/** @throws `PreconditionFailed` where it names no database */
export function numberOf(name: string): number {
  const number = /^database (\d{1,5})$/.exec(name)?.[1];
  if (number !== undefined) return Number(number);
  throw new SwitchbackError('PreconditionFailed', `${name} is no database of this server`, {
    hint: 'They have numbers: `database 3`.',
  });
}

/** Works out which database a restore fills and exchanges. Changes nothing but to mark a database that never was looked at. */
export async function planRestore({ address, use }: Restoring, wish: RestoreWish): Promise<SwapPlan> {
  const { point, replaced, named } = wish;
  if (named !== undefined) {
    throw new SwitchbackError('Unsupported', `stores of Redis cannot be restored beside themselves as ${named}`, {
      hint: 'Its databases have numbers and no names. Load dump.rdb of the point in a server of your own.',
    });
  }
  return withConnection(address, use, async (live) => {
    const facts = await serverFacts(live, use);
    const before = await ensureIdentity(live);
    if (replaced !== undefined) {
      await withConnection(inDatabase(address, numberOf(replaced)), use, async (kept) => {
        if ((await readIdentity(kept)) === undefined) throw gone(replaced);
      });
      return { before, incoming: replaced, kept: replaced, open: true };
    }
    if (point !== undefined) {
      requireOwnPoint(point, wish.from ?? use.store, use);
      const { memoryBytes } = readCanary(point.manifest.canary);
      if (facts.limitBytes > 0 && facts.usedBytes + memoryBytes > facts.limitBytes) {
        throw new SwitchbackError('PreconditionFailed', `${use.store} has no memory for a second copy of its data`, {
          hint: 'Raise maxmemory of the server for the time of the restore.',
          facts: { used: facts.usedBytes, needed: memoryBytes, limit: facts.limitBytes },
        });
      }
    }
    const free = title(await emptyDatabase(address, facts, use));
    return { before, incoming: free, kept: free, open: true };
  });
}

const gone = (name: string) =>
  new SwitchbackError('PreconditionFailed', `what an earlier restore replaced is not in ${name} any more`, {
    hint: 'Somebody emptied it; restore a recovery point.',
  });

/** A point of another store must never take the place of this one. */
export function requireOwnPoint(point: StoredPoint, store: string, use: StoreUse): void {
  const { source, target } = point.manifest;
  if (source.kind === 'redis' && source.resource === `store:${store}` && target === use.target) return;
  throw new SwitchbackError(
    'PreconditionFailed',
    `recovery point ${point.manifest.run}/${point.manifest.point} is of ${source.resource} (${source.kind}) of ${target}, not of store ${store} of ${use.target}`,
    { hint: 'List the recovery points and name one of this store.' },
  );
}
