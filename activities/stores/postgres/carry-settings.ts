import { quoteName } from './quote.ts';
import type { Session } from './session.ts';

/**
 * Gives a restored database what belongs to the database itself and is in no dump of its contents: privileges, settings for all and
 * per role, the limit of connections. The owner came with its creation.
 */
export async function carrySettings(admin: Session, from: string, to: string): Promise<void> {
  await admin.transaction('begin', async () => {
    await carryPrivileges(admin, from, to);
    await carryLimits(admin, from, to);
    await carryParameters(admin, from, to);
  });
}

async function carryPrivileges(admin: Session, from: string, to: string): Promise<void> {
  const grants = await admin.rows(
    `select case when a.grantee = 0 then 'public' else quote_ident(pg_get_userbyid(a.grantee)) end as grantee, a.privilege_type as privilege,
       a.is_grantable as grantable from pg_catalog.pg_database d, pg_catalog.aclexplode(d.datacl) a where d.datname = $1`,
    [from],
  );
  const untouched = await admin.row(
    'select datacl is null as untouched from pg_catalog.pg_database where datname = $1',
    [from],
  );
  if (untouched['untouched'] === 't') return;
  await admin.execute(`revoke all on database ${quoteName(to)} from public`);
  for (const { grantee, privilege, grantable } of grants) {
    const option = grantable === 't' ? ' with grant option' : '';
    await admin.execute(`grant ${privilege} on database ${quoteName(to)} to ${grantee}${option}`);
  }
}

async function carryLimits(admin: Session, from: string, to: string): Promise<void> {
  const row = await admin.row('select datconnlimit::text as most from pg_catalog.pg_database where datname = $1', [
    from,
  ]);
  await admin.execute(`alter database ${quoteName(to)} connection limit ${Number(row['most'])}`);
}

async function carryParameters(admin: Session, from: string, to: string): Promise<void> {
  const settings = await admin.rows(
    `select case when s.setrole <> 0 then pg_get_userbyid(s.setrole) end as role, substring(c from '^[^=]+') as name, substring(c from '=(.*)$') as value
       from pg_catalog.pg_db_role_setting s join pg_catalog.pg_database d on d.oid = s.setdatabase, unnest(s.setconfig) c where d.datname = $1`,
    [from],
  );
  for (const { role, name, value } of settings) {
    // FROM CURRENT takes the value over as it is: no quoting of lists such as search_path, which has rules of its own.
    const before = await admin.row('select pg_catalog.current_setting($1, true) as value', [name]);
    await admin.rows('select pg_catalog.set_config($1, $2, true)', [name, value]);
    const whose =
      role === null
        ? `alter database ${quoteName(to)}`
        : `alter role ${quoteName(role ?? '')} in database ${quoteName(to)}`;
    const parameter = (name ?? '').split('.').map(quoteName).join('.');
    await admin.execute(`${whose} set ${parameter} from current`);
    // Settings of the application, such as a role or a short timeout, are not for us to work under.
    if (before['value'] !== null)
      await admin.rows('select pg_catalog.set_config($1, $2, true)', [name, before['value']]);
  }
}
