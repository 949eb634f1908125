import type { Session } from './session.ts';

/** What tables are made of, or read and written through: types, functions, domains, publications. */
export interface Meaning {
  /** By `class.oid`, as `pg_depend` names objects. */
  objects: Map<string, MeantObject>;
  /** Objects that each relation depends on, by its oid. */
  uses: Map<number, Set<string>>;
  /** What every later session of the database starts with or is caught by: settings of roles, event triggers, rights past all others. */
  everywhere: Map<string, string>;
  /** What belongs to the server and not to the database: roles, memberships, settings. */
  globals: Map<string, string>;
  /** Rows of large objects that this transaction has changed or deleted. */
  largeObjects: number;
  /** Names of roles: a schema of that name comes before others in their search path. */
  roles: Set<string>;
}

/** Where only relations are compared. */
export const noMeaning = (): Meaning => ({
  objects: new Map(),
  uses: new Map(),
  everywhere: new Map(),
  globals: new Map(),
  largeObjects: 0,
  roles: new Set(),
});

export interface MeantObject {
  /** `the type public.pay`. */
  what: string;
  definition: string;
  /** Labels of an enum with their oids and order; attributes of a composite. */
  members: string[];
  /** Who may do what with it: `app USAGE`. */
  rights: string[];
}

interface Described {
  /** Its column of rights, the letter of its kind for `acldefault`, and the column of its owner. */
  acl?: readonly [column: string, letter: string, owner: string];
  /** What else says what it is, in rows of other catalogues. */
  more?: string;
  /** A column that says nothing of what it means. */
  without?: string;
}

const catalogues: readonly (readonly [table: string, kind: string, name: string, schema: string, Described])[] = [
  ['pg_type', 'type', 'typname', 'typnamespace', { acl: ['typacl', 'T', 'typowner'], more: 'select to_jsonb(o) from pg_range o where o.rngtypid = x.oid' }],
  ['pg_proc', 'function', 'proname', 'pronamespace', { acl: ['proacl', 'f', 'proowner'], more: 'select to_jsonb(o) from pg_aggregate o where o.aggfnoid = x.oid' }],
  ['pg_operator', 'operator', 'oprname', 'oprnamespace', {}],
  ['pg_collation', 'collation', 'collname', 'collnamespace', { without: 'collversion' }],
  ['pg_opclass', 'operator class', 'opcname', 'opcnamespace', { more: 'select jsonb_agg(o order by o.oid) from pg_amop o where o.amopfamily = x.opcfamily' }],
  ['pg_ts_config', 'text search configuration', 'cfgname', 'cfgnamespace', { more: 'select jsonb_agg(o order by o.maptokentype, o.mapseqno) from pg_ts_config_map o where o.mapcfg = x.oid' }],
  ['pg_ts_dict', 'text search dictionary', 'dictname', 'dictnamespace', {}],
  ['pg_foreign_server', 'server', 'srvname', '0', { acl: ['srvacl', 'S', 'srvowner'], more: `select jsonb_build_array((select to_jsonb(w) - 'fdwacl' from pg_foreign_data_wrapper w where w.oid = x.srvfdw),
    (select jsonb_agg(o order by o.umid) from pg_user_mappings o where o.srvid = x.oid))` }],
  ['pg_publication', 'publication', 'pubname', '0', {}],
  ['pg_constraint', 'constraint', 'conname', 'connamespace', {}],
  ['pg_namespace', 'schema', 'nspname', '0', { acl: ['nspacl', 'n', 'nspowner'] }],
]; // prettier-ignore

/** What one may do with an object, and who: `app USAGE`. To make more beside it is no right to what is there. */
const rightsOf = (acl: string, kind: string, owner: string): string =>
  `select coalesce(jsonb_agg(coalesce(nullif(r.grantee, 0)::regrole::text, 'everybody') || ' ' || r.privilege_type order by r.grantee, r.privilege_type), '[]')
     from aclexplode(coalesce(${acl}, acldefault('${kind}', ${owner}))) r where r.privilege_type not in ('CREATE', 'TEMPORARY')`;

const membersQuery = `
  coalesce((select jsonb_agg(concat_ws(' ', e.oid, e.enumsortorder, e.enumlabel) order by e.enumsortorder) from pg_enum e where e.enumtypid = x.oid),
    (select jsonb_agg(concat_ws(' ', a.attnum, a.attname, format_type(a.atttypid, a.atttypmod)) order by a.attnum) from pg_attribute a
      where x.typtype = 'c' and a.attrelid = x.typrelid and a.attnum > 0 and not a.attisdropped
        and exists (select from pg_class k where k.oid = x.typrelid and k.relkind = 'c')), '[]')`;

/** Of PostgreSQL's own schemas nothing; of the rest what users have made. */
const ofUsers: Record<string, string> = {
  pg_namespace: `x.nspname !~ '^pg_' and x.nspname not in ('information_schema', 'switchback')`,
  pg_constraint: 'x.oid >= 16384 and x.contypid <> 0',
  pg_type: `x.oid >= 16384 and not exists (select from pg_class k where k.oid = x.typrelid and k.relkind <> 'c')`,
};

const objectsQuery = catalogues
  .map(
    ([table, kind, name, schema, { acl, more, without = acl?.[0] ?? '-' }]) => `
select '${table}'::regclass::oid::text || '.' || x.oid as key,
  '${kind} ' || coalesce((select n.nspname || '.' from pg_namespace n where n.oid = ${schema === '0' ? '0' : `x.${schema}`}), '') || x.${name} as what,
  (to_jsonb(x) - '${without}'${more === undefined ? '' : ` || jsonb_build_object('more', (${more}))`})::text as definition,
  ${acl === undefined ? `'[]'` : `(${rightsOf(`x.${acl[0]}`, acl[1], `x.${acl[2]}`)})::text`} as rights,
  ${table === 'pg_type' ? `(${membersQuery})::text` : `'[]'`} as members
  from ${table} x where ${ofUsers[table] ?? 'x.oid >= 16384'}`,
  )
  .join(' union all ');

/** Only what users have made is in it: PostgreSQL's own objects are pinned, and depend on nothing that can change. */
const dependsQuery = `
select classid::text || '.' || objid as object, refclassid::text || '.' || refobjid as on, deptype::text as how
  from pg_depend where (objid >= 16384 and refobjid >= 16384) and classid <> 'pg_extension'::regclass and refclassid <> 'pg_extension'::regclass
   and refclassid <> 'pg_namespace'::regclass`;

const publishedQuery = `
select 'pg_publication'::regclass::oid::text || '.' || p.oid as publication, c.oid::text as relation
  from pg_publication p join pg_class c on c.relkind in ('r', 'p') and c.oid >= 16384
  join pg_namespace n on n.oid = c.relnamespace
 where p.puballtables or exists (select from pg_publication_tables t where t.pubname = p.pubname and t.schemaname = n.nspname and t.tablename = c.relname)`;

const linesOf = (list: string) => `select string_agg(e, e'\\n') from jsonb_array_elements_text((${list})) e`;

const membershipsQuery = `
select 'membership of ' || pg_get_userbyid(m.member) || ' in ' || pg_get_userbyid(m.roleid), string_agg((to_jsonb(m) - 'oid')::text, ' ' order by m.grantor)
  from pg_auth_members m group by m.member, m.roleid`;

const schemasQuery = `
select 'pg_namespace'::regclass::oid::text || '.' || c.relnamespace as schema, c.oid::text as relation
  from pg_class c where c.relkind in ('r', 'p', 'f', 'v', 'm', 'S') and c.oid >= 16384`;

/** A row that is changed has another transaction's number: much less work than to read all of them. */
const versionOf = (catalogue: string) =>
  `union all select '${catalogue} of PostgreSQL', concat_ws(' ', count(*), sum(xmin::text::int8)) from ${catalogue} where oid < 16384`;

/** Rights and settings have a line for each; of the rest any change counts. */
const everywhereQuery = `
select 'settings of ' || coalesce('role ' || pg_get_userbyid(nullif(s.setrole, 0)), 'database ' || current_database()) as what,
       array_to_string(s.setconfig, e'\\n') as value
  from pg_db_role_setting s where s.setdatabase in (0, (select oid from pg_database where datname = current_database()))
union all select 'role ' || rolname, concat_ws(' ', 'superuser', rolsuper, 'bypassrls', rolbypassrls, 'login', rolcanlogin, 'inherit', rolinherit) from pg_roles
union all ${membershipsQuery}
union all select 'event trigger ' || evtname, (to_jsonb(t))::text from pg_event_trigger t
union all select 'cast ' || castsource::regtype || ' as ' || casttarget::regtype, (to_jsonb(k))::text from pg_cast k
union all select 'subscription ' || subname, concat_ws(' ', subenabled, subpublications::text) from pg_subscription where subdbid = (select oid from pg_database where datname = current_database())
union all select 'the database', concat_ws(' ', pg_get_userbyid(datdba), datallowconn, datconnlimit) from pg_database where datname = current_database()
union all select 'rights in the database', (${linesOf(rightsOf('d.datacl', 'd', 'd.datdba'))}) from pg_database d where datname = current_database()
union all select 'rights in the language ' || lanname, (${linesOf(rightsOf('l.lanacl', 'l', 'l.lanowner'))}) from pg_language l
${['pg_proc', 'pg_operator', 'pg_type', 'pg_opclass', 'pg_amop', 'pg_amproc'].map(versionOf).join('\n')}`;

const globalsQuery = `
select 'role ' || rolname as what, (to_jsonb(r) - 'rolpassword' - 'rolconfig')::text as value from pg_roles r
union all select 'membership of ' || pg_get_userbyid(m.member) || ' in ' || pg_get_userbyid(m.roleid), string_agg((to_jsonb(m) - 'oid')::text, ' ' order by m.grantor)
  from pg_auth_members m group by m.member, m.roleid
union all select 'settings of ' || coalesce('role ' || pg_get_userbyid(nullif(s.setrole, 0)), 'all roles') || coalesce(' in database ' || d.datname, ''),
  array_to_string(s.setconfig, e'\\n') from pg_db_role_setting s left join pg_database d on d.oid = s.setdatabase
union all select 'database ' || datname, concat_ws(' ', oid, pg_get_userbyid(datdba), datacl::text, datallowconn, datconnlimit) from pg_database
union all select 'tablespace ' || spcname, concat_ws(' ', oid, pg_get_userbyid(spcowner), spcacl::text) from pg_tablespace`;

const largeObjectsQuery = `
select coalesce(sum(n_tup_upd + n_tup_del), 0)::text as changed from pg_stat_xact_sys_tables
 where relname in ('pg_largeobject', 'pg_largeobject_metadata')`;

/** Reads it within `Session.reading`. @param relations oids of tables, views and sequences */
export async function captureMeaning(session: Session, relations: ReadonlySet<number>): Promise<Meaning> {
  const objects = new Map(
    (await session.rows(objectsQuery)).map((row): [string, MeantObject] => [
      row['key'] ?? '',
      {
        what: row['what'] ?? '',
        definition: row['definition'] ?? '',
        members: JSON.parse(row['members'] ?? '[]') as string[],
        rights: JSON.parse(row['rights'] ?? '[]') as string[],
      },
    ]),
  );
  const classes = await session.row(
    `select 'pg_class'::regclass::oid::text as relation, 'pg_proc'::regclass::oid::text as function`,
  );
  const graph = new Depends(
    await session.rows(dependsQuery),
    objects,
    classes as { relation: string; function: string },
  );
  const uses = new Map([...relations].map((oid) => [oid, graph.reachedFrom(oid, relations)]));
  for (const { publication, relation } of await session.rows(publishedQuery))
    uses.get(Number(relation))?.add(publication ?? '');
  for (const { schema, relation } of await session.rows(schemasQuery)) uses.get(Number(relation))?.add(schema ?? '');
  const pairs = async (query: string) =>
    new Map((await session.rows(query)).map((row): [string, string] => [row['what'] ?? '', row['value'] ?? '']));
  const globals = await pairs(globalsQuery);
  return {
    objects,
    uses,
    everywhere: await pairs(everywhereQuery),
    globals,
    largeObjects: Number((await session.row(largeObjectsQuery))['changed']),
    roles: new Set([...globals.keys()].flatMap((what) => (what.startsWith('role ') ? [what.slice(5)] : []))),
  };
}

/** What depends on what. */
class Depends {
  readonly #down = new Map<string, string[]>();
  readonly #parts = new Map<string, string[]>();
  readonly #functions = new Map<string, string[]>();

  constructor(
    rows: readonly Record<string, string | null>[],
    private readonly objects: ReadonlyMap<string, MeantObject>,
    private readonly classes: { relation: string; function: string },
  ) {
    const add = (map: Map<string, string[]>, key: string, value: string) => {
      const found = map.get(key);
      if (found === undefined) map.set(key, [value]);
      else found.push(value);
    };
    for (const { object, on, how } of rows) {
      add(this.#down, object ?? '', on ?? '');
      // A constraint, trigger, default, policy or rule belongs to its table, and goes with it.
      if (how === 'a' || how === 'i') add(this.#parts, on ?? '', object ?? '');
    }
    for (const [key, { what }] of objects)
      if (key.startsWith(`${classes.function}.`)) add(this.#functions, what.split('.').at(-1) ?? '', key);
  }

  reachedFrom(relation: number, relations: ReadonlySet<number>): Set<string> {
    const start = `${this.classes.relation}.${relation}`;
    const seen = new Set([start]);
    const waiting = [start];
    const used = new Set<string>();
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      const object = this.objects.get(next);
      if (object !== undefined) used.add(next);
      for (const key of [
        ...(this.#down.get(next) ?? []),
        ...(this.#parts.get(next) ?? []),
        ...this.#called(next, object),
      ]) {
        const [kind, oid] = key.split('.');
        // Another table is what it is for itself.
        const another = kind === this.classes.relation && relations.has(Number(oid));
        if (seen.has(key) || another) continue;
        seen.add(key);
        waiting.push(key);
      }
    }
    return used;
  }

  /** Functions that a function's body names: the catalogue does not know whom it calls. */
  #called(key: string, object: MeantObject | undefined): string[] {
    if (object === undefined || !key.startsWith(`${this.classes.function}.`)) return [];
    const { prosrc } = JSON.parse(object.definition) as { prosrc?: string };
    const words = new Set(prosrc?.match(/[\w$]+/g) ?? []);
    return [...words].flatMap((word) => this.#functions.get(word) ?? this.#functions.get(word.toLowerCase()) ?? []);
  }
}
