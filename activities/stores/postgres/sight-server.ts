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

/** What extensions bring along is no data, so that the `postgres` of every server counts for nothing until somebody uses it. */
const anythingOfAUser = `select (exists (select from pg_catalog.pg_class c where c.oid >= 16384 and c.relkind in ('r', 'p', 'm', 'f', 'v', 'S')
    and not exists (select from pg_catalog.pg_depend d where d.classid = 'pg_catalog.pg_class'::regclass and d.objid = c.oid and d.deptype = 'e'))
  or exists (select from pg_catalog.pg_proc p where p.oid >= 16384
    and not exists (select from pg_catalog.pg_depend d where d.classid = 'pg_catalog.pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e'))
  or exists (select from pg_catalog.pg_largeobject_metadata))::text as found`;

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
