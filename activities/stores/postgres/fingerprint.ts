import { listTables, onlyTable, tableName, type Table } from './list-tables.ts';
import { quoteName } from './quote.ts';
import { rowHashExpression, rowHashFor, type RowHash } from './row-hash.ts';
import type { Session } from './session.ts';

/** What is in one table, in two figures, and of large ones in ranges of the primary key. */
export type TableFingerprint = {
  rows: number;
  /** Sum of the hashes of all rows, so that their order does not matter. */
  hash: string;
  chunks?: { column: string; from: string; width: string; parts: [chunk: number, rows: number, hash: string][] };
};

/** What is in a database. */
export type Fingerprint = {
  how: RowHash;
  /** By `schema.table`. */
  tables: Record<string, TableFingerprint>;
};

/** Below this many rows, a difference is found by looking at the table. */
const worthChunks = 10_000;
const chunksPerTable = 32;

const integers = ['smallint', 'integer', 'bigint'];

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
  const found = await listTables(session, options.only);
  const tables: Fingerprint['tables'] = {};
  for (const [done, table] of found.entries()) {
    const name = tableName(table);
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
  const from = `from ${onlyTable(table)} t`;
  const key = integerKey(table);
  const hash = `sum(${rowHashExpression(table.columns, 't', how)})`;
  const whole = key === undefined ? undefined : like?.column === key ? like : await chunkPlan(session, key, from);
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

/** The column of a primary key that is one integer. */
function integerKey(table: Table): string | undefined {
  const [name] = table.key;
  const type = table.columns.find((column) => column.name === name)?.type ?? '';
  return table.key.length === 1 && integers.includes(type) ? name : undefined;
}

async function chunkPlan(session: Session, column: string, from: string): Promise<ChunkPlan | undefined> {
  const key = `t.${quoteName(column)}`;
  const ends = await session.row(`select min(${key})::text as low, max(${key})::text as high ${from}`);
  if (ends['low'] === null || ends['low'] === undefined) return undefined;
  const low = BigInt(ends['low']);
  const span = BigInt(ends['high'] ?? '') - low + 1n;
  // A difference of two bigints could overflow; nobody numbers rows like that.
  if (span > 2n ** 62n || low < -(2n ** 61n)) return undefined;
  const width = span / BigInt(chunksPerTable) + 1n;
  return { column, from: String(low), width: String(width) };
}
