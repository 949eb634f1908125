import { z } from 'zod';
import { volumeName } from '../plan/name.ts';
import { saying } from '../plan/saying.ts';
import { sqliteByHand } from './sqlite-by-hand.ts';
import { defineStoreKind } from './define-store-kind.ts';

/** By `volume` and `file`, or by `path`. */
export interface SqliteRef {
  /** As Docker names it. */
  volume?: string;
  /** Path of the database inside of the volume. */
  file?: string;
  /** Path of the database on the host, relative to the stack's directory. */
  path?: string;
}

declare module './store-kind.ts' {
  interface StoreRefs {
    sqlite: SqliteRef;
  }
}

const schema = z
  .strictObject({
    kind: z.literal('sqlite').describe('A database of SQLite: one file, which services open themselves.'),
    volume: saying(volumeName, 'The volume that the database file is in, as Docker names it.').exactOptional(),
    file: z
      .string()
      .max(500)
      .regex(/^(?!\/)(?!(.*\/)?\.\.?(\/|$))[^\0\n]*[^\0\n/]$/, 'is not a path inside of the volume')
      .exactOptional()
      .describe('The database file inside of the volume, e.g. data/app.db.'),
    path: z
      .string()
      .min(1)
      .max(1000)
      .regex(/^[^\0\n]*[^\0\n/]$/, 'is not the path of a file')
      .exactOptional()
      .describe('Or: the database file on the host, relative to the directory of the stack.'),
  })
  .refine((value) => (value.volume === undefined) !== (value.path === undefined), {
    error: 'needs either `volume` with `file`, or `path`, and not both',
    params: { hint: 'Write `volume: NAME` and `file: app.db`, or `path: ./data/app.db`.' },
  })
  .refine((value) => (value.volume === undefined) === (value.file === undefined), {
    error: 'needs `file` with `volume`, and has it with nothing else',
    params: { hint: 'Say which file in the volume is the database.' },
  });

export const sqlite = defineStoreKind({
  kind: 'sqlite',
  title: 'SQLite',
  schema,
  can: ['probe', 'backup', 'restore', 'fingerprint'],
  wholeServer: false,
  port: undefined,
  reachedBy: ({ volume, file = '', path = '' }) => (volume === undefined ? path : `${file} in volume ${volume}`),
  place: ({ volume, file, path }) => [volume, file, path],
  secrets: () => [],
  scriptAddress: () => undefined,
  findings: () => [],
  restoreByHand: sqliteByHand,
});
