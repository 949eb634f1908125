import { SwitchbackError } from '../../../runbook/errors.ts';
import type { PointProver, ProofContext, Proven, StoredPoint } from '../../points/index.ts';
import { useForProof } from '../proof-use.ts';
import type { StoreUse } from '../store.ts';
import { inDatabase, type Address } from './address.ts';
import { compareWithCanary, readCanary } from './canary.ts';
import { openAdmin, sessionOptions, withSession } from './connect.ts';
import { endZombies } from './end-zombies.ts';
import { findServer } from './find-server.ts';
import { scratchPrefix } from './object-names.ts';
import { createLike, databasesLike, dropDatabase, restoreInto } from './restore-database.ts';
import type { ToolBox } from './choose-tools.ts';
import { requireRoles } from './roles.ts';
import { serverFacts } from './server.ts';
import { Session } from './session.ts';

/** Proves points of PostgreSQL stores: restores them into a scratch database of the same server, and compares. */
export const postgresProver = (box: ToolBox): PointProver => ({
  kind: 'postgres',
  prove: (point, context) => provePostgresPoint(point, context, box),
});

/**
 * Restores a point into a scratch database and compares rows, hashes, sequences and large objects with what was backed up. The
 * scratch database is dropped again, also one that a dead attempt left.
 * @throws `ValidationMismatch`, `IntegrityFailed`, `AccessDenied` (the user may not create databases)
 */
export async function provePostgresPoint(point: StoredPoint, context: ProofContext, box: ToolBox): Promise<Proven> {
  const use = useForProof(point, context);
  const address = await findServer(use, box.engine);
  const canary = readCanary(point.manifest.canary);
  const prefix = scratchPrefix(use);
  const scratch = `${prefix}${use.attempt}`;
  return withSession(openAdmin(address, use), async (admin) => {
    await endZombies(admin, use);
    for (const stale of await databasesLike(admin, prefix)) await dropDatabase(admin, stale);
    const { major } = await serverFacts(admin);
    await requireRoles(admin, point, use, box);
    try {
      await createLike(
        admin,
        scratch,
        address.database,
        `Switchback: scratch of run ${use.run}, ${use.operation}; may be dropped`,
      );
      const started = performance.now();
      await restoreInto(admin, address, scratch, point, major, use, box).catch((error: unknown) => {
        throw notRestorable(error, point);
      });
      const tookMs = Math.round(performance.now() - started);
      const compared = await withSession(
        Session.open(inDatabase(address, scratch), sessionOptions(use, 'reading')),
        (session) =>
          compareWithCanary(session, canary, (table, done, total) =>
            use.progress({ doing: `comparing ${table}`, done, total, unit: 'checks' }),
          ),
      );
      return { tookMs, where: `scratch database ${scratch}`, compared };
    } finally {
      await dropScratch(address, scratch, use);
    }
  });
}

/** A dump that can never be restored speaks against the point; whatever else goes wrong says nothing about it. */
function notRestorable(error: unknown, { manifest: { point } }: StoredPoint): unknown {
  const missing = error instanceof SwitchbackError ? error.facts?.['unrestorable'] : undefined;
  if (!(error instanceof SwitchbackError) || typeof missing !== 'string') return error;
  const { hint, facts } = error;
  const about = { ...(hint === undefined ? {} : { hint }), facts };
  return new SwitchbackError('ValidationMismatch', `${point} cannot be restored: ${missing}`, about, { cause: error });
}

/** On a connection of its own: an abort has spoilt the other one. */
async function dropScratch(address: Address, scratch: string, use: StoreUse): Promise<void> {
  const unaborted = { ...use, signal: new AbortController().signal };
  await withSession(openAdmin(address, unaborted), (admin) => dropDatabase(admin, scratch)).catch((error: unknown) =>
    use.log(`${scratch} was left behind, and is dropped by the next attempt: ${String(error)}`),
  );
}
