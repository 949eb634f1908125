import { captureMeaning, type Meaning } from './capture-meaning.ts';
import type { Session } from './session.ts';

export type CatalogColumn = {
  num: number;
  name: string;
  type: string;
  notNull: boolean;
  default: string | null;
  /** Identity and generation, as in the catalogue. */
  made: string;
  collation: string | null;
  acl: string[];
  /** Labels of the column's enum type. */
  labels: string[];
  /** How its values are kept, and options of a foreign column. Marks of before do not have it. */
  kept?: string;
};

export type CatalogConstraint = {
  oid: number;
  name: string;
  definition: string;
  validated: boolean;
  columns: number[];
};

export type CatalogPart = {
  oid: number;
  name: string;
  definition: string;
  /** Enabled, valid, and so on: whatever else changes how it works. */
  state: string;
  /** Of a unique index: its columns; 0 stands for an expression. */
  unique?: number[] | null;
};

/** What the catalogue says about one table, view or sequence. */
export type CatalogRelation = {
  oid: number;
  schema: string;
  name: string;
  /** `r` table, `p` partitioned, `f` foreign, `v` view, `m` materialised view, `S` sequence. */
  kind: string;
  /** The file that holds its rows; another one after TRUNCATE or a rewrite. */
  file: string;
  owner: string;
  acl: string[];
  /** How its rows are stored. */
  flags: string;
  /** Persistence, replica identity, options of a view, parameters of a sequence, the extension that it belongs to. */
  nature: string;
  /** Where a sequence stands. */
  last: string | null;
  /** How it counts. Marks of before do not have it. */
  counts?: { by: string; from: string; least: string; most: string } | null;
  /** `no row security`, `row security`, `forced`. */
  rowSecurity: string;
  /** Text of a view. */
  definition: string | null;
  parents: number[];
  /** The table whose column a sequence belongs to. */
  ownedBy: number | null;
  columns: CatalogColumn[];
  constraints: CatalogConstraint[];
  triggers: CatalogPart[];
  indexes: CatalogPart[];
  rules: CatalogPart[];
  policies: CatalogPart[];
};

/** Rows that the current transaction wrote, and whether it holds a writer's lock. */
export interface Writes {
  inserted: number;
  updated: number;
  deleted: number;
  locked: boolean;
}

export interface Catalog {
  relations: Map<number, CatalogRelation>;
  writes: Map<number, Writes>;
  meaning: Meaning;
}

/** Schemas that are never a user's: the server's own, and ours. */
export const notOurs = `n.nspname !~ '^pg_' and n.nspname not in ('information_schema', 'switchback')`;

const parts = (from: string, oid: string, name: string, definition: string, state: string, more = '') =>
  `coalesce((select jsonb_agg(jsonb_build_object('oid', ${oid}::int8, 'name', ${name}, 'definition', ${definition},
     'state', ${state}${more}) order by ${name}) from ${from}), '[]')`;

const relationsQuery = `
select jsonb_build_object(
  'oid', c.oid::int8, 'schema', n.nspname, 'name', c.relname, 'kind', c.relkind, 'file', c.relfilenode::text,
  'owner', pg_get_userbyid(c.relowner),
  'acl', (select coalesce(jsonb_agg(a::text order by a::text), '[]') from unnest(coalesce(c.relacl,
    acldefault(case c.relkind when 'S' then 's' else 'r' end::"char", c.relowner))) a),
  'flags', concat_ws(' ', c.relispartition, case when c.relkind <> 'v' then array_to_string(c.reloptions, ',') end),
  'nature', concat_ws(' ', c.relpersistence, c.relreplident, case when c.relkind = 'v' then array_to_string(c.reloptions, ',') end,
    (select 'of extension ' || e.extname from pg_depend d join pg_extension e on e.oid = d.refobjid where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e'),
    (select (to_jsonb(q) - 'seqrelid')::text from pg_sequence q where q.seqrelid = c.oid),
    (select concat_ws(' ', v.srvname, f.ftoptions::text) from pg_foreign_table f join pg_foreign_server v on v.oid = f.ftserver where f.ftrelid = c.oid)),
  'last', case when c.relkind = 'S' then (select s.last_value::text from pg_sequences s where s.schemaname = n.nspname and s.sequencename = c.relname) end,
  'counts', case when c.relkind = 'S' then (select jsonb_build_object('by', s.seqincrement::text, 'from', s.seqstart::text, 'least', s.seqmin::text, 'most', s.seqmax::text) from pg_sequence s where s.seqrelid = c.oid) end,
  'rowSecurity', case when c.relforcerowsecurity then 'forced' when c.relrowsecurity then 'row security' else 'no row security' end,
  'definition', case when c.relkind in ('v', 'm') then pg_get_viewdef(c.oid) end,
  'parents', (select coalesce(jsonb_agg(i.inhparent::int8 order by i.inhseqno), '[]') from pg_inherits i where i.inhrelid = c.oid),
  'ownedBy', (select d.refobjid::int8 from pg_depend d where c.relkind = 'S' and d.classid = 'pg_class'::regclass
    and d.objid = c.oid and d.deptype in ('a', 'i') and d.refclassid = 'pg_class'::regclass limit 1),
  'columns', (select coalesce(jsonb_agg(jsonb_build_object('num', t.attnum, 'name', t.attname,
      'type', format_type(t.atttypid, t.atttypmod), 'notNull', t.attnotnull, 'default', pg_get_expr(d.adbin, d.adrelid),
      'made', t.attidentity::text || t.attgenerated::text,
      'collation', case when t.attcollation <> 0 then t.attcollation::regcollation::text end,
      'acl', (select coalesce(jsonb_agg(a::text order by a::text), '[]') from unnest(t.attacl) a),
      'kept', concat_ws(' ', t.attstorage, t.attoptions::text, t.attfdwoptions::text, nullif(to_jsonb(t)->>'attcompression', '')),
      'labels', (select coalesce(jsonb_agg(e.enumlabel order by e.enumsortorder), '[]') from pg_enum e where e.enumtypid = t.atttypid))
    order by t.attnum), '[]')
    from pg_attribute t left join pg_attrdef d on d.adrelid = t.attrelid and d.adnum = t.attnum
    where t.attrelid = c.oid and t.attnum > 0 and not t.attisdropped),
  'constraints', (select coalesce(jsonb_agg(jsonb_build_object('oid', k.oid::int8, 'name', k.conname,
      'definition', pg_get_constraintdef(k.oid), 'validated', k.convalidated, 'columns', coalesce(to_jsonb(k.conkey), '[]'))
    order by k.conname), '[]') from pg_constraint k where k.conrelid = c.oid),
  'triggers', ${parts('pg_trigger g where g.tgrelid = c.oid or g.tgconstraint in (select k.oid from pg_constraint k where k.conrelid = c.oid and k.contype = chr(102)::"char")', 'g.oid', 'g.tgname', 'pg_get_triggerdef(g.oid)', `case when g.tgisinternal then 'internal ' else '' end || g.tgenabled::text`)},
  'indexes', ${parts('pg_index x join pg_class y on y.oid = x.indexrelid where x.indrelid = c.oid', 'y.oid', 'y.relname', 'pg_get_indexdef(y.oid)', `concat_ws(' ', x.indisvalid, x.indisunique, x.indisclustered)`, `, 'unique', case when x.indisunique then to_jsonb(x.indkey::int2[]) end`)},
  'rules', ${parts(`pg_rewrite w where w.ev_class = c.oid and w.rulename <> '_RETURN'`, 'w.oid', 'w.rulename', 'pg_get_ruledef(w.oid)', 'w.ev_enabled::text')},
  'policies', ${parts('pg_policy p where p.polrelid = c.oid', 'p.oid', 'p.polname', `concat_ws(' | ', pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid))`, `concat_ws(' ', p.polcmd, p.polpermissive, p.polroles::text)`)}
)::text as relation
from pg_class c join pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('r', 'p', 'f', 'v', 'm', 'S') and ${notOurs} and c.relpersistence <> 't'`;

// The counters tell what was written; the lock tells whether it still stands, since a subtransaction that was rolled back gave
// its locks back but not its counts. The lock cannot be talked away, and lasts until the end of the transaction.
const writesQuery = `
select c.oid::text as oid, coalesce(s.n_tup_ins, 0) as inserted, coalesce(s.n_tup_upd, 0) as updated, coalesce(s.n_tup_del, 0) as deleted,
  exists (select from pg_locks l where l.pid = pg_backend_pid() and l.locktype = 'relation' and l.relation = c.oid
    and l.database = (select oid from pg_database where datname = current_database())
    and l.mode = 'RowExclusiveLock') as locked
from pg_class c join pg_namespace n on n.oid = c.relnamespace left join pg_stat_xact_all_tables s on s.relid = c.oid
where c.relkind in ('r', 'p', 'f') and ${notOurs} and c.relpersistence <> 't'`;

/**
 * Reads what the catalogue says of every relation that is the user's, and what the current transaction has written so far. The
 * caller does so with `Session.reading`, so that definitions come out qualified and nobody's own `pg_class` is read instead.
 */
export async function captureCatalog(session: Session): Promise<Catalog> {
  const relations = (await session.rows(relationsQuery)).map(
    (row) => JSON.parse(row['relation'] ?? '') as CatalogRelation,
  );
  const writes = (await session.rows(writesQuery)).map((row): [number, Writes] => [
    Number(row['oid']),
    {
      inserted: Number(row['inserted']),
      updated: Number(row['updated']),
      deleted: Number(row['deleted']),
      locked: row['locked'] === 't',
    },
  ]);
  const meaning = await captureMeaning(session, new Set(relations.map(({ oid }) => oid)));
  return {
    relations: new Map(relations.map((relation) => [relation.oid, relation])),
    writes: new Map(writes),
    meaning,
  };
}

/** Relations of which this transaction holds a writer's lock, by oid. */
export async function writersLocks(session: Session): Promise<Set<number>> {
  const rows = await session.rows(
    `select l.relation::text as oid from pg_locks l where l.pid = pg_backend_pid() and l.locktype = 'relation' and l.mode = 'RowExclusiveLock'`,
  );
  return new Set(rows.map(({ oid }) => Number(oid)));
}
