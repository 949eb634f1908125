import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { execa } from 'execa';
import { DockerEngine } from '../../activities/docker/index.ts';
import { applySqlHandler } from '../../activities/effects/apply-sql.ts';
import { findPoint } from '../../activities/points/index.ts';
import { loadSqlParser } from '../../activities/sql/index.ts';
import { storeDrivers } from '../../activities/stores/registry.ts';
import { dataNow } from '../../runbook/break-glass/protected-tables.ts';
import { sqlDiscards } from '../../runbook/guard/index.ts';
import { performWith, TestTarget } from '../real/effect-context.ts';
import { PostgresServer } from './postgres-server.ts';

const handler = applySqlHandler({ stores: storeDrivers(new DockerEngine()) });
const parser = await loadSqlParser();
let server: PostgresServer;
let database: string;
let target: TestTarget;

/** `switches` is written to by undos whose text is harmless; what follows from it is not. */
const schema = `
  create table notes (id int primary key, text text);
  insert into notes select n, 'note ' || n from generate_series(1, 30) n;
  create table switches (what text, scan bigint);
  create function act() returns trigger language plpgsql as $$ begin
    case new.what
      when 'delete' then delete from notes where id > 20;
      when 'update' then update notes set text = null where id <= 10;
      when 'truncate' then truncate notes;
      when 'drop' then drop table children;
      when 'scan' then perform lo_unlink(new.scan::oid);
      else null;
    end case;
    return new;
  end $$;
  create trigger act after insert on switches for each row execute function act();
  create table ruled (id int);
  create rule empties as on insert to ruled do also delete from notes;
  create table parents (id int primary key);
  create table children (id int references parents on delete cascade);
  insert into parents values (1); insert into children values (1);
  create rule drops as on insert to parents where new.id > 100 do instead delete from parents;
  create table computed (id int, gone int default 0);
  create function sweeps() returns int language plpgsql as 'begin delete from notes; return 1; end';
  alter table computed alter gone set default sweeps();
  create function on_ddl() returns event_trigger language plpgsql as 'begin delete from notes where id > 25; end';`;

beforeAll(async () => {
  server = await PostgresServer.start();
  await server.run('postgres', 'create database base');
  await server.run('base', schema);
});
afterAll(() => server.stop());
beforeEach(async () => {
  database = await server.database('base');
  target = await TestTarget.make({
    project: 'shop',
    stores: { shop: { kind: 'postgres', url: '${env:SHOP_URL}' } },
    secrets: { SHOP_URL: server.url(database) },
  });
});
afterEach(() => target.remove());

let ids = 0;
function undo(statement: string, keepsData: boolean) {
  const input = { store: 'shop', source: { statement }, transactional: true, expand: false };
  const context = target.context('applySql', input, { id: `rollback-1/${(ids += 1)}-applySql` });
  Object.assign(context.operation, { undoes: [`run-1/p/apply/${ids}`], ...(keepsData && { keepsData }) });
  return performWith(handler, context);
}
const count = (table: string) => server.value(database, `select count(*)::int from ${table}`);

const losing = [
  ['rows that a trigger deletes', "insert into switches values ('delete')"],
  ['rows that a trigger updates', "insert into switches values ('update')"],
  ['a table that a trigger empties', "insert into switches values ('truncate')"],
  ['a table that a trigger drops', "insert into switches values ('drop')"],
  ['rows that a rule deletes', 'insert into ruled values (1)'],
  ['rows that a cascade deletes', 'insert into parents values (101)'],
  ['rows that a default deletes', 'insert into computed (id) values (1)'],
] as const;

describe('an undo whose text is harmless', () => {
  it.each(losing)('stops before its commit, until the loss is confirmed: %s', async (_name, text) => {
    expect(sqlDiscards(text, parser)).toEqual([]);
    await expect(undo(text, true)).rejects.toMatchObject({
      name: 'PreconditionFailed',
      message: expect.stringMatching(/would destroy data in store shop that its text does not show/),
      hint: expect.stringContaining('--discard-data'),
    });
    expect([await count('notes'), await count('children')]).toEqual([30, 1]);
    const { performed } = await undo(text, false);
    expect(performed.facts).toHaveProperty('archived');
  });

  it('makes no ledger where an event trigger of the database deletes rows for it', async () => {
    await server.run(database, 'create event trigger e on ddl_command_end execute function on_ddl()');
    await expect(undo("insert into switches values ('nothing')", true)).rejects.toMatchObject({
      name: 'Protected',
      message: expect.stringContaining('to make the ledger would destroy data: public.notes'),
    });
    expect(await count('notes')).toBe(30);
  });

  it('stops where an event trigger of the database deletes rows', async () => {
    await undo("insert into switches values ('nothing')", true);
    await server.run(database, 'create event trigger e on ddl_command_end execute function on_ddl()');
    await expect(undo('create index on notes (text)', true)).rejects.toMatchObject({ name: 'PreconditionFailed' });
    expect(await count('notes')).toBe(30);
  });

  it.each(["insert into switches values ('nothing')", 'create index on notes (text)', 'create view v as table notes'])(
    'runs where nothing is lost: %s',
    async (text) => {
      await expect(undo(text, true)).resolves.toMatchObject({ outcome: 'done' });
    },
  );

  it('keeps large objects that go, also where no column says that it refers to them', async () => {
    const id = await server.value(database, "select lo_from_bytea(0, 'the scan')::bigint");
    const text = `insert into switches values ('scan', ${String(id)})`;
    await expect(undo(text, true)).rejects.toMatchObject({
      name: 'PreconditionFailed',
      message: expect.stringContaining('large objects'),
    });
    const { performed } = await undo(text, false);
    expect(performed.facts['archived']).toMatchObject({ largeObjects: 1 });
    expect(await count('pg_largeobject_metadata')).toBe(0);
    const { point } = performed.facts['archived'] as { point: string };
    const kept = await findPoint(target.home.points, point, 'run-1');
    await execa(`${server.binaries}/pg_restore`, ['-d', server.url(database), `${kept.folder}/dump`]);
    expect(await server.value(database, `select convert_from(lo_get(${String(id)}), 'utf8')`)).toBe('the scan');
  });
});

describe('the same undo by hand', () => {
  it.each(losing)('is seen by the query of a break-glass script: %s', async (_name, text) => {
    const raise = `do $x$ begin if exists (select unnest(current_setting('x.before')::text[]) except select unnest((${dataNow})))
      then raise exception 'lost'; end if; end $x$`;
    const script = `begin; select set_config('x.before', (${dataNow})::text, true); ${text}; ${raise}; rollback`;
    await expect(server.run(database, script)).rejects.toThrow('lost');
  });
});
