import { SwitchbackError } from '../../../runbook/errors.ts';
import { tableMatches, type ProtectedTables } from '../../../runbook/guard/table-pattern.ts';
import type { Catalog, CatalogRelation } from './capture-catalog.ts';
import { kindOf, type CatalogChange } from './catalog-changes.ts';

type Allowance = ProtectedTables['allow'];

/** How strictly one relation is protected; the strictest of several protections counts. */
export function allowanceFor(
  relation: CatalogRelation,
  catalog: Catalog,
  protections: readonly ProtectedTables[],
): Allowance | undefined {
  // A partition is protected with its table, a sequence with the column it counts for, whatever their names.
  const family = [relation, ...ancestors(relation, catalog)];
  const found = protections.filter((protection) =>
    protection.tables.some((glob) => family.some((member) => tableMatches(glob, member, false))),
  );
  if (found.length === 0) return undefined;
  return found.some((protection) => protection.allow === 'nothing') ? 'nothing' : 'expand';
}

function ancestors(relation: CatalogRelation, catalog: Catalog): CatalogRelation[] {
  const above = [...relation.parents, ...(relation.ownedBy === null ? [] : [relation.ownedBy])];
  return above.flatMap((oid) => {
    const parent = catalog.relations.get(oid);
    return parent === undefined ? [] : [parent, ...ancestors(parent, catalog)];
  });
}

/**
 * Changes that a protection does not allow. `made` names what the plan's own steps have added: that may be changed and removed
 * again, since it was not there when the protection began.
 */
export function breaches(
  changes: readonly CatalogChange[],
  catalogs: { before: Catalog; after: Catalog },
  protections: readonly ProtectedTables[],
  made: ReadonlySet<string>,
): CatalogChange[] {
  return changes.filter((change) => {
    if (change.takes !== undefined && made.has(change.takes)) return false;
    if (change.everywhere)
      return !(change.additive && protections.every(({ allow }) => allow === 'expand')) && protections.length > 0;
    if (made.has(`relation:${change.relation}`)) return false;
    // By what it was, and by what it has become: a table that was made a part of a protected one.
    const found = [catalogs.before, catalogs.after].flatMap((catalog) => {
      const relation = catalog.relations.get(change.relation);
      return relation === undefined ? [] : [allowanceFor(relation, catalog, protections)];
    });
    if (found.every((allow) => allow === undefined)) return false;
    const additive = change.additive || (change.ifMade?.every((column) => made.has(column)) ?? false);
    return !(additive && !found.includes('nothing'));
  });
}

/** The error that aborts a step which touched what is protected. */
export function protectedError(store: string, found: readonly CatalogChange[], catalog: Catalog): SwitchbackError {
  const first = found[0];
  if (first === undefined) throw new Error('no breach to report');
  const relation = catalog.relations.get(first.relation);
  const more = found.length > 1 ? `, and ${found.length - 1} more such changes` : '';
  return new SwitchbackError(
    'Protected',
    `the step would change what is protected in store ${store}: ${relation ? `${kindOf(relation)} ` : ''}${first.table} ${first.what}${more}`,
    {
      hint: first.additive
        ? 'Nothing was changed. If additions are meant, write `allow: expand` at this protection in the plan.'
        : 'Nothing was changed. Add what the new version needs beside it, and leave what is there alone.',
      facts: { store, table: first.table, changed: first.what, changes: found.length },
    },
  );
}

/** What a step added, by names that people know. */
export function addedNames(changes: readonly CatalogChange[]): string[] {
  return changes.flatMap((change) =>
    change.adds === undefined || change.relation === 0 ? [] : [`${change.table} ${change.what}`],
  );
}
