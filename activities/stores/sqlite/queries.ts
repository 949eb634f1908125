/**
 * SQL that writes SQL, since nothing else can name tables that are not known before. Identifiers are quoted by `%w`, texts by `%Q`.
 */

/** Of a table: a name of its rowid that no column has taken; null where it has none. `s` is the schema, `t` the table. */
const rowid = (
  s: string,
  t: string,
) => `(select name from (select 'rowid' as name, 1 as at union all select '_rowid_', 2 union all select 'oid', 3) as r
    where not exists (select 1 from pragma_table_xinfo(${t}, ${s}) where lower(name) = r.name) order by at limit 1)`;

/** Tables that hold rows of their own. Those behind a virtual table are among them. */
const tables = (schema: string) =>
  `select name, wr from pragma_table_list where schema = '${schema}' and type in ('table', 'shadow')`;

/** Writes a query for what the database is in general, then one for each of its tables: rows, and a hash of all of them in order. */
export const contentSql = `
select 'select json_object(''userVersion'', (select user_version from pragma_user_version), ''applicationId'', (select application_id from pragma_application_id),
 ''encoding'', (select encoding from pragma_encoding),
 ''schema'', lower(hex(sha3_query(''select type, name, tbl_name, sql from sqlite_schema order by type, name'', 256))));';
with t as (${tables('main')} and name not in ('sqlite_schema', 'sqlite_temp_schema')),
 keyed as (select name, case when wr then null else ${rowid("'main'", 't.name')} end as rowid,
  (select group_concat(format('"%w" collate binary', c.name)) from (select name from pragma_table_xinfo(t.name, 'main') where pk > 0 order by pk) as c) as key
  from t)
select format('select json_object(''table'', %Q, ''rows'', (select count(*) from "%w"), ''hash'', lower(hex(sha3_query(%Q, 256))));', name, name,
  format('select %s* from "%w" order by %s', coalesce(rowid || ', ', ''), name, coalesce(rowid, key, '1')))
from keyed order by name;
`;

/** A column by which rows are compared: exactly, whatever its collation. Where one side lacks it, it is null there. */
type Side = 'main' | 'incoming';
const columnsOf = (schema: Side) =>
  `(select group_concat(case when exists (select 1 from pragma_table_xinfo(b.name, '${schema}') x where x.name = u.name)
    then format('"%w" collate binary, typeof("%w")', u.name, u.name) else 'null, ''null''' end)
    from (select name from pragma_table_xinfo(b.name, 'main') union select name from pragma_table_xinfo(b.name, 'incoming') order by 1) as u)`;
const keyOf = (schema: Side) =>
  `(select group_concat(format('"%w" collate binary, typeof("%w")', c.name, c.name))
    from (select name from pragma_table_xinfo(b.name, '${schema}') where pk > 0 order by pk) as c)`;

/** Writes a query for each table of `main` and `incoming`: rows that are in the one alone, in the other alone, and other ones under the same key. */
export const lossSql = `
with m as (${tables('main')} and name not like 'sqlite\\_%' escape '\\'),
 i as (${tables('incoming')} and name not like 'sqlite\\_%' escape '\\'),
 b as (select m.name from m join i using (name)),
 keys as (select name, ${columnsOf('main')} as mcols, ${columnsOf('incoming')} as icols,
   ${keyOf('main')} as mkey, ${keyOf('incoming')} as ikey, ${rowid("'main'", 'b.name')} as mrow, ${rowid("'incoming'", 'b.name')} as irow from b),
 by as (select name, mcols, icols, case when mkey is ikey then coalesce(mkey, mrow) else mrow end as mkey,
   case when mkey is ikey then coalesce(ikey, irow) else irow end as ikey from keys),
 q as (select name,
   format('(select count(*) from (select %s from main."%w" except select %s from incoming."%w"))', mkey, name, ikey, name) as missing,
   format('(select count(*) from (select %s from incoming."%w" except select %s from main."%w"))', ikey, name, mkey, name) as back,
   format('(select count(*) from (select %s, %s from main."%w" except select %s, %s from incoming."%w"))', mkey, mcols, name, ikey, icols, name) as changed
   from by)
select format('select json_object(''table'', %Q, ''missing'', missing, ''different'', changed - missing, ''returning'', back) from (select %s as missing, %s as back, %s as changed);', name, missing, back, changed) from q
union all
select format('select json_object(''table'', %Q, ''missing'', count(*), ''different'', 0, ''returning'', 0) from main."%w";', name, name) from m where name not in (select name from i)
union all
select format('select json_object(''table'', %Q, ''missing'', 0, ''different'', 0, ''returning'', count(*)) from incoming."%w";', name, name) from i where name not in (select name from m);
`;
