/** What a store's server says of itself. */
export interface ServerSight {
  store: string;
  /** Unique to the server. */
  server: string;
  /** The store's own database. */
  database: string;
  /** Other databases of the server that hold something. */
  others: string[];
  /** The whole server is backed up by its files, or the volume that it keeps them in is. */
  whole: boolean;
}

/** Databases of a server that no backup has. */
export interface Uncovered {
  server: string;
  /** Stores that are in it. */
  stores: string[];
  databases: string[];
}

/** The server that a store is in, from the identity of the store: `SERVER/DATABASE`. */
export const serverOf = (identity: string) => identity.split('/')[0] ?? identity;

/** Which databases no backup would have, by server, if these stores were backed up and nothing else. */
export function uncoveredDatabases(sights: readonly ServerSight[]): Uncovered[] {
  const servers = [...new Set(sights.map(({ server }) => server))];
  return servers.flatMap((server) => {
    const own = sights.filter((sight) => sight.server === server);
    if (own.some(({ whole }) => whole)) return [];
    const covered = new Set(own.map(({ database }) => database));
    const databases = [...new Set(own.flatMap(({ others }) => others))].filter((name) => !covered.has(name)).sort();
    return databases.length === 0 ? [] : [{ server, stores: own.map(({ store }) => store).sort(), databases }];
  });
}

/** For messages: `database bridge of the server of store db is`, and so on for several. */
export function describeUncovered({ stores, databases }: Uncovered): string {
  const most = 8;
  const shown = databases.slice(0, most).join(', ');
  const more = databases.length > most ? ` and ${databases.length - most} more` : '';
  const of = `of the server of store ${stores.join(', ')}`;
  return databases.length === 1 ? `database ${shown} ${of} is` : `databases ${shown}${more} ${of} are`;
}

/**
 * SQL for PostgreSQL: whether a database holds something, as `true` or `false`. What extensions bring along is no data, so that the
 * `postgres` of every server counts for nothing until
 * somebody uses it.
 */
export const anythingOfAUser = `select (exists (select from pg_catalog.pg_class c where c.oid >= 16384 and c.relkind in ('r', 'p', 'm', 'f', 'v', 'S')
    and not exists (select from pg_catalog.pg_depend d where d.classid = 'pg_catalog.pg_class'::regclass and d.objid = c.oid and d.deptype = 'e'))
  or exists (select from pg_catalog.pg_proc p where p.oid >= 16384
    and not exists (select from pg_catalog.pg_depend d where d.classid = 'pg_catalog.pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e'))
  or exists (select from pg_catalog.pg_largeobject_metadata))::text as found`;
