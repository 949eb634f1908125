import type { Progress } from '../effect.ts';
import { agree } from './agree.ts';
import {
  keyText,
  type Chunk,
  type Chunking,
  type ComparePlan,
  type CompareSource,
  type KeyedRow,
} from './compare-source.ts';
import { mergeRows } from './merge-rows.ts';

/** How two rows of one key differ. `missing`: in the left side only; `extra`: in the right side only. */
export type DifferenceKind = 'missing' | 'extra' | 'different';

export interface Difference {
  kind: DifferenceKind;
  key: string[];
  /** Hash of the row on each side, where it is there. */
  left?: string;
  right?: string;
}

export interface ComparisonResult {
  leftRows: number;
  rightRows: number;
  missing: number;
  extra: number;
  different: number;
  /** The first differences by key, `remember` of them at most. */
  differences: Difference[];
  /** How many rows had to be read one by one; the others were compared in chunks. */
  rowsRead: number;
  plan: ComparePlan;
}

export interface CompareOptions {
  key: readonly string[];
  /** How many differences are remembered. The counts are exact in any case. */
  remember: number;
  progress?: (progress: Progress) => void;
  /** For progress: what is compared. */
  what?: string;
}

/** More chunks would cost memory, fewer would each hold too many rows. */
const mostChunks = 2000;
const rangeWidth = 10_000n;

/**
 * Compares two sources by key: hashes of chunks first, then row by row where these differ. Memory stays bounded by one batch of each side
 * and the differences that are remembered.
 * @throws `ValidationMismatch` (columns), `PlanInvalid` (key)
 */
export async function compareRows(
  left: CompareSource,
  right: CompareSource,
  options: CompareOptions,
): Promise<ComparisonResult> {
  const plan = agree(left, right, options.key);
  const chunking = await chunkingFor(plan, left, right);
  options.progress?.({ doing: `comparing chunks of ${options.what ?? left.label}` });
  const [mine, other] = await Promise.all([left.chunks(plan, chunking), right.chunks(plan, chunking)]);
  const counts = { leftRows: total(mine), rightRows: total(other) };
  const result: ComparisonResult = {
    ...counts,
    missing: 0,
    extra: 0,
    different: 0,
    differences: [],
    rowsRead: 0,
    plan,
  };
  const suspects = differing(mine, other);
  if (suspects.length === 0) return result;

  const note = (kind: DifferenceKind, key: string[], digests: Pick<Difference, 'left' | 'right'>) => {
    result[kind] += 1;
    if (result.differences.length < options.remember) result.differences.push({ kind, key, ...digests });
  };
  const only = { chunking, chunks: suspects };
  await mergeRows(plan, left.rows(plan, only), right.rows(plan, only), {
    missing: (row) => note('missing', row.key, { left: row.digest }),
    extra: (row) => note('extra', row.key, { right: row.digest }),
    different: (l, r) => note('different', l.key, { left: l.digest, right: r.digest }),
    read: (rows) => {
      result.rowsRead = rows;
      options.progress?.({ doing: `comparing rows of ${options.what ?? left.label}`, done: rows, unit: 'rows' });
    },
  });
  return result;
}

async function chunkingFor(plan: ComparePlan, left: CompareSource, right: CompareSource): Promise<Chunking> {
  const [column] = plan.key;
  if (plan.key.length !== 1 || column?.order !== 'integer') return { by: 'bucket', count: 1024 };
  const ends = (await Promise.all([left.ends(plan), right.ends(plan)])).filter((found) => found !== undefined);
  const low = ends.reduce((least, { low: value }) => (value < least ? value : least), ends[0]?.low ?? 0n);
  const high = ends.reduce((most, { high: value }) => (value > most ? value : most), ends[0]?.high ?? 0n);
  const width = (high - low) / BigInt(mostChunks) + 1n;
  return { by: 'range', width: width > rangeWidth ? width : rangeWidth };
}

const total = (chunks: Map<string, Chunk>) => [...chunks.values()].reduce((rows, chunk) => rows + chunk.rows, 0);

function differing(left: Map<string, Chunk>, right: Map<string, Chunk>): string[] {
  const ids = new Set([...left.keys(), ...right.keys()]);
  return [...ids].filter((id) => {
    const [l, r] = [left.get(id), right.get(id)];
    return l?.rows !== r?.rows || l?.digest !== r?.digest;
  });
}

/** Names of the columns in which rows of both sides differ, by key, for at most as many keys as are given. */
export async function differingColumns(
  left: CompareSource,
  right: CompareSource,
  plan: ComparePlan,
  keys: readonly string[][],
): Promise<Map<string, string[]>> {
  const [mine, other] = await Promise.all([left.values(plan, keys), right.values(plan, keys)]);
  const found = new Map<string, string[]>();
  for (const key of keys) {
    const [l, r] = [mine.get(keyText(key)), other.get(keyText(key))];
    if (l === undefined || r === undefined) continue;
    found.set(
      keyText(key),
      plan.columns.flatMap((column, index) => (l[index] === r[index] ? [] : [column.name])),
    );
  }
  return found;
}

/** Looks again at rows that differed, by their keys. Both maps hold the hashes of those that are there. */
export async function lookAgain(
  left: CompareSource,
  right: CompareSource,
  plan: ComparePlan,
  keys: readonly string[][],
): Promise<{ left: Map<string, string>; right: Map<string, string> }> {
  const digests = (rows: KeyedRow[]) => new Map(rows.map((row) => [keyText(row.key), row.digest]));
  const [mine, other] = await Promise.all([left.find(plan, keys), right.find(plan, keys)]);
  return { left: digests(mine), right: digests(other) };
}
