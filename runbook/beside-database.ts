import type { OperationRecord } from './operation-record.ts';
import type { Effect } from './operations/operation.ts';

/** The resource under which a plan says that SQL changes the server of a store beside its database: roles, memberships, settings. */
export const serverOf = (store: string): string => `server:${store}`;

/** Whether SQL changes nothing but what lies beside the database: its data is in no dump, and no restore of one takes it back. */
export const isBesideDatabase = ({ effects }: { effects: readonly Effect[] }): boolean =>
  effects.length > 0 && effects.every(({ resource }) => resource.startsWith('server:'));

/** What an operation changed beside the database, in words; empty where it changed nothing there. Receipts know it by name. */
export function changedBeside({ operation, receipt }: Pick<OperationRecord, 'operation' | 'receipt'>): string[] {
  const named = receipt?.facts['globals'];
  if (Array.isArray(named)) return named.filter((name) => typeof name === 'string');
  const planned = operation.effects.some(({ resource }) => resource.startsWith('server:'));
  return planned ? ['roles, memberships or settings'] : [];
}

/** What people are told of it when the database is restored from a dump. */
export const staysBeside = (names: readonly string[]): string =>
  `in the server this stays changed: ${names.join(', ')}; a dump of the database does not hold it`;
