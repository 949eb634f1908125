import type pg from 'pg';
import type { PostgresServer } from '../postgres-server.ts';

/** Columns that say how full something is, or that repeat what other catalogues say. */
const beside = ['relpages', 'reltuples', 'relallvisible', 'relallfrozen', 'relfrozenxid', 'relminmxid', 'relfilenode', 'relhasindex', 'relhassubclass', 'reltoastrelid', 'rolpassword', 'datfrozenxid', 'datminmxid', 'dathasloginevt', 'datlastsysoid', 'oid', 'datname', 'indcheckxmin', 'attstattarget', 'attcacheoff']; // prettier-ignore
const row = (alias: string) => `(to_jsonb(${alias}) - '{${beside.join(',')}}'::text[])::text`;
const free = (schema: string, name: string) =>
  `coalesce((select n.nspname from pg_namespace n where n.oid = ${schema}), '') not in ('free', 'switchback', 'pg_toast') and ${name} !~ 'free'`;
const relation = (oid: string) =>
  `${oid} in (select c.oid from pg_class c where c.oid >= 16384 and c.relpersistence <> 't' and ${free('c.relnamespace', 'c.relname')})`;
const named = (catalogue: string, name: string, schema = '0') =>
  `select '${catalogue} ' || x.oid, x.${name}::text || ' ' || ${row('x')} from ${catalogue} x where x.oid >= 16384 and ${free(schema === '0' ? '0' : `x.${schema}`, `x.${name}`)}`;
const partOf = (catalogue: string, column: string, key = 'x.oid::text') =>
  `select '+${catalogue} ' || ${key}, ${row('x')} from ${catalogue} x where ${relation(`x.${column}`)}`;

/** What begins with `+` may not be added either. */
const catalogues = [
  named('pg_class', 'relname', 'relnamespace') + ` and x.relpersistence <> 't' and x.relkind not in ('i', 'I')`,
  named('pg_type', 'typname', 'typnamespace'),
  named('pg_proc', 'proname', 'pronamespace'),
  named('pg_operator', 'oprname', 'oprnamespace'),
  named('pg_collation', 'collname', 'collnamespace'),
  named('pg_opclass', 'opcname', 'opcnamespace'),
  named('pg_ts_config', 'cfgname', 'cfgnamespace'),
  named('pg_ts_dict', 'dictname', 'dictnamespace'),
  named('pg_foreign_server', 'srvname'),
  named('pg_foreign_data_wrapper', 'fdwname'),
  named('pg_publication', 'pubname'),
  named('pg_extension', 'extname'),
  `select 'pg_namespace ' || x.oid, ${row('x')} from pg_namespace x where x.nspname in ('public', 'lib')`,
  `select 'pg_language ' || x.oid, ${row('x')} from pg_language x`,
  `select 'pg_ts_config_map ' || concat_ws(' ', mapcfg, maptokentype, mapseqno), ${row('x')} from pg_ts_config_map x where mapcfg >= 16384`,
  `select 'pg_aggregate ' || x.aggfnoid, ${row('x')} from pg_aggregate x where x.aggfnoid::oid >= 16384`,
  `select '+pg_enum ' || enumtypid || ' ' || enumlabel, ${row('x')} from pg_enum x where enumtypid in (select t.oid from pg_type t where ${free('t.typnamespace', 't.typname')})`,
  `select '+pg_attribute ' || attrelid || ' ' || attnum, ${row('x')} from pg_attribute x where attnum > 0 and ${relation('x.attrelid')} and attrelid not in (select indexrelid from pg_index)`,
  `select '+pg_domain ' || x.oid, ${row('x')} from pg_constraint x where contypid <> 0 and contypid in (select t.oid from pg_type t where ${free('t.typnamespace', 't.typname')})`,
  `select 'pg_range ' || rngtypid, ${row('x')} from pg_range x where rngtypid >= 16384`,
  `select 'pg_user_mapping ' || x.oid, ${row('x')} from pg_user_mapping x`,
  partOf('pg_attrdef', 'adrelid'),
  partOf('pg_constraint', 'conrelid'),
  partOf('pg_trigger', 'tgrelid'),
  partOf('pg_rewrite', 'ev_class'),
  partOf('pg_policy', 'polrelid'),
  `select '+pg_index ' || x.indexrelid::regclass, pg_get_indexdef(x.indexrelid) || (to_jsonb(x) - '{indexrelid,indcheckxmin,indexprs,indpred}'::text[])::text from pg_index x where ${relation('x.indrelid')}`,
  partOf('pg_inherits', 'inhparent', `x.inhrelid || ' ' || x.inhparent`),
  partOf('pg_inherits', 'inhrelid', `x.inhrelid || ' ' || x.inhparent`),
  partOf('pg_publication_rel', 'prrelid', `x.prpubid || ' ' || x.prrelid`),
  partOf('pg_sequence', 'seqrelid', 'x.seqrelid::text'),
  partOf('pg_foreign_table', 'ftrelid', 'x.ftrelid::text'),
  partOf('pg_partitioned_table', 'partrelid', 'x.partrelid::text'),
  `select '+pg_event_trigger ' || x.oid, ${row('x')} from pg_event_trigger x`,
  `select '+pg_subscription ' || oid, subname::text from pg_subscription where subdbid = (select oid from pg_database where datname = current_database())`,
  `select '+pg_cast ' || concat_ws(' ', castsource, casttarget), ${row('x')} from pg_cast x where castcontext <> 'e'`,
  `select 'pg_authid ' || x.oid, ${row('x')} from pg_authid x where rolname !~ 'free'`,
  `select '+pg_auth_members ' || concat_ws(' ', roleid, member, grantor), ${row('x')} from pg_auth_members x where pg_get_userbyid(roleid) !~ 'free' and pg_get_userbyid(member) !~ 'free'`,
  `select '+pg_db_role_setting ' || concat_ws(' ', setdatabase = 0, setrole), array_to_string(array(select s from unnest(setconfig) s where s !~ '^(statement_timeout|work_mem|lock_timeout)='), ' ') from pg_db_role_setting x
     where pg_get_userbyid(setrole) !~ 'free' and setdatabase in (0, (select oid from pg_database where datname = current_database())) and array_to_string(setconfig, ' ') !~ '^(statement_timeout|work_mem|lock_timeout)=[^ ]*$'`,
  `select 'pg_database', ${row('x')} from pg_database x where datname = current_database()`,
  `select 'pg_largeobject ' || loid || ' ' || pageno, encode(data, 'hex') from pg_largeobject`,
  `select 'pg_largeobject_metadata ' || x.oid, ${row('x')} from pg_largeobject_metadata x`,
  ...[
    'pg_proc',
    'pg_operator',
    'pg_type',
    'pg_opclass',
    'pg_amop',
    'pg_amproc',
    'pg_am',
    'pg_ts_config',
    'pg_conversion',
    'pg_namespace',
  ].map(
    (t) =>
      `select 'built in ${t}', concat_ws(' ', count(*), sum(xmin::text::bigint)) from ${t} where oid < 16384 ${t === 'pg_namespace' ? `and nspname <> 'public'` : ''}`,
  ),
];
const tables = ['customers', 'invoices', 'events', 'documents', 'letters', 'visits', 'lib.kinds', 'totals'];

/** A day of the application: what it writes comes back as it did, and to the same people. */
const applications = [
  `insert into invoices (customer, kind, amount, note, ship, states) values (1, 1, 5, 'new', row('R', 'T')::addr, '{paid}') returning to_jsonb(invoices) - '{id,number,down}'::text[] as r`,
  `insert into customers (email, name) values ('NEW@example.org', 'n100') returning to_jsonb(customers) - 'id' as r`,
  `select id as r from customers where email = 'c3@EXAMPLE.org'`,
  `select string_agg(name, ',' order by name) as r from customers`,
  `update invoices set state = 'paid' where id = 3 returning state::text as r`,
  `delete from invoices where id = 4 returning id as r`,
  `delete from customers where id = 12 returning id as r`,
  `insert into events values (1, '2025-05-05', 'x') returning what as r`,
  `delete from documents where id = 1 returning id as r`,
  `insert into visits values ('2026-01-01', 'x') returning who as r`,
  `select count(*)::int as r from invoices`,
  `select lower(what) as r from events order by id, day limit 1`,
  `select upper(title) as r from documents order by id`,
  `select current_setting('search_path') as r`,
];

export type Meaning = ReadonlyMap<string, string>;

/** Everything that the protected tables are, are made of and are used through, read from the server by SQL of the test's own. */
export async function protectedMeaning(server: PostgresServer, database: string): Promise<Meaning> {
  const meaning = await server.with(database, async (client) => {
    await client.query(`set search_path = public, lib; set row_security = off`);
    const { rows } = await client.query<[string, string]>({ text: catalogues.join('\nunion all\n'), rowMode: 'array' });
    const found = new Map(rows);
    for (const table of tables)
      found.set(
        `rows of ${table}`,
        await one(client, `select md5(string_agg(t::text, '|' order by t::text)) from ${table} t`),
      );
    return found;
  });
  await server.with(database, async (client) => {
    for (const sequence of ['invoice_no', 'countdown'])
      meaning.set(`sequence ${sequence}`, await one(client, `select last_value from ${sequence}`));
  });
  meaning.set('the application', await server.with(database, asApplication, 'app').catch(String));
  return meaning;
}

async function asApplication(client: pg.Client): Promise<string> {
  const said: string[] = [];
  for (const text of applications) {
    await client.query('begin');
    const answer = await client.query<{ r: unknown }>(text).then(({ rows }) => rows.map(({ r }) => r), String); // prettier-ignore
    said.push(`${text.slice(0, 40)}: ${JSON.stringify(answer)}`);
    await client.query('rollback');
  }
  return said.join('\n');
}

async function one(client: pg.Client, text: string): Promise<string> {
  const { rows } = await client.query<[string]>({ text, rowMode: 'array' });
  return String(rows[0]?.[0]);
}

/** What of it is another thing afterwards. Numbers that were given out are none. */
export function differences(before: Meaning, after: Meaning): string[] {
  const found = [...before].flatMap(([key, was]) => {
    const is = after.get(key);
    if (key === 'sequence invoice_no') return Number(is) >= Number(was) ? [] : [`${key} ${was} -> ${is}`];
    if (key === 'sequence countdown') return Number(is) <= Number(was) ? [] : [`${key} ${was} -> ${is}`];
    return is === was ? [] : [`${key}: ${was} -> ${is ?? 'gone'}`];
  });
  return [
    ...found,
    ...[...after.keys()]
      .filter((key) => key.startsWith('+') && !before.has(key))
      .map((key) => `${key}: ${after.get(key)}`),
  ];
}
