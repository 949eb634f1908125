import { SwitchbackError } from '../../../runbook/errors.ts';
import { fieldsOf, nodesOf, textOf } from '../../../runbook/guard/sql-tree.ts';
import type { StoredPoint } from '../../points/index.ts';
import { loadSqlParser } from '../../sql/index.ts';
import type { StoreUse } from '../store.ts';
import { readCanary } from './canary.ts';
import type { ToolBox } from './choose-tools.ts';
import { readGlobals } from './read-globals.ts';
import { quoteName } from './quote.ts';
import type { Session } from './session.ts';

/** A statement of `globals.sql` that makes a role, changes one, or makes one a member of another. */
export interface RoleStatement {
  does: 'create' | 'alter' | 'grant';
  /** Without the name of who granted: that may be a role which exists only there. */
  text: string;
  role: string;
  member?: string;
}

/** @throws `PreconditionFailed` that names every role which a backup needs and a server lacks, with the statements that make them */
export async function requireRoles(admin: Session, point: StoredPoint, use: StoreUse, box: ToolBox): Promise<void> {
  const missing = await missingRoles(admin, point);
  if (missing.length === 0) return;
  const statements = await roleStatements(point, use, box);
  const lines = missing.flatMap((name) => {
    const known = statements.filter(
      ({ does, role, text }) => role === name && (does === 'create' || isAttributes(does, text)),
    );
    return known.length > 0 ? known.map(({ text }) => `${text};`) : [`CREATE ROLE ${quoteName(name)};`];
  });
  const most = 20;
  const more = lines.length > most ? ` And ${lines.length - most} more: they are in globals.sql of the point.` : '';
  throw new SwitchbackError(
    'PreconditionFailed',
    `the server has not the roles that the backup names as owners and in rights: ${missing.join(', ')}`,
    {
      hint: `Make them, or restore with --create-roles: ${lines.slice(0, most).join(' ')}${more}`,
      facts: { missing: missing.join(', ') },
    },
  );
}

const isAttributes = (does: RoleStatement['does'], text: string) => does === 'alter' && / with /i.test(text);

/**
 * Makes the roles that a backup needs and a server lacks, with their attributes, settings and memberships among roles that are there.
 * They have no passwords: a backup holds none. Returns what was made, in words.
 */
export async function createRoles(admin: Session, point: StoredPoint, use: StoreUse, box: ToolBox): Promise<string[]> {
  const missing = await missingRoles(admin, point);
  if (missing.length === 0) return [];
  const statements = await roleStatements(point, use, box);
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
export async function roleStatements(point: StoredPoint, use: StoreUse, box: ToolBox): Promise<RoleStatement[]> {
  if (!readCanary(point.manifest.canary).globals) return [];
  // Newer tools write commands of psql around it.
  const globals = (await readGlobals(point, use, box)).replace(/^\\.*$/gm, '');
  const { statements, wrong } = (await loadSqlParser()).parse(globals);
  if (wrong !== undefined) {
    throw new SwitchbackError('IntegrityFailed', `the roles of the backup cannot be read: ${wrong.message}`, {
      hint: 'Look at globals.sql of the point, and make the roles by hand.',
    });
  }
  return statements.flatMap(({ kind, fields, start, end }): RoleStatement[] => {
    const text = globals.slice(start, end);
    const role = textOf(fieldsOf(fields['role'])['rolename']) || textOf(fields['role']);
    if (kind === 'CreateRoleStmt') return [{ does: 'create', role, text }];
    if (kind === 'AlterRoleStmt' || kind === 'AlterRoleSetStmt') return [{ does: 'alter', role, text }];
    if (kind !== 'GrantRoleStmt') return [];
    const granted = textOf(nodesOf(fields['granted_roles'])[0]?.fields['priv_name']);
    const member = textOf(nodesOf(fields['grantee_roles'])[0]?.fields['rolename']);
    return [{ does: 'grant', role: granted, member, text: text.replace(/\s+granted by .*$/is, '') }];
  });
}

const missingRoles = (admin: Session, { manifest }: StoredPoint): Promise<string[]> =>
  absent(admin, readCanary(manifest.canary).roles ?? []);

async function absent(admin: Session, roles: readonly string[]): Promise<string[]> {
  const found = await admin.rows(
    `select name from pg_catalog.unnest($1::text[]) name where not exists
       (select from pg_catalog.pg_roles r where r.rolname = name) order by 1`,
    [roles],
  );
  return found.map((row) => row['name'] ?? '');
}
