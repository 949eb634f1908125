import { SwitchbackError } from '../../../runbook/errors.ts';
import { verifyPoint, type StoredPoint } from '../../points/index.ts';
import type { RestoreOutcome, StoreUse, SwapPlan } from '../store.ts';
import { inDatabase, type Address } from './address.ts';
import { compareWithCanary, readCanary } from './canary.ts';
import { carrySettings } from './carry-settings.ts';
import { openAdmin, sessionOptions, withSession } from './connect.ts';
import { endZombies } from './end-zombies.ts';
import { unfenceDatabase } from './fence-database.ts';
import { incomingPrefix, keptName } from './object-names.ts';
import { createLike, databasesLike, dropDatabase, restoreInto } from './restore-database.ts';
import type { ToolBox } from './run-tool.ts';
import { identityOf, serverFacts } from './server.ts';
import { Session } from './session.ts';
import { oidOf, readLoss, swapDatabases } from './swap-databases.ts';

export interface Restoring {
  address: Address;
  use: StoreUse;
  box: ToolBox;
}

/** Works out what a restore exchanges. `replaced`: bring this database back, instead of reading a point. */
export async function planRestore({ address, use }: Restoring, replaced?: string): Promise<SwapPlan> {
  return withSession(openAdmin(address, use), async (admin) => {
    const { system } = await serverFacts(admin);
    const oid = await oidOf(admin, address.database);
    if (oid === undefined) throw missing(address.database);
    const door = await admin.row('select datallowconn as open from pg_catalog.pg_database where oid = $1', [oid]);
    if (replaced !== undefined && (await oidOf(admin, replaced)) === undefined) throw missing(replaced);
    const kept = keptName(address.database, use);
    if ((await oidOf(admin, kept)) !== undefined) {
      throw new SwitchbackError('Conflict', `database ${kept} exists already, where the replaced data is to be kept`, {
        hint: 'Look what is in it; drop or rename it if nobody needs it.',
      });
    }
    return {
      before: identityOf({ system, oid }),
      incoming: replaced ?? incomingPrefix(address.database, use),
      kept,
      open: door['open'] === 't',
    };
  });
}

function missing(database: string): SwitchbackError {
  return new SwitchbackError('PreconditionFailed', `there is no database ${database} on the server`, {
    hint: 'Look at the list of databases: psql -l.',
  });
}

/** Tells by oids, which no rename changes, whether the two databases were exchanged. */
export async function restoreState({ address, use }: Restoring, plan: SwapPlan): Promise<'old' | 'new' | 'unknown'> {
  return withSession(openAdmin(address, use), async (admin) => {
    await endZombies(admin, use);
    const { system } = await serverFacts(admin);
    const [live, kept] = [await oidOf(admin, address.database), await oidOf(admin, plan.kept)];
    if (live !== undefined && identityOf({ system, oid: live }) === plan.before) return 'old';
    if (live !== undefined && kept !== undefined && identityOf({ system, oid: kept }) === plan.before) return 'new';
    return 'unknown';
  });
}

/** What a restore that is known to have been done did. */
export async function describeRestore({ address, use }: Restoring, plan: SwapPlan): Promise<RestoreOutcome> {
  return withSession(openAdmin(address, use), async (admin) => {
    const { system } = await serverFacts(admin);
    const oid = (await oidOf(admin, address.database)) ?? '';
    return {
      identity: identityOf({ system, oid }),
      loss: await readLoss(admin, plan.kept),
      tookMs: 0,
      fencedMs: 0,
      warnings: [],
    };
  });
}

/**
 * Restores a point beside the live database, compares it with what was backed up, and exchanges the two. The replaced database is
 * kept, closed to clients.
 * @throws `IntegrityFailed` (the point), `ValidationMismatch` (what came out of it), `Busy`, `AccessDenied`
 */
export async function restoreStore(
  restoring: Restoring,
  plan: SwapPlan,
  point: StoredPoint | undefined,
): Promise<RestoreOutcome> {
  const { address, use } = restoring;
  const started = performance.now();
  return withSession(openAdmin(address, use), async (admin) => {
    await endZombies(admin, use);
    // An attempt that died between the fence and the exchange left the door closed; building takes long, so open it now.
    if (plan.open) await unfenceDatabase(admin, address.database);
    const incoming = point === undefined ? plan.incoming : `${plan.incoming}${use.attempt}`;
    if (point !== undefined) {
      requireOwnPoint(point, use);
      for (const stale of await databasesLike(admin, plan.incoming)) await dropDatabase(admin, stale);
      await building(restoring, incoming, () => build(restoring, admin, incoming, point));
    }
    const takenAt = point && readCanary(point.manifest.canary).takenAt;
    const warnings = await leftBehind(admin, address.database);
    const swapped = await building(point && restoring, incoming, () =>
      swapDatabases(admin, address.database, incoming, plan, takenAt, use, sessionOptions(use, 'reading')),
    );
    const { system } = await serverFacts(admin);
    const oid = (await oidOf(admin, address.database)) ?? '';
    return {
      identity: identityOf({ system, oid }),
      ...swapped,
      tookMs: Math.round(performance.now() - started),
      warnings,
    };
  });
}

async function build(
  { address, use, box }: Restoring,
  admin: Session,
  incoming: string,
  point: StoredPoint,
): Promise<void> {
  use.progress({ doing: `checking recovery point ${point.manifest.point}` });
  await verifyPoint(point, { signal: use.signal });
  const canary = readCanary(point.manifest.canary);
  const { major } = await serverFacts(admin);
  await createLike(admin, incoming, address.database, `Switchback: being restored by run ${use.run}, ${use.operation}`);
  await restoreInto(admin, address, incoming, { folder: point.folder, canary }, major, use, box);
  await withSession(Session.open(inDatabase(address, incoming), sessionOptions(use, 'reading')), async (session) => {
    await compareWithCanary(session, canary, (table, done, total) =>
      use.progress({ doing: `comparing ${table}`, done, total, unit: 'checks' }),
    );
    use.progress({ doing: `gathering statistics of ${incoming}` });
    // Without statistics the first queries after the exchange would be planned blindly.
    await session.execute('analyze');
  });
  await carrySettings(admin, address.database, incoming);
}

/** Removes a half-built database when its building fails; the signal may be aborted by then. */
async function building<T>(restoring: Restoring | undefined, incoming: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (restoring !== undefined) {
      const { address, use } = restoring;
      const unaborted = { ...use, signal: new AbortController().signal };
      await withSession(openAdmin(address, unaborted), (admin) => dropDatabase(admin, incoming)).catch(
        (later: unknown) =>
          use.log(`${incoming} was left behind, and is dropped by the next attempt: ${String(later)}`),
      );
    }
    throw error;
  }
}

/** A point of single tables, or of another store, must never take the place of a database. */
export function requireOwnPoint(point: StoredPoint, use: StoreUse): void {
  const { source, target } = point.manifest;
  if (source.kind === 'postgres' && source.resource === `store:${use.store}` && target === use.target) return;
  throw new SwitchbackError(
    'PreconditionFailed',
    `recovery point ${point.manifest.run}/${point.manifest.point} is of ${source.resource} (${source.kind}) of ${target}, not of store ${use.store} of ${use.target}`,
    { hint: 'List the recovery points and name one of this store.' },
  );
}

/** What hangs on a database itself and not on its contents, and stays with the replaced one. */
async function leftBehind(admin: Session, database: string): Promise<string[]> {
  const slots = await admin.rows('select slot_name as name from pg_catalog.pg_replication_slots where database = $1', [
    database,
  ]);
  const subscriptions = await admin.rows(
    `select s.oid::text as name from pg_catalog.pg_subscription s join pg_catalog.pg_database d on d.oid = s.subdbid where d.datname = $1`,
    [database],
  );
  return [
    ...slots.map((row) => `the logical replication slot ${row['name']} stays with the replaced database`),
    ...(subscriptions.length === 0 ? [] : [`${subscriptions.length} subscriptions stay with the replaced database`]),
  ];
}
