/**
 * How the values of one column are made comparable. Equal types are taken as they are; else both sides are brought to one form,
 * so that 1 and 1.00, or 12:00+02 and 10:00Z, are equal.
 */
export type ColumnForm = 'native' | 'number' | 'float4' | 'float8' | 'instant' | 'json' | 'text';

export interface CompareColumn {
  name: string;
  /** Name of the type in the store, without length and precision. */
  type: string;
  /** What kind of value it is, whatever the store calls it. */
  family: 'integer' | 'number' | 'float4' | 'float8' | 'instant' | 'json' | 'uuid' | 'text' | 'other';
}

/** What two sources agreed on before they are read. */
export interface ComparePlan {
  /** Columns of the key, in its order. */
  key: { name: string; form: ColumnForm; order: 'integer' | 'uuid' | 'text' }[];
  /** All columns that are compared, the key's among them. */
  columns: { name: string; form: ColumnForm }[];
  /** How rows are hashed: one of the ways that both sides know. */
  hash: string;
}

/** A row as it is compared: its key as text, and a hash of all its columns. */
export interface KeyedRow {
  key: string[];
  digest: string;
}

/** A part of the rows, the same on both sides: by ranges of an integer key, or by the hash of any key. */
export type Chunking = { by: 'range'; width: bigint } | { by: 'bucket'; count: number };

export interface Chunk {
  rows: number;
  digest: string;
}

/** One side of a comparison: the rows of a query as of one moment. Close it. */
export interface CompareSource {
  /** For messages, e.g. `store orders`. */
  readonly label: string;
  readonly columns: readonly CompareColumn[];
  /** Ways to hash rows, the fastest first. Equal names mean equal hashes of equal rows, whichever server computes them. */
  readonly hashes: readonly string[];
  /** Lowest and highest value of the key, where it is one integer column; undefined without rows. */
  ends(plan: ComparePlan): Promise<{ low: bigint; high: bigint } | undefined>;
  /** Rows and hash of each chunk that has any. */
  chunks(plan: ComparePlan, chunking: Chunking): Promise<Map<string, Chunk>>;
  /** Rows of some chunks, or all, in the order of the key, in batches. */
  rows(plan: ComparePlan, only?: { chunking: Chunking; chunks: string[] }): AsyncIterable<KeyedRow[]>;
  /** For rows without a key: each kind of row by its hash, in the order of the hashes, with the number of such rows as digest. */
  kinds(plan: ComparePlan): AsyncIterable<KeyedRow[]>;
  /** Rows by their keys; keys that are not there are left out. */
  find(plan: ComparePlan, keys: readonly string[][]): Promise<KeyedRow[]>;
  /** Values of the compared columns by key, as text in the agreed form. */
  values(plan: ComparePlan, keys: readonly string[][]): Promise<Map<string, (string | null)[]>>;
  close(): Promise<void>;
}

/** One text for one key, whatever is in its parts. */
export const keyText = (key: readonly string[]) => (key.length === 1 ? (key[0] ?? '') : JSON.stringify(key));
