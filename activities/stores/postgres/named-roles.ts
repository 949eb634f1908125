import type { Session } from './session.ts';

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
