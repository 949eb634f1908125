import { verifyPoint, type StoredPoint } from '../../points/index.ts';
import type { StoreUse } from '../store.ts';
import { inDatabase } from './address.ts';
import { compareWithCanary, readCanary } from './canary.ts';
import type { ToolBox } from './choose-tools.ts';
import { openAdmin, sessionOptions, withSession } from './connect.ts';
import { quoteName } from './quote.ts';
import { createLike, dropDatabase, restoreInto } from './restore-database.ts';
import type { Restoring } from './plan-restore.ts';
import { roleStatements } from './roles.ts';
import { serverFacts } from './server.ts';
import { Session } from './session.ts';

/**
 * Fills the database of a clone's server, which was made anew by its image, from a point of the original: roles first, then all that
 * the database held, compared with what was backed up. @throws `IntegrityFailed`, `ValidationMismatch`, `StepFailed`
 */
export async function seedDatabase({ address, use, box }: Restoring, point: StoredPoint): Promise<void> {
  const canary = readCanary(point.manifest.canary);
  await verifyPoint(point, { signal: use.signal });
  const incoming = `${address.database.slice(0, 50)}__seed`;
  await withSession(openAdmin(address, use), async (admin) => {
    await makeRoles(admin, point, use, box);
    const known = await admin.rows('select from pg_catalog.pg_database where datname = $1', [address.database]);
    // An image may make no database but its own; what it makes tells owner and encoding.
    if (known.length === 0) await admin.execute(`create database ${quoteName(address.database)}`);
    await dropDatabase(admin, incoming);
    await createLike(admin, incoming, address.database, 'Switchback: clone for a rehearsal');
    const { major } = await serverFacts(admin);
    await restoreInto(admin, address, incoming, point, major, use, box);
    await withSession(Session.open(inDatabase(address, incoming), sessionOptions(use, 'reading')), async (session) => {
      await compareWithCanary(session, canary);
      await session.execute('analyze');
    });
    await dropDatabase(admin, address.database);
    await admin.execute(`alter database ${quoteName(incoming)} rename to ${quoteName(address.database)}`);
  });
}

/** Roles and their memberships. Passwords are in no backup: those that the image sets from its environment stay. */
async function makeRoles(admin: Session, point: StoredPoint, use: StoreUse, box: ToolBox): Promise<void> {
  for (const { does, role, text } of await roleStatements(point, use, box)) {
    const known =
      does === 'create' ? await admin.rows('select from pg_catalog.pg_roles where rolname = $1', [role]) : [];
    // A membership that the image has granted already is told as a notice.
    if (known.length === 0) await admin.execute(text);
  }
}
