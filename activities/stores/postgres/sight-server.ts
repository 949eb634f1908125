import { anythingOfAUser } from '../../../runbook/databases-of-servers.ts';
import { SwitchbackError } from '../../../runbook/errors.ts';
import type { StoreSight, StoreUse } from '../store.ts';
import { inDatabase } from './address.ts';
import { sessionOptions, withSession } from './connect.ts';
import { serverFacts } from './server.ts';
import { Session } from './session.ts';

/** Looks which databases a server has besides the store's own. Those that Switchback has made or kept say so in their comment. */
export async function sightServer(session: Session, use: StoreUse): Promise<StoreSight> {
  const { system, database } = await serverFacts(session);
  const beside = await session.rows(
    `select datname::text as name from pg_catalog.pg_database where not datistemplate and datname <> $1
       and coalesce(pg_catalog.shobj_description(oid, 'pg_database'), '') not like 'Switchback:%' order by 1`,
    [database],
  );
  // Not everybody may see it.
  const [place] = await session.rows(`select setting from pg_catalog.pg_settings where name = 'data_directory'`);
  const others: string[] = [];
  for (const { name } of beside) if (name && (await holdsSomething(session, name, use))) others.push(name);
  const dataDirectory = place?.['setting'];
  return { server: system, database, others, ...(dataDirectory ? { dataDirectory } : {}) };
}

/** One that lets nobody in to look counts as one that holds something. */
async function holdsSomething(session: Session, database: string, use: StoreUse): Promise<boolean> {
  try {
    const opening = Session.open(inDatabase(session.address, database), sessionOptions(use, 'reading'));
    const { found } = await withSession(opening, (other) => other.row(anythingOfAUser));
    return found === 'true';
  } catch (error) {
    use.signal.throwIfAborted();
    if (!(error instanceof SwitchbackError)) throw error;
    return true;
  }
}
