import type { MarkComparison } from '../store.ts';
import { noMeaning } from './capture-meaning.ts';
import { captureCatalog, type Catalog, type CatalogRelation } from './capture-catalog.ts';
import { catalogChanges } from './catalog-changes.ts';
import type { Session } from './session.ts';

/** What a database is made of, apart from rows: relations, and what else people define, as one text for each. */
export type Definitions = {
  relations: CatalogRelation[];
  others: { [name: string]: string };
};

// `pg_get_functiondef` has no answer for aggregates.
const othersQuery = `
select 'schema ' || n.nspname as name, pg_get_userbyid(n.nspowner) as text from pg_namespace n
  where n.nspname !~ '^pg_' and n.nspname not in ('information_schema', 'switchback')
union all
select 'function ' || p.oid::regprocedure::text, md5(pg_get_functiondef(p.oid)) from pg_proc p join pg_namespace n on n.oid = p.pronamespace
  where n.nspname !~ '^pg_' and n.nspname not in ('information_schema', 'switchback') and p.prokind in ('f', 'p', 'w')
  and not exists (select from pg_depend d where d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e')
union all
select 'type ' || t.oid::regtype::text, concat_ws(' ', t.typtype, (select string_agg(e.enumlabel, ',' order by e.enumsortorder) from pg_enum e
  where e.enumtypid = t.oid), case when t.typtype = 'd' then format_type(t.typbasetype, t.typtypmod) end)
  from pg_type t join pg_namespace n on n.oid = t.typnamespace
  where n.nspname !~ '^pg_' and n.nspname not in ('information_schema', 'switchback') and t.typtype in ('e', 'd', 'r')
union all
select 'extension ' || extname, extversion from pg_extension`;

/** Reads them. The caller does so with `Session.reading`. */
export async function readDefinitions(session: Session): Promise<Definitions> {
  const { relations } = await captureCatalog(session);
  const others = await session.rows(othersQuery);
  return {
    relations: [...relations.values()],
    others: Object.fromEntries(others.map((row) => [row['name'] ?? '', row['text'] ?? ''])),
  };
}

/**
 * What differs, by name: something that was dropped and made again in the same way is the same. The words are those of a step's
 * receipt, so that what is found can be traced to the step that added it.
 */
export function compareDefinitions(before: Definitions, after: Definitions): Pick<MarkComparison, 'added' | 'changed'> {
  const numbers = new Map<string, number>();
  const number = (name: string) => {
    const known = numbers.get(name) ?? numbers.size + 1;
    numbers.set(name, known);
    return known;
  };
  const changes = catalogChanges(byName(before.relations, number), byName(after.relations, number));
  const words = (adds: boolean) =>
    changes
      .filter((change) => (change.adds !== undefined) === adds)
      .map(({ table, what }) => ({ object: objectOf(table, what), what: `${table} ${what}` }));
  const said = (names: string[], what: string) => names.map((name) => ({ object: name, what: `${name} ${what}` }));
  const others = (from: Definitions, to: Definitions) =>
    Object.keys(to.others).filter((name) => !(name in from.others));
  const other = Object.keys(before.others).filter(
    (name) => name in after.others && before.others[name] !== after.others[name],
  );
  return {
    added: [...words(true), ...said(others(before, after), 'was created')],
    changed: [...words(false), ...said(others(after, before), 'was dropped'), ...said(other, 'has another definition')],
  };
}

/** A part that came to be, or the table that something happened to. */
function objectOf(table: string, what: string): string {
  const [, part] = /^got the (?:column|constraint|trigger|index|rule|policy) ([^\s,]+)/.exec(what) ?? [];
  return part === undefined ? table : `${table}.${part}`;
}

/** A catalogue in which names stand for oids: the same name is the same thing. */
function byName(relations: readonly CatalogRelation[], number: (name: string) => number): Catalog {
  const names = new Map(relations.map((relation) => [relation.oid, `${relation.schema}.${relation.name}`]));
  const idOf = (oid: number) => number(names.get(oid) ?? `oid ${oid}`);
  const renumbered = relations.map((relation): CatalogRelation => {
    const own = `${relation.schema}.${relation.name}`;
    const columnIds = new Map(relation.columns.map((column) => [column.num, number(`${own} column ${column.name}`)]));
    const parts = <T extends { name: string }>(kind: string, list: readonly T[]) =>
      list.map((part) => ({ ...part, oid: number(`${own} ${kind} ${part.name}`) }));
    return {
      ...relation,
      oid: number(own),
      file: '',
      last: null,
      parents: relation.parents.map(idOf),
      ownedBy: relation.ownedBy === null ? null : idOf(relation.ownedBy),
      columns: relation.columns.map((column) => ({ ...column, num: columnIds.get(column.num) ?? 0 })),
      constraints: parts('constraint', relation.constraints).map((constraint) => ({
        ...constraint,
        columns: constraint.columns.map((num) => columnIds.get(num) ?? 0),
      })),
      // Shadows of foreign keys are numbered by the server, anew each time.
      triggers: parts(
        'trigger',
        relation.triggers.filter((part) => !part.state.startsWith('internal')),
      ),
      indexes: parts('index', relation.indexes),
      rules: parts('rule', relation.rules),
      policies: parts('policy', relation.policies),
    };
  });
  return {
    relations: new Map(renumbered.map((relation) => [relation.oid, relation])),
    writes: new Map(),
    meaning: noMeaning(),
  };
}
