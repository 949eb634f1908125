import type { StoreFixture } from './conformance.ts';
import { RedisServer } from './redis-server.ts';

let server: RedisServer | undefined;

/** A database with things, some of which expire some day, on a server that all tests of a file share. */
export async function redisFixture(): Promise<StoreFixture> {
  server ??= await RedisServer.start();
  const own = server;
  const database = own.database();
  let next = 1;
  const count = `EVAL_RO "return #redis.call('keys','thing:*')" 0`;
  return {
    ref: { kind: 'redis', url: '${env:STORE_URL}' },
    secrets: { STORE_URL: own.url(database) },
    add: async (things) => {
      const ids = Array.from({ length: things }, () => next++);
      await own.load(
        database,
        ids.map((id) => `SET thing:${id} thing${id % 2 === 0 ? '' : ' EX 86400'}`),
      );
    },
    count: async () => Number(await own.run(database, 'EVAL', "return #redis.call('keys','thing:*')", '0')),
    queries: { count, all: 'KEYS *', key: ['id'], write: 'DEL thing:1' },
    // The server goes with all its databases.
    remove: async () => undefined,
  };
}

export async function stopRedis(): Promise<void> {
  await server?.stop();
}
