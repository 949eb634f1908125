import { z } from 'zod';
import { quote } from '../break-glass/quote.ts';
import type { PointFiles } from '../break-glass/point-files.ts';
import { repositoryPassword, restored } from '../break-glass/point-commands.ts';
import { serviceName } from '../plan/name.ts';
import { saying } from '../plan/saying.ts';
import { secretHint } from '../plan/secret-reference.ts';
import { secretText } from '../plan/secret-text.ts';
import { defineStoreKind, type RestoreByHand } from './define-store-kind.ts';

/** By `url`, whose path is the number of the database, or by `service` and `database`. */
export interface RedisRef {
  /** Number of the database; 0 unless told. */
  database?: number;
  /** A user of the server's access list; the default user unless told. */
  user?: string;
  /** Secret reference. */
  password?: string;
}

declare module './store-kind.ts' {
  interface StoreRefs {
    redis: RedisRef;
  }
}

const schema = z
  .strictObject({
    kind: z.literal('redis').describe('A database of Redis or Valkey.'),
    url: secretText.exactOptional().describe(`The address: redis://USER:PASSWORD@HOST:PORT/NUMBER. ${secretHint}`),
    service: saying(serviceName, 'Or: the Compose service whose container the database is in.').exactOptional(),
    database: z.int().min(0).max(65_535).exactOptional().describe('Number of the database; 0 unless told.'),
    user: z.string().min(1).max(100).exactOptional().describe('The user to connect as; the default user unless told.'),
    password: secretText.exactOptional().describe(`The user's password. ${secretHint}`),
  })
  .refine((value) => (value.url === undefined) !== (value.service === undefined), {
    error: 'needs either `url` or `service`, and not both',
    params: { hint: 'Write `url: "${env:NAME}"`, or `service` and `database`.' },
  })
  .refine(
    (value) =>
      value.url === undefined ||
      (value.database === undefined && value.user === undefined && value.password === undefined),
    {
      error: 'has `database`, `user` or `password` beside `url`, which says them already',
      params: { hint: 'Leave them out.' },
    },
  );

/** Loads the snapshot in a server of its own: which keys go back, only a person can say. */
function redisByHand(store: string, { folder, snapshot }: PointFiles): RestoreByHand {
  const from = snapshot === undefined ? folder : `./${store}_fetched`;
  return {
    why: 'keys that were written since are lost, and only a person can say that they may be',
    commands: [
      ...(snapshot === undefined ? [] : [repositoryPassword, restored(snapshot, '/dump', quote(from))]),
      `install -d -m 0700 ${quote(`./${store}_restored`)}`,
      `cp ${quote(`${from}/dump.rdb`)} ${quote(`./${store}_restored/dump.rdb`)}`,
      `redis-server --port 0 --unixsocket ${quote(`./${store}_restored/socket`)} --dir ${quote(`./${store}_restored`)} --appendonly no --save '' --daemonize yes`,
      ": 'look into it with redis-cli -s on that socket; to bring all of it back, stop the live server, put dump.rdb into its folder, start it'",
    ],
  };
}

export const redis = defineStoreKind({
  kind: 'redis',
  title: 'Redis',
  schema,
  can: ['probe', 'backup', 'restore', 'fingerprint'],
  wholeServer: false,
  port: 6379,
  reachedBy: ({ url, service = '', database = 0 }) => url ?? `database ${database} in the service ${service}`,
  // Another password leads to the same place.
  place: ({ url, service, database = 0 }) => [url, service, String(database)],
  secrets: ({ url, password }) => [url, password].filter((text) => text !== undefined),
  scriptAddress: () => undefined,
  findings: () => [],
  restoreByHand: redisByHand,
});
