import { changesMeaning } from '../../../runbook/guard/read-settings.ts';
import type { Catalog, CatalogRelation } from './capture-catalog.ts';
import type { MeantObject, Meaning } from './capture-meaning.ts';
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
      if (gained === undefined || old.uses.get(relation.oid)?.has(key)) continue;
      if (gained.what.startsWith('publication '))
        changes.push(change(relation, `is sent by the ${gained.what}`, { additive: true }));
      const domain = /^constraint /.test(gained.what) ? old.objects.get(domainOf(key, gained, old)) : undefined;
      if (domain !== undefined)
        changes.push(change(relation, `got the ${gained.what} of the ${domain.what}`, { adds: `object:${key}` }));
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
    // What stands in the server's own schema is found before whatever is of the same name.
    if (object.what.includes(' pg_catalog.')) changes.push({ ...everything, what: `the ${object.what} was created` });
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

/** The key of the domain that a constraint belongs to. */
function domainOf(key: string, constraint: MeantObject, { objects }: Meaning): string {
  const { contypid } = JSON.parse(constraint.definition) as { contypid?: string | number };
  const end = `.${contypid}`;
  return [...objects.keys()].find((each) => each.endsWith(end) && each !== key) ?? '';
}

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
  const rights = [
    ...old.rights.filter((right) => !now.rights.includes(right)).map((right) => ({ right, lost: true })),
    ...now.rights.filter((right) => !old.rights.includes(right)).map((right) => ({ right, lost: false })),
  ].map(({ right, lost }) => {
    const object = `right:${key}:${right}`;
    return change(
      relation,
      `has ${lost ? 'lost' : 'got'} a right in the ${old.what}, which it uses (${right})`,
      lost ? { takes: object } : { additive: true, adds: object },
    );
  });
  if (now.members.length === old.members.length) return rights;
  // A composite gets an attribute in all rows; an enum, a label in none.
  const additive = !/" *typtype": *"c"/.test(now.definition) && !now.definition.includes('"typtype": "c"');
  return [...rights, change(relation, `got more of the ${old.what}, which it uses`, { ...takes, additive })];
}

function everywhereChanges(before: Catalog, after: Catalog): CatalogChange[] {
  const [old, now] = [before.meaning, after.meaning];
  const names = new Set([...old.everywhere.keys(), ...now.everywhere.keys()]);
  return [...names].flatMap((what): CatalogChange[] => {
    const [was, is] = [old.everywhere.get(what), now.everywhere.get(what)];
    if (was === is) return [];
    if (what.startsWith('settings of ')) return settingChanges(what, was, is, old);
    if (what.startsWith('rights in ')) return rightChanges(what, was, is);
    if (what.startsWith('role ')) return roleChanges(what, was, is);
    if (what.startsWith('membership of ')) return membershipChanges(what, was, is, old);
    if (what.startsWith('cast ') && was === undefined) return newCast(what, is, old);
    // It went with a type; where that matters, the type says so.
    if (what.startsWith('cast ') && is === undefined && !castStands(was, now)) return [];
    return [{ ...everything, what: `${what} changed` }];
  });
}

const linesOf = (text = '') => new Set(text.split('\n').filter((line) => line !== ''));

/** Settings, one by one: only those that give statements another meaning. */
function settingChanges(what: string, was: string | undefined, is: string | undefined, old: Meaning): CatalogChange[] {
  const role = / role (.*)$/.exec(what)?.[1];
  // A role that was not there has opened no session yet.
  if (role !== undefined && !old.roles.has(role)) return [];
  const [oldLines, nowLines] = [linesOf(was), linesOf(is)];
  const changed = [...oldLines, ...nowLines].find(
    (line) => oldLines.has(line) !== nowLines.has(line) && changesMeaning(line.split('=')[0] ?? ''),
  );
  return changed === undefined ? [] : [{ ...everything, what: `${what} changed (${changed.split('=')[0]})` }];
}

function rightChanges(what: string, was: string | undefined, is: string | undefined): CatalogChange[] {
  // A language that was not there has no functions.
  if (was === undefined) return [];
  const [oldLines, nowLines] = [linesOf(was), linesOf(is)];
  const [lost] = [...oldLines].filter((line) => !nowLines.has(line));
  if (lost === undefined) return [{ ...everything, what: `${what} were given to more`, additive: true }];
  return [{ ...everything, what: `${what} were taken from ${lost}` }];
}

function roleChanges(what: string, was: string | undefined, is: string | undefined): CatalogChange[] {
  if (was === undefined)
    return [{ ...everything, what: `the ${what} was created`, additive: true, adds: what, everywhere: false }];
  if (is === undefined) return [{ ...everything, what: `the ${what} was dropped or renamed`, takes: what }];
  return [{ ...everything, what: `the ${what} may do other things (${is} instead of ${was})`, takes: what }];
}

/** Who is in a group may do with each table what the group may do. */
function membershipChanges(
  what: string,
  was: string | undefined,
  is: string | undefined,
  old: Meaning,
): CatalogChange[] {
  const [, member = '', group = ''] = /^membership of (.*) in (.*)$/.exec(what) ?? [];
  if (was === undefined)
    return [
      {
        ...everything,
        what: `the ${what} was given`,
        additive: true,
        adds: what,
        everywhere: old.roles.has(member) && old.roles.has(group),
      },
    ];
  return [{ ...everything, what: `the ${what} ${is === undefined ? 'was taken' : 'changed'}`, takes: what }];
}

/** A cast changes what is written already where PostgreSQL applies it by itself, between types that were there. */
function newCast(what: string, is: string | undefined, old: Meaning): CatalogChange[] {
  const { castcontext } = JSON.parse(is ?? '{}') as { castcontext?: string };
  if (castcontext === 'e' || !castStands(is, old)) return [];
  return [{ ...everything, what: `the ${what} was created`, additive: true }];
}

/** Whether both types of a cast are there. */
function castStands(cast: string | undefined, { objects }: Meaning): boolean {
  const { castsource, casttarget } = JSON.parse(cast ?? '{}') as { castsource?: string; casttarget?: string };
  return [castsource, casttarget].every(
    (oid) =>
      Number(oid) < firstOfUsers ||
      [...objects].some(([key, { what }]) => key.endsWith(`.${oid}`) && what.startsWith('type ')),
  );
}

/** Lower oids are PostgreSQL's own. */
const firstOfUsers = 16_384;

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
