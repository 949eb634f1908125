import { join } from 'node:path';
import { dataFolder, type StoredPoint } from '../../points/index.ts';
import type { StoreUse } from '../store.ts';
import { inDatabase, type Address } from './address.ts';
import { readCanary } from './canary.ts';
import { restoreEncrypted } from './encrypted-dump.ts';
import { quoteName } from './quote.ts';
import { chooseTools, type ToolBox } from './choose-tools.ts';
import { runTool } from './run-tool.ts';
import type { Session } from './session.ts';
import { dumpFolder, jobs } from './take-snapshot.ts';

/** Makes an empty database that sorts, compares and stores text as another one does. `comment` says whose it is. */
export async function createLike(admin: Session, name: string, like: string, comment: string): Promise<void> {
  const found = await admin.row(
    `select pg_catalog.pg_encoding_to_char(d.encoding) as encoding, d.datcollate as collate, d.datctype as ctype,
       pg_catalog.pg_get_userbyid(d.datdba) as owner, to_jsonb(d) ->> 'datlocprovider' as provider,
       coalesce(to_jsonb(d) ->> 'daticulocale', to_jsonb(d) ->> 'datlocale') as locale,
       nullif(t.spcname, 'pg_default') as tablespace
       from pg_catalog.pg_database d join pg_catalog.pg_tablespace t on t.oid = d.dattablespace where d.datname = $1`,
    [like],
  );
  const literal = (value: string | null | undefined) => `'${(value ?? '').replaceAll("'", "''")}'`;
  const locale =
    found['provider'] === 'i'
      ? ` locale_provider icu icu_locale ${literal(found['locale'])}`
      : found['provider'] === 'b'
        ? ` locale_provider builtin builtin_locale ${literal(found['locale'])}`
        : '';
  // Naming the default one takes a right that not every owner of a database has.
  const tablespace = found['tablespace'] ? ` tablespace ${quoteName(found['tablespace'])}` : '';
  await admin.execute(
    `create database ${quoteName(name)} template template0 owner ${quoteName(found['owner'] ?? '')} encoding ${literal(found['encoding'])}
       lc_collate ${literal(found['collate'])} lc_ctype ${literal(found['ctype'])}${locale}${tablespace}`,
  );
  await admin.execute(`comment on database ${quoteName(name)} is ${literal(comment)}`);
}

/** Drops a database of ours, with whoever is in it; one that is gone is fine. */
export async function dropDatabase(admin: Session, name: string): Promise<void> {
  await admin.execute(`drop database if exists ${quoteName(name)} with (force)`);
}

/** Names of databases that begin with a prefix. */
export async function databasesLike(admin: Session, prefix: string): Promise<string[]> {
  const found = await admin.rows(
    'select datname as name from pg_catalog.pg_database where pg_catalog.starts_with(datname, $1) order by 1',
    [prefix],
  );
  return found.map((row) => row['name'] ?? '');
}

/** Fills an empty database from a point's dump. */
export async function restoreInto(
  admin: Session,
  address: Address,
  database: string,
  point: StoredPoint,
  serverMajor: number,
  use: StoreUse,
  box: ToolBox,
): Promise<void> {
  const { databaseBytes, dump } = readCanary(point.manifest.canary);
  const tools = await chooseTools(box, address, serverMajor, dump?.client);
  let looking = false;
  const onTick = () => {
    if (looking) return;
    looking = true;
    void admin
      .row('select pg_catalog.pg_database_size($1)::text as bytes', [database])
      .then((row) =>
        use.progress({
          doing: `restoring into ${database}`,
          done: Number(row['bytes']),
          total: databaseBytes,
          unit: 'bytes',
        }),
      )
      // Progress is no reason to fail: the restore itself tells what is wrong.
      .catch(() => undefined)
      .finally(() => (looking = false));
  };
  const args = ['--exit-on-error', '--no-password', `--dbname=${database}`];
  const run = { tool: 'pg_restore', address: inDatabase(address, database), tools, serverMajor, onTick } as const;
  if (point.manifest.encrypted) return restoreEncrypted({ ...run, args }, point, use, box);
  const folder = dataFolder(point);
  await runTool({ ...run, args: [...args, `--jobs=${jobs()}`, join(folder, dumpFolder)], folder }, use, box);
}
