import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { splitSql } from '../../../runbook/guard/split-sql.ts';
import { SwitchbackError } from '../../../runbook/errors.ts';
import type { Canary } from './canary.ts';
import { quoteName } from './quote.ts';
import type { Session } from './session.ts';

/** A backup in its folder, as far as a restore reads it. */
export interface Backup {
  folder: string;
  canary: Canary;
}

/** A statement of `globals.sql` that makes a role, changes one, or makes one a member of another. */
export interface RoleStatement {
  does: 'create' | 'alter' | 'grant';
  /** Without the name of who granted: that may be a role which exists only there. */
  text: string;
  role: string;
  member?: string;
}

/**
 * Roles that a dump of the current database names: owners, those with rights, those of policies. The superuser that a cluster was made
 * with is in no list of dependencies, so it is looked for among the owners.
 */
export async function namedRoles(session: Session): Promise<string[]> {
  const own = (catalog: string, owner: string, acl = 'null::aclitem[]') =>
    `select from pg_catalog.${catalog} c where c.oid >= 16384 and (c.${owner} = 10
       or exists (select from pg_catalog.aclexplode(${acl}) a where a.grantee = 10))
       and not exists (select from pg_catalog.pg_depend d where d.classid = 'pg_catalog.${catalog}'::regclass and d.objid = c.oid and d.deptype = 'e')`;
  const found = await session.rows(
    `select pg_catalog.pg_get_userbyid(oid) as name from (
       select refobjid as oid from pg_catalog.pg_shdepend where refclassid = 'pg_catalog.pg_authid'::regclass
         and dbid = (select oid from pg_catalog.pg_database where datname = pg_catalog.current_database())
       union select 10 where exists (${own('pg_class', 'relowner', 'c.relacl')}) or exists (${own('pg_proc', 'proowner', 'c.proacl')})
         or exists (${own('pg_type', 'typowner', 'c.typacl')}) or exists (${own('pg_namespace', 'nspowner', 'c.nspacl')})
         or exists (${own('pg_largeobject_metadata', 'lomowner', 'c.lomacl')})) named order by 1`,
  );
  return found.map((row) => row['name'] ?? '');
}

/** @throws `PreconditionFailed` that names every role which a backup needs and a server lacks, with the statements that make them */
export async function requireRoles(admin: Session, backup: Backup): Promise<void> {
  const missing = await missingRoles(admin, backup.canary);
  if (missing.length === 0) return;
  const known = (await roleStatements(backup)).flatMap(({ does, role, text }) =>
    missing.includes(role) && (does === 'create' || (does === 'alter' && / with /i.test(text))) ? [`${text};`] : [],
  );
  const lines = known.length > 0 ? known : missing.map((role) => `CREATE ROLE ${quoteName(role)};`);
  const most = 20;
  const more = lines.length > most ? ` And ${lines.length - most} more: ${join(backup.folder, 'globals.sql')}.` : '';
  throw new SwitchbackError(
    'PreconditionFailed',
    `the server has not the roles that the backup names as owners and in rights: ${missing.join(', ')}`,
    {
      hint: `Make them, or restore with --create-roles: ${lines.slice(0, most).join(' ')}${more}`,
      facts: { missing: missing.join(', ') },
    },
  );
}

/**
 * Makes the roles that a backup needs and a server lacks, with their attributes, settings and memberships among roles that are there.
 * They have no passwords: a backup holds none. Returns what was made, in words.
 */
export async function createRoles(admin: Session, backup: Backup): Promise<string[]> {
  const missing = await missingRoles(admin, backup.canary);
  if (missing.length === 0) return [];
  const statements = await roleStatements(backup);
  const made = new Set(statements.flatMap(({ does, role }) => (does === 'create' ? [role] : [])));
  await admin.transaction('begin', async () => {
    for (const role of missing) if (!made.has(role)) await admin.execute(`create role ${quoteName(role)}`);
    for (const { does, role, member, text } of statements) {
      if (does !== 'grant' && missing.includes(role)) await admin.execute(text);
      if (member === undefined || !(missing.includes(role) || missing.includes(member))) continue;
      if ((await absent(admin, [role, member])).length === 0) await admin.execute(text);
    }
  });
  return [`made the roles ${missing.join(', ')}, without passwords: a backup holds none`];
}

/** Those of `globals.sql`; none where it could not be read at the time of the backup. */
export async function roleStatements({ folder, canary }: Backup): Promise<RoleStatement[]> {
  if (!canary.globals) return [];
  const globals = await readFile(join(folder, 'globals.sql'), 'utf8');
  return splitSql(globals).flatMap(({ start, end, tokens }): RoleStatement[] => {
    const [first, second, third, fourth] = tokens.map(({ value }) => value);
    const text = globals.slice(start, end).replace(/;\s*$/, '');
    if ((first === 'create' || first === 'alter') && second === 'role' && third !== undefined)
      return [{ does: first, role: third, text }];
    // What is granted on tablespaces and parameters has an `on` there.
    if (first !== 'grant' || second === undefined || third !== 'to' || fourth === undefined) return [];
    return [{ does: 'grant', role: second, member: fourth, text: text.replace(/\s+granted by .*$/is, '') }];
  });
}

const missingRoles = (admin: Session, { roles = [] }: Canary): Promise<string[]> => absent(admin, roles);

async function absent(admin: Session, roles: readonly string[]): Promise<string[]> {
  const found = await admin.rows(
    `select name from pg_catalog.unnest($1::text[]) name where not exists
       (select from pg_catalog.pg_roles r where r.rolname = name) order by 1`,
    [roles],
  );
  return found.map((row) => row['name'] ?? '');
}
