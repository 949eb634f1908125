import { compareRows } from '../../comparison/compare-rows.ts';
import type { CompareSource, ComparePlan } from '../../comparison/compare-source.ts';
import { agree } from '../../comparison/agree.ts';
import { mergeRows } from '../../comparison/merge-rows.ts';
import type { StoreUse, TableLoss } from '../store.ts';
import { PostgresCompareSource } from './compare-source.ts';
import { listTables, onlyTable, tableName, type Table } from './list-tables.ts';
import { quoteName } from './quote.ts';
import type { Session } from './session.ts';

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
    losses.push({ table: name, ...loss });
  }
  losses.push({ table: 'large objects', ...(await largeObjectLoss(live, incoming)) });
  return losses.filter((loss) => loss.missing + loss.different + loss.returning > 0);
}

async function tablesOf(session: Session): Promise<Map<string, Table>> {
  const found = await listTables(session);
  // Our own ledger is no data of the application.
  return new Map(found.filter((table) => table.schema !== 'switchback').map((table) => [tableName(table), table]));
}

const largeObjects = 'select oid::bigint as id, md5(lo_get(oid)) as content from pg_catalog.pg_largeobject_metadata';

/** They are in no table of the user's, and lost all the same. */
async function largeObjectLoss(live: Session, incoming: Session): Promise<Figures> {
  const open = (session: Session) =>
    PostgresCompareSource.open('large objects', session, largeObjects, { borrowed: true });
  return comparing(
    open(live),
    () => open(incoming),
    (left, right) => byKey(left, right, ['id']),
  );
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
  const replacement = incoming.table;
  return comparing(
    source(live.session, live.table, replacement.columns),
    () => source(incoming.session, replacement, columns),
    (left, right) => (keyed ? byKey(left, right, key) : byWholeRows(left, right)),
  );
}

/** Opens both sides, lends them and closes them, whatever happens. */
async function comparing<T>(
  opening: Promise<CompareSource>,
  openOther: () => Promise<CompareSource>,
  work: (left: CompareSource, right: CompareSource) => Promise<T>,
): Promise<T> {
  const left = await opening;
  try {
    const right = await openOther();
    try {
      return await work(left, right);
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
  const query = `select ${select.join(', ')} from ${onlyTable(table)} t`;
  return PostgresCompareSource.open(`table ${tableName(table)}`, session, query, { borrowed: true });
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
  const row = await session.row(`select count(*) as rows from ${onlyTable(table)}`);
  return Number(row['rows']);
}
