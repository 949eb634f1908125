import { join } from 'node:path';
import type { Archive, SqlOutcome, StoreUse } from '../store.ts';
import type { CatalogChange } from './catalog-changes.ts';
import { fingerprintTables } from './fingerprint.ts';
import { quoteName } from './quote.ts';
import { chooseTools, type ToolBox } from './choose-tools.ts';
import { dumpArguments, streamArguments } from './dump-arguments.ts';
import { dumpEncrypted, encryptedDump } from './encrypted-dump.ts';
import { runTool } from './run-tool.ts';
import { identityOf, type ServerFacts } from './server.ts';
import type { Session } from './session.ts';
import { dumpFolder } from './take-snapshot.ts';

/** Dumps tables as of an exported snapshot and keeps them as a recovery point. */
export type Archiver = (
  snapshot: string,
  tables: string[],
  canary: Awaited<ReturnType<typeof fingerprintTables>>,
  largeObjects: boolean,
) => Promise<{ point: string; bytes: number }>;

/**
 * Keeps the tables that an undo is about to destroy or change. Called inside the transaction that destroys them: the lock keeps writers
 * out from the dump to the commit, so that no row is written in between and lost.
 */
export async function archiveLosses(
  session: Session,
  losses: readonly CatalogChange[],
  archive: Archiver,
): Promise<SqlOutcome['archived']> {
  const oids = [...new Set(losses.flatMap(({ relation }) => (relation === 0 ? [] : [relation])))];
  const largeObjects = losses.some((loss) => loss.largeObjects);
  if (oids.length === 0 && !largeObjects) return undefined;
  const found = await session.rows(
    `select n.nspname as schema, c.relname as name, c.relkind as kind, c.oid::text as oid from pg_catalog.pg_class c
       join pg_catalog.pg_namespace n on n.oid = c.relnamespace where c.oid = any($1::oid[]) order by 1, 2`,
    [`{${oids.join(',')}}`],
  );
  const named = (row: (typeof found)[number]) => `${quoteName(row['schema'] ?? '')}.${quoteName(row['name'] ?? '')}`;
  // A foreign table has no rows of its own, and a dump holds none of them.
  const foreign = found.filter((row) => row['kind'] === 'f').map(named);
  const own = found.filter((row) => row['kind'] !== 'f');
  const tables = own.map(named);
  if (tables.length === 0 && !largeObjects) return undefined;
  // Lets pg_dump read, and nobody write.
  if (tables.length > 0) await session.execute(`lock table ${tables.join(', ')} in exclusive mode`);
  const { snapshot } = await session.row('select pg_catalog.pg_export_snapshot() as snapshot');
  const only = own.map((row) => Number(row['oid']));
  const canary = await session.reading(() => fingerprintTables(session, { only }));
  const objects = await session.row('select count(*) as count from pg_catalog.pg_largeobject_metadata');
  const kept = await archive(snapshot ?? '', tables, canary, largeObjects);
  const rows = Object.values(canary.tables).reduce((sum, table) => sum + table.rows, 0);
  return {
    ...{ ...kept, tables: Object.keys(canary.tables), rows },
    ...(largeObjects ? { largeObjects: Number(objects['count']) } : {}),
    ...(foreign.length === 0 ? {} : { notKept: foreign }),
  };
}

/** Archives by `pg_dump`, into a recovery point of its own. */
export const archiverFor =
  (archive: Archive, session: Session, facts: ServerFacts, use: StoreUse, box: ToolBox): Archiver =>
  (snapshot, tables, fingerprint, largeObjects) =>
    archive.keep(
      {
        kind: 'postgres-tables',
        identity: identityOf(facts),
        quiesce: 'locked',
        engine: { name: 'postgres', version: facts.name },
      },
      async (folder) => {
        const archived = [...tables, ...(largeObjects ? ['large objects'] : [])];
        use.progress({ doing: `archiving ${archived.join(', ')} before the undo` });
        // A dump of named tables leaves large objects out unless it is told; one of nothing else has no schema.
        const names = tables.length > 0 ? tables.map((table) => `--table=${table}`) : ['--exclude-schema=*'];
        const what = [...names, ...(largeObjects ? ['--blobs'] : []), `--dbname=${facts.database}`];
        const { address } = session;
        const tools = await chooseTools(box, address, facts.major);
        const run = { tool: 'pg_dump', address, tools, serverMajor: facts.major } as const;
        if (use.encryption.to.length > 0) {
          await dumpEncrypted(
            { ...run, args: [...streamArguments(snapshot), ...what] },
            join(folder, encryptedDump),
            use,
            box,
          );
        } else {
          const args = [...dumpArguments(snapshot), ...what, `--file=${join(folder, dumpFolder)}`];
          await runTool({ ...run, args, folder }, use, box);
        }
        return { canary: { format: 1, archive: true, fingerprint } };
      },
    );
