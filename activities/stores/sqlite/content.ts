import { SwitchbackError } from '../../../runbook/errors.ts';
import { canonicalJson, type JsonObject } from '../../../runbook/json.ts';
import { plural } from '../../../runbook/plural.ts';
import type { StateLoss, TableLoss } from '../store.ts';

/** Rows of a table, and SHA3-256 over all of them in order. */
export type TableContent = {
  table: string;
  rows: number;
  hash: string;
};

/** What a database holds, told without its rows. */
export type Content = {
  /** Version and application id that its owner has set, its encoding, and SHA3-256 over all definitions. */
  whole: { userVersion: number; applicationId: number; encoding: string; schema: string };
  tables: TableContent[];
};

/** What stands in a recovery point. */
export type Canary = {
  /** ISO 8601, by the clock of this host: what was committed before it is in the point. */
  takenAt: string;
  /** Of the file, in bytes, and of its log. */
  bytes: number;
  content: Content;
};

/** Reads the answer of a script: one line of JSON for the whole, then one for each table. */
export function readContent(answer: string): Content {
  const [whole, ...tables] = answer
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown);
  return { whole: whole as Content['whole'], tables: tables as TableContent[] };
}

/** @throws `IntegrityFailed` where the manifest of a point says nothing that can be compared */
export function readCanary(canary: JsonObject): Canary {
  if (typeof canary['takenAt'] === 'string' && canary['content'] !== undefined) return canary as Canary;
  throw new SwitchbackError('IntegrityFailed', 'the recovery point does not say what was in it', {
    hint: 'Do not use this recovery point; take a new backup.',
  });
}

/** Compares what was restored with what was backed up. Returns what was equal, in lines. @throws `ValidationMismatch` */
export function requireSameContent({ content: then }: Canary, found: Content): string[] {
  const known = new Map(found.tables.map((table) => [table.table, table]));
  const differing = then.tables.filter(
    (table) => canonicalJson(known.get(table.table)) !== canonicalJson({ ...table }),
  );
  if (differing.length > 0 || found.tables.length !== then.tables.length) {
    const names = differing.map(({ table }) => table).join(', ') || 'a table that was not there';
    throw differs(`tables differ from what was backed up: ${names}`);
  }
  if (canonicalJson(then.whole) !== canonicalJson(found.whole)) {
    throw differs('its definitions or its version differ from what was backed up');
  }
  const rows = then.tables.reduce((sum, table) => sum + table.rows, 0);
  return [
    'PRAGMA integrity_check',
    `definitions, user_version ${then.whole.userVersion} and application_id`,
    `${plural(rows, 'row')} in ${plural(then.tables.length, 'table')}, by count and SHA3-256`,
  ];
}

const differs = (what: string) =>
  new SwitchbackError('ValidationMismatch', `what was restored is not what was backed up: ${what}`, {
    hint: 'Do not use this recovery point; take a new backup.',
  });

export const secondsSince = (takenAt: string) => Math.max(0, Date.now() - Date.parse(takenAt)) / 1000;

/** The least that a restore would lose, told by counts and hashes of whole tables. */
export function leastLoss(canary: Canary, now: Content): StateLoss {
  const [then, live] = [byName(canary.content), byName(now)];
  const names = [...new Set([...then.keys(), ...live.keys()])].filter((name) => !name.startsWith('sqlite_')).sort();
  const tables = names.flatMap((table): TableLoss[] => {
    const [before, after] = [then.get(table), live.get(table)];
    const more = (after?.rows ?? 0) - (before?.rows ?? 0);
    const different = more === 0 && before?.hash !== after?.hash ? 1 : 0;
    return more === 0 && different === 0
      ? []
      : [{ table, missing: Math.max(0, more), different, returning: Math.max(0, -more) }];
  });
  return { ...summed(tables), lostSeconds: secondsSince(canary.takenAt), measured: 'at least' };
}

const byName = ({ tables }: Content) => new Map(tables.map((table) => [table.table, table]));

export const summed = (tables: readonly TableLoss[]) => ({
  lostRows: tables.reduce((sum, { missing, different }) => sum + missing + different, 0),
  tables: tables.filter(({ missing, different, returning }) => missing + different + returning > 0),
});
