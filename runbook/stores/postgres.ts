import { z } from 'zod';
import { storeAddress } from '../break-glass/store-address.ts';
import { serviceName } from '../plan/name.ts';
import { saying } from '../plan/saying.ts';
import { secretHint } from '../plan/secret-reference.ts';
import { secretText } from '../plan/secret-text.ts';
import { canaryFindings } from './canary-findings.ts';
import { postgresByHand } from './postgres-by-hand.ts';
import { defineStoreKind } from './define-store-kind.ts';

/** A query with a single value, which must be the same before a backup and after its restore. */
export type CanaryQuery = {
  query: string;
  /** What the value is, for people. */
  title?: string;
};

/** By `url`, or by `service`, `database` and `user`. */
export interface PostgresRef {
  database?: string;
  user?: string;
  /** Secret reference. */
  password?: string;
  /** Asked at every backup, and again of what is restored from it. */
  canary?: CanaryQuery[];
}

declare module './store-kind.ts' {
  interface StoreRefs {
    postgres: PostgresRef;
  }
}

const canaryQuery = z.strictObject({
  query: z
    .string()
    .min(1)
    .max(20_000)
    .describe('A query that only reads, with a single value that depends on nothing but the data.'),
  title: z.string().min(1).max(100).exactOptional().describe('What the value is, in words; else the query itself.'),
});

/** Which of the two ways to reach a store is meant shows the presence of `url` or `service`. */
const schema = z
  .strictObject({
    kind: z.literal('postgres').describe('A database of PostgreSQL.'),
    url: secretText.exactOptional().describe(`The address with user and password. ${secretHint}`),
    service: saying(serviceName, 'Or: the Compose service whose container the database is in.').exactOptional(),
    database: z.string().min(1).max(63).exactOptional().describe('The database in that container.'),
    user: z.string().min(1).max(63).exactOptional().describe('The user to connect as.'),
    password: secretText
      .exactOptional()
      .describe(`The user's password; left out, the one in the container's own environment. ${secretHint}`),
    canary: z
      .array(canaryQuery)
      .min(1)
      .max(50)
      .exactOptional()
      .describe(
        'Asked at every backup, in its snapshot, and again of what is restored from it: the values must be the same.',
      ),
  })
  .refine((value) => (value.url === undefined) !== (value.service === undefined), {
    error: 'needs either `url` or `service`, and not both',
    params: { hint: 'Write `url: "${env:NAME}"`, or `service`, `database` and `user`.' },
  })
  .refine((value) => value.service === undefined || (value.database !== undefined && value.user !== undefined), {
    error: 'needs `database` and `user` beside `service`',
    params: { hint: 'Say which database in the container, and as whom.' },
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

export const postgres = defineStoreKind({
  kind: 'postgres',
  title: 'PostgreSQL',
  schema,
  can: ['probe', 'backup', 'restore', 'fingerprint', 'change', 'compare', 'rehearse'],
  wholeServer: true,
  port: 5432,
  reachedBy: ({ url, service = '', database = '' }) => url ?? `database ${database} in the service ${service}`,
  // Another password leads to the same place.
  place: ({ url, service, database }) => [url, service, database],
  secrets: ({ url, password }) => [url, password].filter((text) => text !== undefined),
  scriptAddress: storeAddress,
  findings: ({ canary = [] }, path, sql) => canaryFindings(canary, path, sql),
  restoreByHand: postgresByHand,
});
