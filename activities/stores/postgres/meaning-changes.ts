import { changesMeaning } from '../../../runbook/guard/read-settings.ts';
import type { Catalog, CatalogRelation } from './capture-catalog.ts';
import type { CatalogChange } from './catalog-change.ts';

/** What changed of all that tables are made of, read and written through; and what every later statement of the database meets. */
export function meaningChanges(before: Catalog, after: Catalog): CatalogChange[] {
  const [old, now] = [before.meaning, after.meaning];
  const changes: CatalogChange[] = [];
  for (const relation of before.relations.values()) {
    // What is dropped is told already.
    if (!after.relations.has(relation.oid)) continue;
    for (const key of old.uses.get(relation.oid) ?? []) changes.push(...objectChange(key, relation, before, after));
    for (const key of now.uses.get(relation.oid) ?? []) {
      const gained = now.objects.get(key);
      if (!gained?.what.startsWith('publication ') || old.uses.get(relation.oid)?.has(key)) continue;
      changes.push(change(relation, `is sent by the ${gained.what}`, { additive: true }));
    }
  }
  for (const [key, object] of now.objects) {
    if (old.objects.has(key)) continue;
    changes.push({
      ...everything,
      what: `the ${object.what} was created`,
      additive: true,
      adds: `object:${key}`,
      everywhere: false,
    });
  }
  changes.push(
    ...everywhereChanges(before, after),
    ...largeObjectChanges(before, after),
    ...hidingChanges(before, after),
  );
  return changes;
}

const change = (relation: CatalogRelation, what: string, more: Partial<CatalogChange> = {}): CatalogChange => ({
  relation: relation.oid,
  table: `${relation.schema}.${relation.name}`,
  what,
  additive: false,
  losesData: false,
  ...more,
});

const everything: CatalogChange = {
  relation: 0,
  table: 'all tables',
  what: '',
  additive: false,
  losesData: false,
  everywhere: true,
};

function objectChange(key: string, relation: CatalogRelation, before: Catalog, after: Catalog): CatalogChange[] {
  const old = before.meaning.objects.get(key);
  const now = after.meaning.objects.get(key);
  if (old === undefined) return [];
  const takes = { takes: `object:${key}` };
  const used = after.meaning.uses.get(relation.oid)?.has(key) ?? false;
  if (old.what.startsWith('publication ') && !used)
    return [change(relation, `is not sent by the ${old.what} any more`, takes)];
  if (now === undefined) return [change(relation, `lost the ${old.what}, which it uses`, takes)];
  const kept = new Set(now.members);
  const lost = old.members.find((member) => !kept.has(member));
  if (lost !== undefined)
    return [
      change(relation, `had ${lost.replace(/^[\d. ]+/, '')} of the ${old.what} changed, which it uses`, {
        ...takes,
        losesData: true,
      }),
    ];
  if (now.definition !== old.definition || now.what !== old.what)
    return [change(relation, `had the ${old.what} changed, which it uses`, takes)];
  if (now.members.length === old.members.length) return [];
  // A composite gets an attribute in all rows; an enum, a label in none.
  const additive = !/" *typtype": *"c"/.test(now.definition) && !now.definition.includes('"typtype": "c"');
  return [change(relation, `got more of the ${old.what}, which it uses`, { ...takes, additive })];
}

/** Settings, one by one: only those that give statements another meaning. */
function everywhereChanges({ meaning: old }: Catalog, { meaning: now }: Catalog): CatalogChange[] {
  const names = new Set([...old.everywhere.keys(), ...now.everywhere.keys()]);
  return [...names].flatMap((what): CatalogChange[] => {
    const [was, is] = [old.everywhere.get(what), now.everywhere.get(what)];
    if (was === is) return [];
    // A role that was not there has opened no session yet.
    if (what.startsWith('role '))
      return was === undefined || is === undefined
        ? []
        : [{ ...everything, what: `the ${what} got other rights past all others` }];
    if (!what.startsWith('settings of '))
      return [{ ...everything, what: `${what} changed`, additive: was === undefined && what.startsWith('cast ') }];
    const role = / role (.*)$/.exec(what)?.[1];
    if (role !== undefined && !old.roles.has(role)) return [];
    const lines = (text = '') => new Set(text.split('\n').filter((line) => line !== ''));
    const [oldLines, nowLines] = [lines(was), lines(is)];
    const changed = [...oldLines, ...nowLines].find(
      (line) => oldLines.has(line) !== nowLines.has(line) && changesMeaning(line.split('=')[0] ?? ''),
    );
    return changed === undefined ? [] : [{ ...everything, what: `${what} changed (${changed.split('=')[0]})` }];
  });
}

/** Which rows refer to a large object is known to nobody: to all columns that can. */
function largeObjectChanges(before: Catalog, after: Catalog): CatalogChange[] {
  if (after.meaning.largeObjects <= before.meaning.largeObjects) return [];
  const count = after.meaning.largeObjects - before.meaning.largeObjects;
  const what = `may refer to large objects, of which ${count} pages were changed or removed`;
  const found = [...before.relations.values()].filter((relation) => refersToLargeObjects(relation, before));
  if (found.length > 0) return found.map((relation) => change(relation, what, { losesData: true, largeObjects: true }));
  // No column says that it refers to them, which breaks no protection; they are lost all the same.
  return [
    {
      ...everything,
      table: 'the database',
      what: `had ${count} pages of large objects changed or removed`,
      additive: true,
      losesData: true,
      largeObjects: true,
      everywhere: false,
    },
  ];
}

function refersToLargeObjects(relation: CatalogRelation, { meaning }: Catalog): boolean {
  if (!['r', 'p', 'f'].includes(relation.kind)) return false;
  if (relation.columns.some(({ type }) => /^(oid|lo)(\[\])?$/.test(type))) return true;
  // A domain of oid, or a composite with one in it.
  return [...(meaning.uses.get(relation.oid) ?? [])].some((key) => {
    const object = meaning.objects.get(key);
    return (
      object !== undefined &&
      (/"typbasetype": "?26"?[,}]/.test(object.definition) || object.members.some((member) => / oid$/.test(member)))
    );
  });
}

/** A table of the same name in a schema that is searched first: what is written for one goes to the other. */
function hidingChanges(before: Catalog, after: Catalog): CatalogChange[] {
  const paths = [...after.meaning.everywhere.values()].flatMap((value) => /search_path=(.*)/.exec(value)?.[1] ?? []);
  const changes: CatalogChange[] = [];
  for (const now of after.relations.values()) {
    const old = before.relations.get(now.oid);
    if (old?.schema === now.schema && old.name === now.name) continue;
    const first = after.meaning.roles.has(now.schema) || paths.some((path) => path.includes(now.schema));
    if (!first) continue;
    for (const hidden of before.relations.values()) {
      if (hidden.name !== now.name || hidden.schema === now.schema || hidden.oid === now.oid) continue;
      changes.push(change(hidden, `is hidden by ${now.schema}.${now.name} where that schema is searched first`));
    }
  }
  return changes;
}

/** What a step changed in the server beside its database, by names that people know. A dump of the database does not take it back. */
export function globalChanges({ meaning: old }: Catalog, { meaning: now }: Catalog): string[] {
  const names = new Set([...old.globals.keys(), ...now.globals.keys()]);
  return [...names].filter((what) => old.globals.get(what) !== now.globals.get(what)).sort();
}
