import { SwitchbackError } from '../../../../runbook/errors.ts';
import { pause } from '../../../docker/index.ts';
import type { StoredPoint } from '../../../points/index.ts';
import type { BuiltServer, PhysicalBackups, ServerLoss } from '../../physical-backups.ts';
import type { StoreUse } from '../../store.ts';
import { sessionOptions, withSession } from '../connect.ts';
import { findServer } from '../find-server.ts';
import type { ToolBox } from '../choose-tools.ts';
import { identityOf, serverFacts } from '../server.ts';
import { Session } from '../session.ts';
import { lsnOf } from '../../../wal/index.ts';
import { extractedBytes, pointKind, readPhysicalCanary } from './canary.ts';
import { dataPlace } from './data-place.ts';
import { openServer } from './open-server.ts';
import { physicalProver } from './physical-prover.ts';
import { rebuildServer } from './rebuild-server.ts';
import { requireReplaceable } from './require-replaceable.ts';

/** Physical backups of PostgreSQL servers in containers of the stack. */
export function physicalBackups(box: ToolBox): PhysicalBackups {
  const { engine } = box;
  return {
    pointKind,
    prover: physicalProver(engine),
    open: (use) => openServer(use, box),
    place: (use, point) => dataPlace(use, engine, canaryFor(use, point).dataDirectory),
    requireReplaceable,
    need: ({ manifest }, logBytes) => extractedBytes(readPhysicalCanary(manifest), logBytes),
    others({ manifest }) {
      const { databases, database } = readPhysicalCanary(manifest);
      return databases.filter((name) => name !== database && name !== 'postgres' && name !== 'template1');
    },
    async build(job, use, point, place, volume, log) {
      const { tookMs, broughtTo, brokenAt, databases, hasOwn } = await rebuildServer(job, {
        point,
        volume,
        ...{ path: place.path, image: place.image, live: place.volume },
        prove: false,
        ...(log && { log }),
        onStage: (doing) => use.progress({ doing }),
      });
      if (brokenAt !== undefined) throw brokenLog(point, brokenAt, broughtTo?.lastCommit);
      if (!hasOwn) throw withoutOwn(use, point, log?.until ?? '');
      return { tookMs, databases, ...(broughtTo && { broughtTo }) };
    },
    loss: (use, point, to) => lossOf(use, point, to, box),
    settled: (use) => settled(use, box),
  };
}

/** Never a state that nobody asked for: what the log still gives is told, so that it can be asked for. */
function brokenLog({ manifest }: StoredPoint, lsn: string, lastCommit = 'none'): SwitchbackError {
  return new SwitchbackError(
    'IntegrityFailed',
    `the log of recovery point ${manifest.point} breaks off at ${lsn}; the last commit before that: ${lastCommit}`,
    {
      hint: 'Nothing was replaced. Test the point, so that its span is known again; then ask for a moment within it, or restore it without --at.',
      facts: { lsn, lastCommit },
    },
  );
}

/** A server without the store's database is of no use to the stack. */
function withoutOwn(use: StoreUse, point: StoredPoint, at: string): SwitchbackError {
  const { database } = canaryFor(use, point);
  return new SwitchbackError(
    'PreconditionFailed',
    `at ${at} the server of store ${use.store} has no database ${database}: it was dropped or renamed before that`,
    {
      hint: 'Nothing was replaced. Ask for an earlier moment, at which it is still there.',
      facts: { store: use.store, database },
    },
  );
}

/** @throws `PreconditionFailed` for a point of another store or target */
function canaryFor(use: StoreUse, { manifest }: StoredPoint) {
  const { source, target, run, point } = manifest;
  if (source.resource === `store:${use.store}` && target === use.target) return readPhysicalCanary(manifest);
  throw new SwitchbackError(
    'PreconditionFailed',
    `recovery point ${run}/${point} is of ${source.resource} of ${target}, not of store ${use.store} of ${use.target}`,
    { hint: 'List the recovery points and name one of this store.' },
  );
}

/** The log since the point tells how much was written; a server that is down tells nothing, and is restored all the same. */
async function lossOf(use: StoreUse, point: StoredPoint, built: BuiltServer, { engine }: ToolBox) {
  const canary = canaryFor(use, point);
  const to = built.broughtTo;
  const since = to?.moment ?? canary.takenAt;
  const loss: ServerLoss = { lostSeconds: Math.max(0, Math.round((Date.now() - Date.parse(since)) / 1000)) };
  try {
    const address = await findServer(use, engine);
    const row = await withSession(Session.open(address, sessionOptions(use, 'reading')), (session) =>
      session.row(
        `select case when pg_catalog.pg_is_in_recovery() then null else pg_catalog.pg_current_wal_insert_lsn()::text end as lsn,
           (select timeline_id from pg_catalog.pg_control_checkpoint()) as timeline,
           (select string_agg(slot_name, ', ') from pg_catalog.pg_replication_slots where not temporary) as slots,
           (select json_agg(datname::text order by datname)::text from pg_catalog.pg_database where datallowconn) as databases`,
      ),
    );
    const { lsn = null, timeline, slots = null, databases } = row;
    const same = Number(timeline) === canary.timeline && lsn !== null;
    const lostLogBytes = same ? { lostLogBytes: Number(lsnOf(lsn) - lsnOf(to?.lsn ?? canary.stopLsn)) } : {};
    const gone = slots === null ? [] : [`replication slots are in no physical backup, and are gone: ${slots}`];
    const younger = (JSON.parse(databases ?? '[]') as string[]).filter((name) => !built.databases.includes(name));
    if (younger.length > 0)
      gone.push(`databases that the server did not have then are only in what was replaced: ${younger.join(', ')}`);
    return { loss: { ...loss, ...lostLogBytes }, warnings: gone };
  } catch (error) {
    use.signal.throwIfAborted();
    if (!(error instanceof SwitchbackError)) throw error;
    return { loss, warnings: [`the server could not be asked what it has written since: ${error.message}`] };
  }
}

/** A start after a clean shutdown takes seconds; more than this is a server that does not come. */
const patienceMs = 300_000;

async function settled(use: StoreUse, { engine }: ToolBox): Promise<string> {
  const deadline = performance.now() + Math.min(patienceMs, use.timeoutMs);
  for (;;) {
    try {
      const address = await findServer(use, engine);
      const facts = await withSession(Session.open(address, sessionOptions(use, 'reading')), serverFacts);
      return identityOf(facts);
    } catch (error) {
      use.signal.throwIfAborted();
      const mayCome = error instanceof SwitchbackError && ['Unreachable', 'Busy'].includes(error.name);
      if (!mayCome || performance.now() > deadline) throw error;
      await pause(500, use.signal);
    }
  }
}
