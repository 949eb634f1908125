import { quoteName } from './quote.ts';
import { rowHashExpression, rowHashFor, type RowHash } from './row-hash.ts';
import type { Session } from './session.ts';

/** What is in one table, in two figures, and of large ones in ranges of the primary key. */
export interface TableFingerprint {
  rows: number;
  /** Sum of the hashes of all rows, so that their order does not matter. */
  hash: string;
  chunks?: { column: string; from: string; width: string; parts: [chunk: number, rows: number, hash: string][] };
}

/** What is in a database. */
export interface Fingerprint {
  how: RowHash;
  /** By `schema.table`. */
  tables: Record<string, TableFingerprint>;
}

interface Table {
  schema: string;
  name: string;
  columns: { name: string; type: string }[];
  /** The column of a primary key that is one integer. */
  key: string | null;
}

/** Below this many rows, a difference is found by looking at the table. */
const worthChunks = 10_000;
const chunksPerTable = 32;

// Partitioned tables have no rows of their own, and foreign ones have theirs elsewhere.
const tablesQuery = `
select jsonb_build_object('schema', n.nspname, 'name', c.relname,
  'columns', (select coalesce(jsonb_agg(jsonb_build_object('name', a.attname, 'type', format_type(a.atttypid, a.atttypmod)) order by a.attnum), '[]')
    from pg_attribute a where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped),
  'key', (select a.attname from pg_index x join pg_attribute a on a.attrelid = x.indrelid and a.attnum = x.indkey[0]
    where x.indrelid = c.oid and x.indisprimary and x.indnkeyatts = 1 and a.atttypid in (20, 21, 23)))::text as found
from pg_class c join pg_namespace n on n.oid = c.relnamespace
where c.relkind = 'r' and c.relpersistence <> 't' and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
  and ($1::oid[] is null or c.oid = any($1::oid[]))
order by n.nspname, c.relname`;

export interface FingerprintOptions {
  /** Oids of tables; all of the user's unless told. */
  only?: readonly number[];
  how?: RowHash;
  /** Cut tables into the very chunks of an earlier fingerprint. */
  like?: Fingerprint;
  onTable?: (table: string, done: number, total: number) => void;
}

/**
 * Counts and hashes tables, as the current transaction sees them. A session with the settings for reading is needed, or a restore would
 * be compared with other texts for the same values.
 */
export async function fingerprintTables(session: Session, options: FingerprintOptions = {}): Promise<Fingerprint> {
  const { version } = await session.row(`select current_setting('server_version_num') as version`);
  const how = options.how ?? rowHashFor(Number(version));
  const only = options.only === undefined ? null : `{${options.only.join(',')}}`;
  const found = (await session.rows(tablesQuery, [only])).map((row) => JSON.parse(row['found'] ?? '') as Table);
  const tables: Fingerprint['tables'] = {};
  for (const [done, table] of found.entries()) {
    const name = `${table.schema}.${table.name}`;
    options.onTable?.(name, done, found.length);
    tables[name] = await fingerprintTable(session, table, how, options.like?.tables[name]?.chunks);
  }
  return { how, tables };
}

type ChunkPlan = Omit<NonNullable<TableFingerprint['chunks']>, 'parts'>;

async function fingerprintTable(
  session: Session,
  table: Table,
  how: RowHash,
  like: ChunkPlan | undefined,
): Promise<TableFingerprint> {
  const from = `from only ${quoteName(table.schema)}.${quoteName(table.name)} t`;
  const hash = `sum(${rowHashExpression(table.columns, 't', how)})`;
  const whole = like?.column === table.key ? like : await chunkPlan(session, table, from);
  if (whole === undefined) {
    const row = await session.row(`select count(*) as rows, coalesce(${hash}, 0) as hash ${from}`);
    return { rows: Number(row['rows']), hash: row['hash'] ?? '0' };
  }
  // The planner would sort to disk rather than hash a few groups.
  await session.execute('set local enable_sort = off');
  const rows = await session.rows(
    `select ((t.${quoteName(whole.column)} - (${BigInt(whole.from)})::bigint) / ${BigInt(whole.width)})::text as chunk, count(*) as rows, ${hash} as hash ${from} group by 1 order by 1`,
  );
  await session.execute('set local enable_sort = on');
  const parts = rows.map((row): [number, number, string] => [
    Number(row['chunk']),
    Number(row['rows']),
    row['hash'] ?? '0',
  ]);
  const total = { rows: 0, hash: 0n };
  for (const [, count, sum] of parts) {
    total.rows += count;
    total.hash += BigInt(sum);
  }
  const sums = { rows: total.rows, hash: String(total.hash) };
  const chunks = { column: whole.column, from: whole.from, width: whole.width, parts };
  return total.rows < worthChunks && like === undefined ? sums : { ...sums, chunks };
}

async function chunkPlan(session: Session, table: Table, from: string): Promise<ChunkPlan | undefined> {
  if (table.key === null) return undefined;
  const key = `t.${quoteName(table.key)}`;
  const ends = await session.row(`select min(${key})::text as low, max(${key})::text as high ${from}`);
  if (ends['low'] === null || ends['low'] === undefined) return undefined;
  const low = BigInt(ends['low']);
  const span = BigInt(ends['high'] ?? '') - low + 1n;
  // A difference of two bigints could overflow; nobody numbers rows like that.
  if (span > 2n ** 62n || low < -(2n ** 61n)) return undefined;
  const width = span / BigInt(chunksPerTable) + 1n;
  return { column: table.key, from: String(low), width: String(width) };
}
