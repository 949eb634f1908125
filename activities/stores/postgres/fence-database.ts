import { SwitchbackError } from '../../../runbook/errors.ts';
import { inDatabase } from './address.ts';
import { quoteName } from './quote.ts';
import { Session, type SessionOptions } from './session.ts';

/**
 * Blocks a database at the door: nobody may connect any more, whoever is in it is ended, and a connection is tried and has to be
 * refused. `spare` are the pids of our own sessions, opened before.
 * @throws `Busy` when somebody does not go, `PreconditionFailed` for transactions that nobody can end, `IntegrityFailed` when the
 * fence does not hold
 */
export async function fenceDatabase(
  admin: Session,
  database: string,
  spare: readonly number[],
  options: SessionOptions,
): Promise<void> {
  await refusePrepared(admin, database);
  await admin.execute(`alter database ${quoteName(database)} allow_connections false`);
  await endOthers(admin, database, spare);
  await proveFence(admin, database, options);
}

/** Opens the door again. One that is open, or gone, is fine. */
export async function unfenceDatabase(admin: Session, database: string): Promise<void> {
  const found = await admin.rows('select from pg_catalog.pg_database where datname = $1 and not datallowconn', [
    database,
  ]);
  if (found.length > 0) await admin.execute(`alter database ${quoteName(database)} allow_connections true`);
}

/** Prepared transactions outlive every session and hold the database: renaming it would fail. */
async function refusePrepared(admin: Session, database: string): Promise<void> {
  const prepared = await admin.rows('select gid from pg_catalog.pg_prepared_xacts where database = $1', [database]);
  if (prepared.length === 0) return;
  throw new SwitchbackError('PreconditionFailed', `database ${database} has ${prepared.length} prepared transactions`, {
    hint: `Commit or roll them back first, e.g. rollback prepared '${prepared[0]?.['gid']}'.`,
  });
}

async function endOthers(admin: Session, database: string, spare: readonly number[]): Promise<void> {
  const pids = `{${spare.join(',')}}`;
  // The server itself ends its autovacuum workers when it renames, and only a superuser may.
  const others = `from pg_catalog.pg_stat_activity where datname = $1 and pid <> all($2::int[])
    and pid <> pg_catalog.pg_backend_pid() and backend_type <> 'autovacuum worker'`;
  for (let look = 0; look < 200; look += 1) {
    // Again and again: a connection that was being opened as the door closed comes in late.
    const left = await admin.rows(
      `select pid, application_name as name, pg_catalog.pg_terminate_backend(pid) ${others}`,
      [database, pids],
    );
    if (left.length === 0) return;
    await admin.rows('select pg_catalog.pg_sleep(0.05)');
  }
  const left = await admin.rows(`select pid, application_name as name ${others}`, [database, pids]);
  if (left.length === 0) return;
  throw new SwitchbackError(
    'Busy',
    `${left.length} sessions do not leave database ${database}, e.g. ${left[0]?.['name'] || left[0]?.['pid']}`,
    {
      hint: 'Look at pg_stat_activity on the server.',
    },
  );
}

async function proveFence(admin: Session, database: string, options: SessionOptions): Promise<void> {
  const inside = await Session.open(inDatabase(admin.address, database), options).catch((error: unknown) => error);
  if (!(inside instanceof Session)) {
    // 55000 is what the server says at a closed door; anything else proves nothing.
    const code = inside instanceof SwitchbackError ? inside.facts['code'] : undefined;
    if (code === '55000') return;
    throw inside;
  }
  await inside.close();
  throw new SwitchbackError(
    'IntegrityFailed',
    `database ${database} still lets clients in although connections are forbidden`,
    {
      hint: 'Nothing was exchanged. Look at the server; a pooler in front of it may answer in its place.',
    },
  );
}
