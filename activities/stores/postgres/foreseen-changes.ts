import type { SqlParser } from '../../../runbook/guard/index.ts';
import type { SqlName } from '../../../runbook/guard/sql-facts.ts';
import { anyNameOf, nameOf, nodesOf, tableOf, textOf, type SqlFields } from '../../../runbook/guard/sql-tree.ts';
import type { StoreUse } from '../store.ts';
import type { Catalog } from './capture-catalog.ts';
import type { CatalogChange } from './catalog-changes.ts';
import { quoteName } from './quote.ts';
import type { Session } from './session.ts';

/** What a statement that runs without a transaction will change, asked before it runs: afterwards it cannot be taken back. */
export async function foreseen(
  session: Session,
  statement: string,
  parser: SqlParser,
  catalog: Catalog,
): Promise<CatalogChange[]> {
  const [parsed] = parser.parse(statement).statements;
  if (parsed === undefined) return [];
  const { kind, fields } = parsed;
  const at = (relation: number, what: string, more: Partial<CatalogChange> = {}): CatalogChange[] => {
    const found = catalog.relations.get(relation);
    if (found === undefined) return [];
    const table = `${found.schema}.${found.name}`;
    return [{ relation, table, what, additive: false, losesData: false, ...more }];
  };
  switch (kind) {
    case 'IndexStmt':
      return foreseenIndex(await oidOf(session, tableOf(fields['relation'])), fields, catalog);
    case 'AlterTableStmt':
      return at(await oidOf(session, tableOf(fields['relation'])), 'lost a partition');
    case 'RefreshMatViewStmt':
      return at(await oidOf(session, tableOf(fields['relation'])), 'was refreshed');
    case 'DropStmt': {
      const indexes = await Promise.all(
        nodesOf(fields['objects']).map(({ kind: of, fields: name }) => oidOf(session, anyNameOf({ [of]: name }))),
      );
      return [...catalog.relations.values()].flatMap((relation) =>
        relation.indexes
          .filter(({ oid }) => indexes.includes(oid))
          .flatMap(({ oid, name }) => at(relation.oid, `lost its index ${name}`, { takes: `index:${oid}` })),
      );
    }
    case 'AlterEnumStmt': {
      const users = await usersOfType(session, nameOf(fields['typeName']));
      return users.flatMap((relation) => at(relation, 'got another label for one of its columns', { additive: true }));
    }
    default:
      return [];
  }
}

/** A unique index refuses rows of those who do not know it, but for columns that the plan has made. */
function foreseenIndex(oid: number, fields: SqlFields, catalog: Catalog): CatalogChange[] {
  const found = catalog.relations.get(oid);
  if (found === undefined) return [];
  const change = { relation: oid, table: `${found.schema}.${found.name}`, losesData: false };
  if (fields['unique'] !== true) return [{ ...change, what: 'got an index', additive: true }];
  const ifMade = nodesOf(fields['indexParams']).map(({ fields: element }) => {
    const column = found.columns.find(({ name }) => name === element['name']);
    return `column:${oid}.${column?.num ?? 0}`;
  });
  return [{ ...change, what: 'got a unique index', additive: false, ifMade }];
}

const shown = ({ schema, name }: SqlName) => `${schema === undefined ? '' : `${quoteName(schema)}.`}${quoteName(name)}`;

async function oidOf(session: Session, name: SqlName | undefined): Promise<number> {
  if (name === undefined) return 0;
  const [row] = await session.rows('select pg_catalog.to_regclass($1)::oid::text as oid', [shown(name)]);
  return Number(row?.['oid'] ?? 0);
}

/** Tables with a column of a type, of an array or a domain of it, or of a composite that holds it. */
async function usersOfType(session: Session, name: SqlName | undefined): Promise<number[]> {
  if (name === undefined) return [];
  const rows = await session.rows(
    `with recursive used(oid) as (
       select pg_catalog.to_regtype($1)::oid
       union select n.oid from used u, lateral (
         select t.oid from pg_catalog.pg_type t where t.typelem = u.oid or t.typbasetype = u.oid
         union all select c.reltype from pg_catalog.pg_class c join pg_catalog.pg_attribute a on a.attrelid = c.oid
          where c.relkind = 'c' and a.atttypid = u.oid) n)
     select distinct a.attrelid::text as relation from pg_catalog.pg_attribute a join used u on a.atttypid = u.oid
      where not a.attisdropped`,
    [shown(name)],
  );
  return rows.map((row) => Number(row['relation']));
}

/** An interrupted CREATE INDEX CONCURRENTLY leaves an index that nobody uses and that is in the way of the next attempt. */
export async function dropUnfinishedIndex(
  session: Session,
  statement: string,
  parser: SqlParser,
  use: StoreUse,
): Promise<void> {
  const [parsed] = parser.parse(statement).statements;
  const name = textOf(parsed?.fields['idxname']);
  if (parsed?.kind !== 'IndexStmt' || name === '') return;
  // An index is made in the schema of its table, wherever the search path leads.
  const table = await oidOf(session, tableOf(parsed.fields['relation']));
  const invalid = await session.rows(
    `select x.indexrelid::regclass::text as name from pg_catalog.pg_index x join pg_catalog.pg_class i on i.oid = x.indexrelid
      where not x.indisvalid and x.indrelid = $1 and i.relname = $2`,
    [table, name],
  );
  for (const row of invalid) {
    use.log(`dropping ${row['name']}, which an interrupted attempt left invalid`);
    await session.execute(`drop index concurrently ${row['name']}`);
  }
}
