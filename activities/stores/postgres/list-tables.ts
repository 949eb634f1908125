import { quoteName } from './quote.ts';
import type { Session } from './session.ts';

/** A table that holds rows of its own. */
export interface Table {
  schema: string;
  name: string;
  /** Types as `format_type` writes them. */
  columns: { name: string; type: string }[];
  /** Columns of the primary key; empty without one. */
  key: string[];
}

// Partitioned tables have no rows of their own, and foreign ones have theirs elsewhere.
const tablesQuery = `
select jsonb_build_object('schema', n.nspname, 'name', c.relname,
  'columns', (select coalesce(jsonb_agg(jsonb_build_object('name', a.attname, 'type', format_type(a.atttypid, a.atttypmod)) order by a.attnum), '[]')
    from pg_attribute a where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped),
  'key', (select coalesce(jsonb_agg(a.attname order by k.place), '[]') from pg_index x, unnest(x.indkey) with ordinality as k(num, place), pg_attribute a
    where x.indrelid = c.oid and x.indisprimary and a.attrelid = c.oid and a.attnum = k.num and k.place <= x.indnkeyatts))::text as found
from pg_class c join pg_namespace n on n.oid = c.relnamespace
where c.relkind = 'r' and c.relpersistence <> 't' and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
  and ($1::oid[] is null or c.oid = any($1::oid[]))
order by n.nspname, c.relname`;

/** Tables of the current database, in the order of their names; of these oids only where they are given. */
export async function listTables(session: Session, only?: readonly number[]): Promise<Table[]> {
  const oids = only === undefined ? null : `{${only.join(',')}}`;
  return (await session.rows(tablesQuery, [oids])).map((row) => JSON.parse(row['found'] ?? '') as Table);
}

/** For people, and as a key of results. */
export const tableName = (table: Table) => `${table.schema}.${table.name}`;

/** For SQL: the table without those that inherit from it, which are listed themselves. */
export const onlyTable = (table: Table) => `only ${quoteName(table.schema)}.${quoteName(table.name)}`;
