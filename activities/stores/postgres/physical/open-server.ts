import { ensureHelperImage, freeBytes, helperJob, requireExchangeable, requireRoom } from '../../../volumes/index.ts';
import type { ServerToBackUp } from '../../physical-backups.ts';
import type { StoreUse } from '../../store.ts';
import { sessionOptions } from '../connect.ts';
import { endZombies } from '../end-zombies.ts';
import { findServer } from '../find-server.ts';
import type { ToolBox } from '../choose-tools.ts';
import { identityOf, serverFacts } from '../server.ts';
import { Session } from '../session.ts';
import { lsnOf } from '../../../wal/index.ts';
import { canaryJson, pointKind, type PhysicalCanary } from './canary.ts';
import { followLog } from './follow-log.ts';
import { dataPlace, requireService } from './data-place.ts';
import { requireReplaceable } from './require-replaceable.ts';
import { requireReplicable } from './require-replicable.ts';
import { takeBaseBackup } from './take-base-backup.ts';

/**
 * A server to back up by its files. What would keep its backup from being restored is found out now, and not in an emergency.
 * @throws `Unsupported`, `AccessDenied`, `PreconditionFailed`
 */
export async function openServer(use: StoreUse, box: ToolBox): Promise<ServerToBackUp> {
  requireService(use);
  const address = await findServer(use, box.engine);
  const session = await Session.open(address, sessionOptions(use, 'reading'));
  try {
    await requireReplicable(session, use);
    await endZombies(session, use);
    const facts = await serverFacts(session);
    const known = await clusterFacts(session);
    const place = await dataPlace(use, box.engine, known.dataDirectory);
    const job = await helperJob(
      box.engine,
      {
        ...{ target: use.target, runId: use.run, operationId: use.operation, scratch: use.scratch, signal: use.signal },
        log: (message) => use.log(message),
      },
      use.timeoutMs,
    );
    await requireExchangeable(job, place.volume);
    await requireReplaceable(job, place);
    let followed = false;
    return {
      source: async () => ({
        kind: pointKind,
        identity: facts.system,
        store: identityOf(facts),
        quiesce: 'online',
        engine: { name: 'postgres', version: facts.name },
      }),
      async follow(home, ref) {
        await followLog(session, facts, place, home, ref, use, box);
        followed = true;
      },
      async snapshot(folder) {
        requireRoom(`the backup of the server of store ${use.store}`, known.bytes + headroom, await freeBytes(folder));
        const { packing } = await ensureHelperImage(box.engine, { signal: use.signal });
        const takenAt = await moment(session);
        // What packs has to be there to unpack; pg_basebackup knows zstd from 15 on.
        const packings =
          packing === 'zstd' && facts.major >= 15 ? (['zstd', 'gzip', 'none'] as const) : (['gzip', 'none'] as const);
        const taken = await takeBaseBackup(session, facts.major, folder, packings, use, box);
        const { bytes: _size, segmentBytes, ...cluster } = known;
        const canary: PhysicalCanary = {
          format: 1,
          takenAt,
          endedAt: await moment(session),
          ...{ system: facts.system, major: facts.major, database: facts.database, oid: facts.oid },
          ...cluster,
          ...taken,
          image: place.image,
          // Whole segments are written, from the one in which the backup begins to the one in which it ends.
          logBytes: Number(lsnOf(taken.stopLsn) - lsnOf(taken.startLsn)) + 2 * segmentBytes,
          ...(followed && { wal: { segmentBytes } }),
        };
        return { canary: canaryJson(canary) };
      },
      close: () => session.close(),
    };
  } catch (error) {
    await session.close();
    throw error;
  }
}

/** For the log that is written meanwhile, and what is not in any database. */
const headroom = 256 * 1024 * 1024;

async function moment(session: Session): Promise<string> {
  const row = await session.row(
    `select pg_catalog.to_char(pg_catalog.clock_timestamp() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as now`,
  );
  return row['now'] ?? '';
}

async function clusterFacts(session: Session) {
  const row = await session.row(
    `select current_setting('data_directory') as data_directory, current_setting('shared_preload_libraries') as preload,
       (select rolname from pg_catalog.pg_roles where oid = 10) as superuser,
       (select json_agg(datname::text)::text from pg_catalog.pg_database where datallowconn) as databases,
       pg_catalog.pg_size_bytes(current_setting('wal_segment_size'))::text as segment,
       (select sum(pg_catalog.pg_database_size(oid))::text from pg_catalog.pg_database) as bytes`,
  );
  return {
    dataDirectory: row['data_directory'] ?? '',
    preload: row['preload'] ?? '',
    superuser: row['superuser'] ?? 'postgres',
    databases: (JSON.parse(row['databases'] ?? '[]') as string[]).sort(),
    bytes: Number(row['bytes']),
    segmentBytes: Number(row['segment']),
  };
}
