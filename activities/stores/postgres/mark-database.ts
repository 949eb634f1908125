import type { MarkComparison, StoreMark } from '../store.ts';
import { compareDefinitions, readDefinitions, type Definitions } from './definitions.ts';
import { listTables, onlyTable, tableName, type Table } from './list-tables.ts';
import { quoteName } from './quote.ts';
import { rowHashExpression, rowHashFor, type RowHash } from './row-hash.ts';
import type { Session } from './session.ts';

/** Ours, and looked at by nobody else. */
const schema = 'switchback';

/**
 * Writes key and hash of every row into tables beside the ledger, as of one moment: it is a clone, and what is in it may stay there.
 * Rows of tables without a primary key are told apart by their hash alone.
 */
export async function markDatabase(session: Session, name: string, like?: StoreMark): Promise<StoreMark> {
  const { version } = await session.row(`select current_setting('server_version_num') as version`);
  const how = rowHashFor(Number(version));
  return session.transaction('begin isolation level repeatable read', async () => {
    await session.execute(`create schema if not exists ${schema}`);
    const definitions = await session.reading(() => readDefinitions(session));
    const tables: StoreMark['tables'] = {};
    for (const [number, table] of (await userTables(session)).entries()) {
      const as = then(table, like?.tables[tableName(table)]?.columns);
      const at = `${schema}.${quoteName(`mark_${name}_${number}`)}`;
      await session.execute(`drop table if exists ${at}`);
      await session.execute(`create table ${at} as ${keysAndHashes(as, how)}`);
      const { rows } = await session.row(`select coalesce(sum(n), 0)::text as rows from ${at}`);
      const columns = as.columns.map((column) => column.name);
      tables[tableName(table)] = { at, rows: Number(rows), columns };
    }
    return { definitions: definitions, tables };
  });
}

const userTables = async (session: Session) => (await listTables(session)).filter((table) => table.schema !== schema);

/** A table with the columns that it had then, as far as it has them all: those that were added say nothing about what was there. */
function then(table: Table, columns: readonly string[] | undefined): Table {
  if (columns === undefined) return table;
  // In the order of then: a column that was dropped and made again stands at the end.
  const still = columns.flatMap((name) => table.columns.find((column) => column.name === name) ?? []);
  return still.length < columns.length ? table : { ...table, columns: still };
}

function keysAndHashes(table: Table, how: RowHash): string {
  const hash = table.columns.length === 0 ? '0::bigint' : rowHashExpression(table.columns, 't', how);
  const key =
    table.key.length === 0
      ? `(${hash})::text`
      : `row(${table.key.map((name) => `t.${quoteName(name)}`).join(', ')})::text`;
  return `select ${key} as key, ${hash} as hash, count(*) as n from ${onlyTable(table)} t group by 1, 2`;
}

/** Compares two marks that the database holds. */
export async function compareMarks(session: Session, before: StoreMark, after: StoreMark): Promise<MarkComparison> {
  const tables: MarkComparison['tables'] = [];
  for (const [table, then] of Object.entries(before.tables)) {
    const now = after.tables[table];
    // A table that is gone is among the definitions.
    if (now === undefined || String(now.columns) !== String(then.columns)) continue;
    const found = await session.row(`select
      coalesce(sum(case when a.key is null then b.n end), 0)::text as missing,
      coalesce(sum(case when a.hash <> b.hash or a.n < b.n then b.n end), 0)::text as different,
      coalesce(sum(case when b.key is null then a.n end), 0)::text as more
      from ${then.at} b full join ${now.at} a on a.key = b.key`);
    const counts = {
      missing: Number(found['missing']),
      different: Number(found['different']),
      more: Number(found['more']),
    };
    if (counts.missing + counts.different + counts.more > 0) tables.push({ table, ...counts });
  }
  const rows = Object.values(before.tables).reduce((sum, table) => sum + table.rows, 0);
  const { added, changed } = compareDefinitions(before.definitions as Definitions, after.definitions as Definitions);
  return {
    added,
    changed,
    tables,
    compared: `${Object.keys(before.tables).length} tables by key with ${rows} rows, and their definitions`,
  };
}
