import type { StoreFixture } from './conformance.ts';
import { PostgresServer } from './postgres-server.ts';

let server: PostgresServer | undefined;

/** A database with a table of things, on a server that all tests of a file share. */
export async function postgresFixture(): Promise<StoreFixture> {
  server ??= await PostgresServer.start();
  const own = server;
  const database = await own.database();
  await own.run(database, 'create table things (id int generated always as identity primary key, what text)');
  return {
    ref: { kind: 'postgres', url: '${env:STORE_URL}' },
    secrets: { STORE_URL: own.url(database) },
    add: async (things) => {
      await own.run(database, `insert into things (what) select 'a thing' from generate_series(1, ${things})`);
    },
    count: async () => Number(await own.value(database, 'select count(*) from things')),
    queries: {
      count: 'select count(*) from things',
      all: 'table things',
      key: ['id'],
      write: 'delete from things returning id',
    },
    step: `insert into things (what) values ('a step')`,
    // The server goes with all its databases.
    remove: async () => undefined,
  };
}

export async function stopPostgres(): Promise<void> {
  await server?.stop();
}
