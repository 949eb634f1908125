import { compareRows } from '../../comparison/compare-rows.ts';
import type { CompareSource, ComparePlan } from '../../comparison/compare-source.ts';
import { agree } from '../../comparison/agree.ts';
import { mergeRows } from '../../comparison/merge-rows.ts';
import type { StoreUse, TableLoss } from '../store.ts';
import { PostgresCompareSource } from './compare-source.ts';
import { quoteName } from './quote.ts';
import type { Session } from './session.ts';

interface Table {
  schema: string;
  name: string;
  columns: { name: string; type: string }[];
  /** Columns of the primary key; empty without one. */
  key: string[];
}

// Our own ledger is no data of the application.
const tablesQuery = `
select jsonb_build_object('schema', n.nspname, 'name', c.relname,
  'columns', (select coalesce(jsonb_agg(jsonb_build_object('name', a.attname, 'type', format_type(a.atttypid, a.atttypmod)) order by a.attnum), '[]')
    from pg_attribute a where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped),
  'key', (select coalesce(jsonb_agg(a.attname order by k.place), '[]') from pg_index x, unnest(x.indkey) with ordinality as k(num, place), pg_attribute a
    where x.indrelid = c.oid and x.indisprimary and a.attrelid = c.oid and a.attnum = k.num and k.place <= x.indnkeyatts))::text as found
from pg_class c join pg_namespace n on n.oid = c.relnamespace
where c.relkind = 'r' and c.relpersistence <> 't' and n.nspname !~ '^pg_' and n.nspname not in ('information_schema', 'switchback')
order by 1`;

/**
 * Compares a live database with the one that is to take its place, row by row: what is in the live one and not in the other is lost.
 * Nobody may write to either meanwhile, or the figures are old when they are told.
 */
export async function measureLoss(live: Session, incoming: Session, use: StoreUse): Promise<TableLoss[]> {
  const [mine, other] = await Promise.all([tablesOf(live), tablesOf(incoming)]);
  const losses: TableLoss[] = [];
  for (const name of [...new Set([...mine.keys(), ...other.keys()])].sort()) {
    use.progress({ doing: `measuring what ${name} loses` });
    const loss = await tableLoss(
      { table: mine.get(name), session: live },
      { table: other.get(name), session: incoming },
    );
    if (loss.missing + loss.different + loss.returning > 0) losses.push({ table: name, ...loss });
  }
  return losses;
}

async function tablesOf(session: Session): Promise<Map<string, Table>> {
  const found = (await session.rows(tablesQuery)).map((row) => JSON.parse(row['found'] ?? '') as Table);
  return new Map(found.map((table) => [`${table.schema}.${table.name}`, table]));
}

interface Side {
  table: Table | undefined;
  session: Session;
}
type Figures = Omit<TableLoss, 'table'>;

async function tableLoss(live: Side, incoming: Side): Promise<Figures> {
  if (live.table === undefined || incoming.table === undefined) {
    return { missing: await countRows(live), different: 0, returning: await countRows(incoming) };
  }
  const { key, columns } = live.table;
  const keyed = key.length > 0 && key.every((name) => incoming.table?.columns.some((column) => column.name === name));
  const left = await source(live.session, live.table, incoming.table.columns);
  try {
    const right = await source(incoming.session, incoming.table, columns);
    try {
      return keyed ? await byKey(left, right, key) : await byWholeRows(left, right);
    } finally {
      await right.close();
    }
  } finally {
    await left.close();
  }
}

/** Columns that only the other side has are empty here: a column that goes takes its values with it. */
async function source(session: Session, table: Table, others: Table['columns']): Promise<CompareSource> {
  const own = new Set(table.columns.map((column) => column.name));
  const lacking = others.filter((column) => !own.has(column.name));
  const select = [
    ...table.columns.map((column) => `t.${quoteName(column.name)}`),
    ...lacking.map((column) => `null::${column.type} as ${quoteName(column.name)}`),
  ];
  const query = `select ${select.join(', ')} from only ${quoteName(table.schema)}.${quoteName(table.name)} t`;
  return PostgresCompareSource.open(`table ${table.schema}.${table.name}`, session, query, { borrowed: true });
}

async function byKey(left: CompareSource, right: CompareSource, key: string[]): Promise<Figures> {
  const { missing, different, extra } = await compareRows(left, right, { key, remember: 0 });
  return { missing, different, returning: extra };
}

/** Without a key, rows are told apart by all their values: so and so many of each kind are here and there. */
async function byWholeRows(left: CompareSource, right: CompareSource): Promise<Figures> {
  const columns = agree(left, right, []);
  const plan: ComparePlan = { ...columns, key: [{ name: '', form: 'native', order: 'integer' }] };
  const figures: Figures = { missing: 0, different: 0, returning: 0 };
  await mergeRows(plan, left.kinds(columns), right.kinds(columns), {
    missing: (row) => (figures.missing += Number(row.digest)),
    extra: (row) => (figures.returning += Number(row.digest)),
    different: (l, r) => {
      const more = Number(l.digest) - Number(r.digest);
      if (more > 0) figures.missing += more;
      else figures.returning -= more;
    },
  });
  return figures;
}

async function countRows({ table, session }: Side): Promise<number> {
  if (table === undefined) return 0;
  const row = await session.row(
    `select count(*) as rows from only ${quoteName(table.schema)}.${quoteName(table.name)}`,
  );
  return Number(row['rows']);
}
