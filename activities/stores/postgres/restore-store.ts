import { plural } from '../../../runbook/plural.ts';
import { verifyPoint, type StoredPoint } from '../../points/index.ts';
import type { RestoreOutcome, RestoreWish, SwapPlan } from '../store.ts';
import { inDatabase } from './address.ts';
import { compareWithCanary, readCanary } from './canary.ts';
import { carrySettings } from './carry-settings.ts';
import { openAdmin, sessionOptions, withSession } from './connect.ts';
import { endZombies } from './end-zombies.ts';
import { unfenceDatabase } from './fence-database.ts';
import { nameDatabase, namedState, nothingLost } from './named-database.ts';
import { requireOwnPoint, type Restoring } from './plan-restore.ts';
import { createLike, databasesLike, dropDatabase, restoreInto } from './restore-database.ts';
import { createRoles, requireRoles } from './roles.ts';
import { identityOf, serverFacts } from './server.ts';
import { Session } from './session.ts';
import { oidOf, readLoss, swapDatabases, type Swapped } from './swap-databases.ts';

/** Tells by oids, which no rename changes, whether the two databases were exchanged. */
export async function restoreState({ address, use }: Restoring, plan: SwapPlan): Promise<'old' | 'new' | 'unknown'> {
  return withSession(openAdmin(address, use), async (admin) => {
    await endZombies(admin, use);
    if (plan.named !== undefined) return namedState(admin, plan.named, use);
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
    const oid = (await oidOf(admin, plan.named ?? address.database)) ?? '';
    return {
      identity: identityOf({ system, oid }),
      loss: plan.named === undefined ? await readLoss(admin, plan.kept) : nothingLost(),
      tookMs: 0,
      fencedMs: 0,
      warnings: [],
    };
  });
}

/**
 * Restores a point beside the live database, compares it with what was backed up, and exchanges the two. The replaced database is
 * kept, closed to clients. With a name of its own, it stays beside.
 * @throws `IntegrityFailed` (the point), `ValidationMismatch` (what came out of it), `PreconditionFailed`, `Busy`, `AccessDenied`
 */
export async function restoreStore(restoring: Restoring, plan: SwapPlan, wish: RestoreWish): Promise<RestoreOutcome> {
  const { address, use } = restoring;
  const { point } = wish;
  const started = performance.now();
  return withSession(openAdmin(address, use), async (admin) => {
    await endZombies(admin, use);
    // An attempt that died between the fence and the exchange left the door closed; building takes long, so open it now.
    if (plan.open && plan.named === undefined) await unfenceDatabase(admin, address.database);
    const incoming = point === undefined ? plan.incoming : `${plan.incoming}${use.attempt}`;
    const warnings: string[] = [];
    if (point !== undefined) {
      requireOwnPoint(point, wish.from ?? use.store, use);
      for (const stale of await databasesLike(admin, plan.incoming)) await dropDatabase(admin, stale);
      warnings.push(...(await building(restoring, incoming, () => build(restoring, admin, incoming, point, wish))));
    }
    const swapped = await building(point && restoring, incoming, () => settle(restoring, admin, incoming, plan, wish));
    const { system } = await serverFacts(admin);
    const oid = (await oidOf(admin, plan.named ?? address.database)) ?? '';
    const { warnings: left, ...figures } = swapped;
    return {
      identity: identityOf({ system, oid }),
      ...figures,
      tookMs: Math.round(performance.now() - started),
      warnings: [...warnings, ...left],
    };
  });
}

/** The exchange, or, where the data gets a name of its own, that name. */
async function settle(
  { address, use }: Restoring,
  admin: Session,
  incoming: string,
  plan: SwapPlan,
  { point }: RestoreWish,
): Promise<Swapped & { warnings: string[] }> {
  if (plan.named !== undefined) {
    await use.fence();
    await nameDatabase(admin, incoming, plan.named, use);
    return { loss: nothingLost(), fencedMs: 0, warnings: [] };
  }
  const takenAt = point && readCanary(point.manifest.canary).takenAt;
  const warnings = await leftBehind(admin, address.database);
  const options = sessionOptions(use, 'reading');
  return { ...(await swapDatabases(admin, address.database, incoming, plan, takenAt, use, options)), warnings };
}

/** Fills a new database and compares it. Returns what people should know. */
async function build(
  { address, use, box }: Restoring,
  admin: Session,
  incoming: string,
  point: StoredPoint,
  wish: RestoreWish,
): Promise<string[]> {
  use.progress({ doing: `checking recovery point ${point.manifest.point}` });
  await verifyPoint(point, { signal: use.signal });
  const canary = readCanary(point.manifest.canary);
  const { major } = await serverFacts(admin);
  const made = wish.createRoles === true ? await createRoles(admin, point, use, box) : [];
  await requireRoles(admin, point, use, box);
  await createLike(admin, incoming, address.database, `Switchback: being restored by run ${use.run}, ${use.operation}`);
  await restoreInto(admin, address, incoming, point, major, use, box);
  await withSession(Session.open(inDatabase(address, incoming), sessionOptions(use, 'reading')), async (session) => {
    await compareWithCanary(session, canary, (table, done, total) =>
      use.progress({ doing: `comparing ${table}`, done, total, unit: 'checks' }),
    );
    use.progress({ doing: `gathering statistics of ${incoming}` });
    // Without statistics the first queries after the exchange would be planned blindly.
    await session.execute('analyze');
  });
  await carrySettings(admin, address.database, incoming);
  return made;
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

/** What hangs on a database itself and not on its contents, and stays with the replaced one. */
async function leftBehind(admin: Session, database: string): Promise<string[]> {
  const slots = await admin.rows('select slot_name as name from pg_catalog.pg_replication_slots where database = $1', [
    database,
  ]);
  return [
    ...slots.map((row) => `the logical replication slot ${row['name']} stays with the replaced database`),
    ...(await subscriptionsLeft(admin, database)),
  ];
}

/** Before 14 only a superuser sees which database a subscription is of; everybody sees how many the server has. */
async function subscriptionsLeft(admin: Session, database: string): Promise<string[]> {
  const { may } = await admin.row(
    `select pg_catalog.has_column_privilege('pg_catalog.pg_subscription', 'subdbid', 'select')::text as may`,
  );
  const query =
    may === 'true'
      ? 'select count(*)::text as n from pg_catalog.pg_subscription s join pg_catalog.pg_database d on d.oid = s.subdbid where d.datname = $1'
      : 'select count(distinct subid)::text as n from pg_catalog.pg_stat_subscription where $1::text is not null';
  const count = Number((await admin.row(query, [database]))['n']);
  if (count === 0) return [];
  return [
    may === 'true'
      ? `${plural(count, 'subscription')} left with the replaced database`
      : `the server has ${plural(count, 'subscription')}; what is of the replaced database is left with it`,
  ];
}
