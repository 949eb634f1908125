import { protectedTables, splitPattern } from '../guard/table-pattern.ts';
import type { ProtectedResource } from '../compiled-plan.ts';

const literal = (text: string) => `'${text.replaceAll("'", "''")}'`;
const like = (glob: string) =>
  literal(
    glob
      .replace(/[\\%_]/g, '\\$&')
      .replaceAll('*', '%')
      .replaceAll('?', '_'),
  );

/**
 * A query whose one value is an array with a line for each protected table of a store: its name, its file, its columns, and how many
 * rows this transaction has changed or deleted. A line that is another one afterwards is a breach.
 */
export function protectedNow(protect: readonly ProtectedResource[], store: string): string {
  const patterns = protectedTables(protect, store).flatMap(({ tables }) => tables.map(splitPattern));
  if (patterns.length === 0) return "select '{}'::text[]";
  const matches = patterns.map(
    ({ schema, table }) => `(n.nspname like ${like(schema)} and c.relname like ${like(table)})`,
  );
  return [
    "select coalesce(array_agg(concat_ws(' ', c.oid, n.nspname, c.relname, c.relfilenode,",
    '(select count(*) from pg_catalog.pg_attribute a where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped),',
    "coalesce((select s.n_tup_upd + s.n_tup_del from pg_catalog.pg_stat_xact_user_tables s where s.relid = c.oid), 0))), '{}')",
    "from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace where c.relkind in ('r', 'p', 'm')",
    `and n.nspname not in ('switchback', 'information_schema') and n.nspname not like 'pg\\_%' and (${matches.join(' or ')})`,
  ].join(' ');
}

/**
 * The same for the data of every table, for an undo that must not discard any: its file, how many rows this transaction has changed or
 * deleted, and how many pages of large objects. A line that is another one, or gone, afterwards is a loss.
 */
export const dataNow = [
  "select coalesce(array_agg(line), '{}') from (",
  "select concat_ws(' ', c.oid, c.relfilenode, coalesce(s.n_tup_upd + s.n_tup_del, 0)) as line",
  'from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace',
  "left join pg_catalog.pg_stat_xact_user_tables s on s.relid = c.oid where c.relkind = 'r' and c.relpersistence <> 't'",
  "and n.nspname not in ('switchback', 'information_schema') and n.nspname not like 'pg\\_%'",
  "union all select concat_ws(' ', 'large objects', coalesce(sum(n_tup_upd + n_tup_del), 0)) from pg_catalog.pg_stat_xact_sys_tables",
  "where relname in ('pg_largeobject', 'pg_largeobject_metadata')) as data",
].join(' ');
