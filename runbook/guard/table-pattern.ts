import type { ProtectedResource } from '../compiled-plan.ts';
import type { SqlName } from './sql-facts.ts';

/** `*` is any text, `?` one character. */
function globMatches(glob: string, text: string): boolean {
  const pattern = glob
    .replace(/[\\^$+()[\]{}|.]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${pattern}$`, 's').test(text);
}

/** Splits `public.*` into schema and table; a pattern without a schema means that table in every schema. */
export function splitPattern(pattern: string): { schema: string; table: string } {
  const dot = pattern.indexOf('.');
  return dot === -1
    ? { schema: '*', table: pattern }
    : { schema: pattern.slice(0, dot), table: pattern.slice(dot + 1) };
}

/** A name without a schema means `public`, unless the search path was moved: then it can be anywhere. */
export function tableMatches(pattern: string, name: SqlName, searchPathMoved: boolean): boolean {
  const { schema, table } = splitPattern(pattern);
  if (!globMatches(table, name.name)) return false;
  if (name.schema === undefined && searchPathMoved) return true;
  return globMatches(schema, name.schema ?? 'public');
}

export type ProtectedTables = Extract<ProtectedResource, { store: string }>;

/** What the plan protects in one store. */
export function protectedTables(protect: readonly ProtectedResource[], store: string): ProtectedTables[] {
  return protect.filter((resource): resource is ProtectedTables => 'store' in resource && resource.store === store);
}
