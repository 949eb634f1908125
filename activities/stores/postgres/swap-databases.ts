import { SwitchbackError } from '../../../runbook/errors.ts';
import type { StateLoss, StoreUse, SwapPlan } from '../store.ts';
import { inDatabase } from './address.ts';
import { fenceDatabase, unfenceDatabase } from './fence-database.ts';
import { measureLoss } from './measure-loss.ts';
import { quoteName } from './quote.ts';
import { Session, type SessionOptions } from './session.ts';

export interface Swapped {
  loss: StateLoss;
  /** How long nobody could write, in milliseconds. */
  fencedMs: number;
}

/** Oid of a database by its name. */
export async function oidOf(admin: Session, database: string): Promise<string | undefined> {
  const [row] = await admin.rows('select oid::text as oid from pg_catalog.pg_database where datname = $1', [database]);
  return row?.['oid'] ?? undefined;
}

/**
 * Puts a database into the place of another: closes the door of the live one, measures exactly what is lost, and exchanges both names in
 * one transaction. When it fails before that, the door is opened again.
 * @param takenAt the moment that the incoming data is of, by the server's clock; undefined when it was live until it was replaced
 */
export async function swapDatabases(
  admin: Session,
  live: string,
  incoming: string,
  plan: SwapPlan,
  takenAt: string | undefined,
  use: StoreUse,
  options: SessionOptions,
): Promise<Swapped> {
  const before = await oidOf(admin, live);
  const address = (database: string) => inDatabase(admin.address, database);
  const sessions: Session[] = [];
  const enter = async (database: string) => {
    // A dead attempt, or an operator, may have closed the door; our own session has to get in before it is closed for good.
    await unfenceDatabase(admin, database);
    const session = await Session.open(address(database), options);
    sessions.push(session);
    return session;
  };
  const leave = () => Promise.all(sessions.map((session) => session.close()));
  try {
    const [mine, other] = [await enter(live), await enter(incoming)];
    await use.fence();
    const fenced = performance.now();
    await fenceDatabase(admin, live, [mine.pid], options);
    const lostSeconds = await secondsSince(admin, takenAt);
    const tables = await measureLoss(mine, other, use);
    const lostRows = tables.reduce((sum, table) => sum + table.missing + table.different, 0);
    const loss: StateLoss = { lostRows, lostSeconds, tables, measured: 'exact' };
    await leave();
    await use.fence();
    await exchange(admin, live, incoming, plan.kept, loss, use);
    return { loss, fencedMs: Math.round(performance.now() - fenced) };
  } catch (error) {
    await leave();
    await setDoor(admin, live, before, plan.open, options);
    throw error;
  }
}

/** Seconds by the server's clock, which is also what the point's time is of. */
export async function secondsSince(session: Session, takenAt: string | undefined): Promise<number> {
  if (takenAt === undefined) return 0;
  const row = await session.row(
    // Before 14 `extract` gives a double precision, which cannot be rounded to places.
    'select round(extract(epoch from clock_timestamp() - $1::timestamptz)::numeric, 3)::text as seconds',
    [takenAt],
  );
  return Number(row['seconds']);
}

/** Both renames or none: at no moment is there no database of that name, and at none two. */
async function exchange(
  admin: Session,
  live: string,
  incoming: string,
  kept: string,
  loss: StateLoss,
  use: StoreUse,
): Promise<void> {
  const literal = (text: string) => `'${text.replaceAll("'", "''")}'`;
  const row = await admin.row(
    `select pg_catalog.shobj_description(oid, 'pg_database') as comment from pg_catalog.pg_database where datname = $1`,
    [live],
  );
  const comment = row['comment'] ?? null;
  await admin.transaction('begin', async () => {
    await admin.execute(`alter database ${quoteName(live)} rename to ${quoteName(kept)}`);
    await admin.execute(`alter database ${quoteName(incoming)} rename to ${quoteName(live)}`);
    // With the figures: they cannot be measured again once the new one is written to.
    const why = `Switchback: was ${live} until run ${use.run} replaced it. Kept until somebody discards it. ${JSON.stringify(loss)}`;
    await admin.execute(`comment on database ${quoteName(kept)} is ${literal(why)}`);
    await admin.execute(`comment on database ${quoteName(live)} is ${comment === null ? 'null' : literal(comment)}`);
  });
}

/** The loss that was measured when a database was replaced, as it is written down at the replaced one. */
export async function readLoss(admin: Session, kept: string): Promise<StateLoss> {
  const row = await admin.row(
    `select pg_catalog.shobj_description(oid, 'pg_database') as comment from pg_catalog.pg_database where datname = $1`,
    [kept],
  );
  const json = /\{.*\}$/s.exec(row['comment'] ?? '')?.[0];
  if (json !== undefined) return JSON.parse(json) as StateLoss;
  throw new SwitchbackError('EffectUnknown', `what replacing ${kept} lost is not written down at it any more`, {
    hint: 'Somebody changed its comment. Compare the two databases by hand, then say done-by-hand.',
  });
}

/** After a failure: the door of the live database, if it still is the one that it was, is as it was found. */
async function setDoor(
  admin: Session,
  live: string,
  before: string | undefined,
  open: boolean,
  options: SessionOptions,
): Promise<void> {
  // The signal may be aborted, and the connection gone; this has to be tried all the same.
  const unaborted = { ...options, signal: new AbortController().signal };
  const again = await Session.open(admin.address, unaborted).catch((error: unknown) => error);
  if (!(again instanceof Session)) return;
  try {
    if ((await oidOf(again, live)) !== before) return;
    if (open) await unfenceDatabase(again, live);
    else await again.execute(`alter database ${quoteName(live)} allow_connections false`);
  } catch (error) {
    // The first failure is the one to tell; a retry opens the door again before it does anything else.
    if (!(error instanceof SwitchbackError)) throw error;
  } finally {
    await again.close();
  }
}
