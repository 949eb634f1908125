import { SwitchbackError } from '../../../runbook/errors.ts';
import { applicationPrefix, type Worker } from './application-name.ts';
import type { Session } from './session.ts';

/**
 * Ends the connections that attempts of the same operation left in the server: half-dead attempts, and children of a killed worker,
 * work on until somebody does. Sessions of this very attempt are spared by their pids. Returns how many there were, once they are gone.
 * @throws `LeaseLost` when a later attempt is at work already, `Busy` when a connection does not go away
 */
export async function endZombies(
  session: Session,
  worker: Worker,
  spare: readonly number[] = [session.pid],
): Promise<number> {
  const prefix = applicationPrefix(worker.run, worker.operation);
  const others = await session.rows(
    `select pid, substring(application_name from pg_catalog.length($1) + 1) as attempt
       from pg_catalog.pg_stat_activity where pg_catalog.starts_with(application_name, $1)`,
    [prefix],
  );
  const attempts = others.map((row) => ({ pid: String(row['pid']), attempt: Number(row['attempt']) }));
  const later = attempts.find((other) => other.attempt > worker.attempt);
  if (later) {
    throw new SwitchbackError('LeaseLost', `attempt ${later.attempt} of ${worker.operation} is at work already`, {
      hint: `This was attempt ${worker.attempt}; it ends here.`,
    });
  }
  const zombies = attempts
    .filter((other) => other.attempt <= worker.attempt && !spare.includes(Number(other.pid)))
    .map((other) => other.pid);
  if (zombies.length === 0) return 0;
  const pids = `{${zombies.join(',')}}`;
  await session.rows('select pg_catalog.pg_terminate_backend(pid) from pg_catalog.unnest($1::int[]) as pid', [pids]);
  for (let look = 0; look < 200; look += 1) {
    const left = await session.rows(
      `select pid from pg_catalog.pg_stat_activity where pid = any($1::int[]) and pg_catalog.starts_with(application_name, $2)`,
      [pids, prefix],
    );
    if (left.length === 0) return zombies.length;
    await session.rows('select pg_catalog.pg_sleep($1)', [look < 10 ? 0.01 : 0.05]);
  }
  throw new SwitchbackError('Busy', `connections of an earlier attempt of ${worker.operation} do not end`, {
    hint: `Look at them: select * from pg_stat_activity where application_name like '${prefix}%'.`,
    facts: { connections: zombies.length },
  });
}
