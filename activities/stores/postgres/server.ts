import type { Session } from './session.ts';

export interface ServerFacts {
  /** e.g. 150014. */
  version: number;
  major: number;
  /** e.g. `15.14`. */
  name: string;
  /** Unique to the cluster, from its birth on. */
  system: string;
  database: string;
  /** Oid of the database: it stays when the database is renamed. */
  oid: string;
}

/** What the server says about itself and the database that a session is in. */
export async function serverFacts(session: Session): Promise<ServerFacts> {
  const row = await session.row(
    `select current_setting('server_version_num') as version, current_setting('server_version') as name,
       (select system_identifier::text from pg_catalog.pg_control_system()) as system,
       current_database() as database, (select oid::text from pg_catalog.pg_database where datname = current_database()) as oid`,
  );
  const version = Number(row['version']);
  return {
    version,
    major: Math.floor(version / 10_000),
    name: (row['name'] ?? '').split(' ')[0] ?? '',
    system: row['system'] ?? '',
    database: row['database'] ?? '',
    oid: row['oid'] ?? '',
  };
}

/** What makes a database this one: names can be exchanged, these cannot. */
export const identityOf = (facts: Pick<ServerFacts, 'system' | 'oid'>) => `${facts.system}/${facts.oid}`;
