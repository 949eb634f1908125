import { SwitchbackError } from '../../../runbook/errors.ts';
import type { StoredPoint } from '../../points/index.ts';
import type { RestoreWish, StoreUse, SwapPlan } from '../store.ts';
import type { Address } from './address.ts';
import { readCanary } from './canary.ts';
import { chooseTools, type ToolBox } from './choose-tools.ts';
import { openAdmin, withSession } from './connect.ts';
import { requireUsableName } from './named-database.ts';
import { incomingPrefix, keptName } from './object-names.ts';
import { requireRoles } from './roles.ts';
import { identityOf, serverFacts } from './server.ts';
import type { Session } from './session.ts';
import { oidOf } from './swap-databases.ts';

export interface Restoring {
  address: Address;
  use: StoreUse;
  box: ToolBox;
}

/** Works out what a restore exchanges, and that nothing stands in its way: names, roles and tools. */
export async function planRestore({ address, use, box }: Restoring, wish: RestoreWish): Promise<SwapPlan> {
  const { point, replaced, named } = wish;
  if (named !== undefined) requireUsableName(named);
  return withSession(openAdmin(address, use), async (admin) => {
    const { system, major } = await serverFacts(admin);
    const oid = await oidOf(admin, address.database);
    if (oid === undefined) throw missing(address.database);
    if (replaced !== undefined && (await oidOf(admin, replaced)) === undefined) throw missing(replaced);
    const kept = keptName(address.database, use);
    await requireFree(admin, kept, 'where the replaced data is to be kept');
    if (named !== undefined) await requireFree(admin, named, 'which a restore never writes over');
    if (point !== undefined) {
      requireOwnPoint(point, wish.from ?? use.store, use);
      await chooseTools(box, address, major, readCanary(point.manifest.canary).dump?.client);
      if (wish.createRoles !== true) await requireRoles(admin, point, use, box);
    }
    const door = await admin.row('select datallowconn as open from pg_catalog.pg_database where oid = $1', [oid]);
    return {
      before: identityOf({ system, oid }),
      incoming: replaced ?? incomingPrefix(address.database, use),
      kept,
      open: door['open'] === 't',
      ...(named === undefined ? {} : { named }),
    };
  });
}

async function requireFree(admin: Session, database: string, what: string): Promise<void> {
  if ((await oidOf(admin, database)) === undefined) return;
  throw new SwitchbackError('Conflict', `database ${database} exists already, ${what}`, {
    hint: 'Look what is in it; drop or rename it if nobody needs it.',
  });
}

function missing(database: string): SwitchbackError {
  return new SwitchbackError('PreconditionFailed', `there is no database ${database} on the server`, {
    hint: 'Look at the list of databases: psql -l.',
  });
}

/** A point of single tables, or of another store, must never take the place of a database. */
export function requireOwnPoint(point: StoredPoint, store: string, use: StoreUse): void {
  const { source, target } = point.manifest;
  if (source.kind === 'postgres' && source.resource === `store:${store}` && target === use.target) return;
  throw new SwitchbackError(
    'PreconditionFailed',
    `recovery point ${point.manifest.run}/${point.manifest.point} is of ${source.resource} (${source.kind}) of ${target}, not of store ${store} of ${use.target}`,
    { hint: 'List the recovery points and name one of this store.' },
  );
}
