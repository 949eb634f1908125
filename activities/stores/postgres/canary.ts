import type { CanaryQuery } from '../../../runbook/stores/postgres.ts';
import type { JsonObject } from '../../../runbook/json.ts';
import { SwitchbackError } from '../../../runbook/errors.ts';
import { askCanary, differentAnswers, type CanaryAnswers } from './canary-queries.ts';
import type { Compression } from './dump-arguments.ts';
import { fingerprintTables, type Fingerprint } from './fingerprint.ts';
import { quoteName } from './quote.ts';
import { namedRoles } from './named-roles.ts';
import type { Session } from './session.ts';

/** What was in a database at the moment of its backup. */
export type Canary = {
  format: 1;
  /** By the server's clock, ISO 8601: whatever was committed before is in the backup. */
  takenAt: string;
  database: string;
  databaseBytes: number;
  fingerprint: Fingerprint;
  /** Values of sequences, read before the dump began: a restore may be ahead of them, never behind. */
  sequences: Record<string, string>;
  largeObjects: { count: number; hash: string };
  /** What the plan's queries gave. Backups from before there were any have none. */
  queries?: CanaryAnswers;
  /** Whether roles and tablespaces were saved as well. */
  globals: boolean;
  /** Roles that the dump names, as owners or in rights: a restore fails without them. Older backups do not say. */
  roles?: string[];
  /** Major version of the `pg_dump` that wrote it, which an older `pg_restore` cannot read. Older backups are of the server's own. */
  dump?: { client: number; compression: Compression };
};

/** Takes a canary in the current transaction. */
export async function takeCanary(
  session: Session,
  queries: readonly CanaryQuery[] = [],
): Promise<Omit<Canary, 'globals'>> {
  const about = await session.row(
    // When the transaction began, and not now: its snapshot is no older, so whatever was committed by then is in it.
    `select to_char(transaction_timestamp() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as at, current_database() as database,
       pg_database_size(current_database())::text as bytes`,
  );
  // First what may be wrong in the plan: reading all tables takes long.
  const asked = queries.length === 0 ? undefined : await askCanary(session, queries);
  const roles = await namedRoles(session);
  const sequences = await readSequences(session);
  const largeObjects = await readLargeObjects(session);
  const fingerprint = await fingerprintTables(session);
  return {
    format: 1,
    takenAt: about['at'] ?? '',
    database: about['database'] ?? '',
    databaseBytes: Number(about['bytes']),
    fingerprint,
    sequences,
    largeObjects,
    roles,
    ...(asked === undefined ? {} : { queries: asked }),
  };
}

async function readSequences(session: Session): Promise<Record<string, string>> {
  const found = await session.rows(
    `select schemaname as schema, sequencename as name from pg_catalog.pg_sequences where schemaname !~ '^pg_temp' order by 1, 2`,
  );
  const values: Record<string, string> = {};
  for (const { schema, name } of found) {
    const at = await session.row(
      `select last_value::text as at from ${quoteName(schema ?? '')}.${quoteName(name ?? '')}`,
    );
    values[`${schema}.${name}`] = at['at'] ?? '';
  }
  return values;
}

async function readLargeObjects(session: Session): Promise<Canary['largeObjects']> {
  const row = await session.row(
    `select count(*) as count, coalesce(sum(hashtextextended(md5(lo_get(oid)), 0)), 0)::text as hash from pg_catalog.pg_largeobject_metadata`,
  );
  return { count: Number(row['count']), hash: row['hash'] ?? '0' };
}

/** Reads the canary of a point's manifest. @throws `IntegrityFailed` when this version does not know it */
export function readCanary(canary: JsonObject): Canary {
  if (canary['format'] === 1 && 'fingerprint' in canary) return canary as Canary;
  throw new SwitchbackError('IntegrityFailed', 'the recovery point has no canary that this version can read', {
    hint: 'It was not written by a PostgreSQL store, or by a newer version of Switchback.',
  });
}

/**
 * Compares a restored database with what was in it at the time of the backup. Returns what was found equal, one line each.
 * @throws `ValidationMismatch` that names the tables that differ
 */
export async function compareWithCanary(
  session: Session,
  canary: Canary,
  onTable?: (table: string, done: number, total: number) => void,
): Promise<string[]> {
  const { answers, fingerprint, sequences, largeObjects } = await session.transaction(
    'begin isolation level repeatable read read only',
    async () => ({
      fingerprint: await fingerprintTables(session, {
        how: canary.fingerprint.how,
        ...(onTable === undefined ? {} : { onTable }),
      }),
      sequences: await readSequences(session),
      largeObjects: await readLargeObjects(session),
      // Last: it changes where names are looked up.
      answers: canary.queries === undefined ? [] : await differentAnswers(session, canary.queries),
    }),
  );
  const wrong = [
    ...answers,
    ...differentTables(canary.fingerprint.tables, fingerprint.tables),
    ...Object.entries(canary.sequences).flatMap(([name, then]) => sequenceProblem(name, then, sequences[name])),
    ...(largeObjects.count === canary.largeObjects.count && largeObjects.hash === canary.largeObjects.hash
      ? []
      : [`${largeObjects.count} large objects where ${canary.largeObjects.count} were, or other ones`]),
  ];
  if (wrong.length > 0) {
    throw new SwitchbackError(
      'ValidationMismatch',
      `what was restored is not what was backed up: ${wrong.slice(0, 5).join('; ')}`,
      {
        hint: 'Do not use this recovery point; take another one and look into the reason.',
        facts: { differences: wrong.length },
      },
    );
  }
  const tables = Object.values(canary.fingerprint.tables);
  const rows = tables.reduce((sum, table) => sum + table.rows, 0);
  return [
    `${tables.length} tables with ${rows} rows, by count and hash`,
    `${Object.keys(canary.sequences).length} sequences`,
    `${canary.largeObjects.count} large objects, by count and hash`,
    ...(canary.queries === undefined ? [] : [describeAnswers(canary.queries)]),
  ];
}

/** The values stand in the manifest; here it is enough to say how many they are. */
const describeAnswers = ({ answers }: CanaryAnswers) =>
  `${answers.length} canary quer${answers.length === 1 ? 'y' : 'ies'}, by value`;

function differentTables(then: Fingerprint['tables'], now: Fingerprint['tables']): string[] {
  const wrong: string[] = [];
  for (const [name, before] of Object.entries(then)) {
    const after = now[name];
    if (after === undefined) wrong.push(`table ${name} is missing`);
    else if (after.rows !== before.rows) wrong.push(`table ${name} has ${after.rows} rows where ${before.rows} were`);
    else if (after.hash !== before.hash) wrong.push(`table ${name} has other values in ${after.rows} rows`);
  }
  for (const name of Object.keys(now)) if (!(name in then)) wrong.push(`table ${name} was not there`);
  return wrong;
}

function sequenceProblem(name: string, then: string, now: string | undefined): string[] {
  if (now === undefined) return [`sequence ${name} is missing`];
  // A sequence that counts down is behind when it is higher; those that count up are nearly all.
  return BigInt(now) >= BigInt(then) || BigInt(then) < 0n ? [] : [`sequence ${name} is at ${now}, behind ${then}`];
}
