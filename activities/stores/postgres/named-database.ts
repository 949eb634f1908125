import { createHash } from 'node:crypto';
import { SwitchbackError } from '../../../runbook/errors.ts';
import type { StateLoss, StoreUse } from '../store.ts';
import { quoteName } from './quote.ts';
import type { Session } from './session.ts';

/** What a restore that takes nobody's place loses. */
export const nothingLost = (): StateLoss => ({ lostRows: 0, lostSeconds: 0, tables: [], measured: 'exact' });

/** @throws `PlanInvalid` for what is no name, or one by which leftovers of operations are found and removed */
export function requireUsableName(name: string): void {
  if (/^[A-Za-z_][A-Za-z0-9_-]{0,62}$/.test(name) && !/^switchback_|__(restore|replaced)_/.test(name)) return;
  throw new SwitchbackError('PlanInvalid', `${name} is no name for a database here`, {
    hint: 'Letters, digits, - and _, at most 63, and not one of those that Switchback itself gives.',
  });
}

/** Tells the database that this operation made from one that somebody else has called the same. */
const signature = ({ target, run, operation }: StoreUse) =>
  createHash('sha256').update(`${target}\n${run}\n${operation}`).digest('hex').slice(0, 16);

/** Gives a restored database the name that it was asked for, and says in the same transaction whose it is. */
export async function nameDatabase(admin: Session, incoming: string, name: string, use: StoreUse): Promise<void> {
  const why = `Switchback: restored by run ${use.run}, ${use.operation} (${signature(use)})`;
  await admin.transaction('begin', async () => {
    await admin.execute(`alter database ${quoteName(incoming)} rename to ${quoteName(name)}`);
    await admin.execute(`comment on database ${quoteName(name)} is '${why.replaceAll("'", "''")}'`);
  });
}

/** Whether that was done. A database of that name which does not say so is somebody else's. */
export async function namedState(admin: Session, name: string, use: StoreUse): Promise<'old' | 'new' | 'unknown'> {
  const [found] = await admin.rows(
    `select pg_catalog.shobj_description(oid, 'pg_database') as comment from pg_catalog.pg_database where datname = $1`,
    [name],
  );
  if (found === undefined) return 'old';
  return found['comment']?.includes(signature(use)) === true ? 'new' : 'unknown';
}
