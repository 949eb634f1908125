import type { Chunking } from '../../comparison/compare-source.ts';
import type { CompareSql } from './compare-columns.ts';

/** More ranges than this in one condition cost the planner more than they save. */
const mostRanges = 40;

/** The chunk that a row belongs to. Division cuts towards zero, so chunk 0 of a range is twice as wide. */
export const chunkOf = (sql: CompareSql, chunking: Chunking): string =>
  chunking.by === 'range' ? `${sql.integerKey} / ${chunking.width}` : `${sql.keyDigest} & ${chunking.count - 1}`;

/** A condition that holds for the rows of some chunks. */
export function chunkFilter(sql: CompareSql, chunking: Chunking, chunks: readonly string[]): string {
  const list = `(${chunkOf(sql, chunking)}) = any('{${chunks.join(',')}}'::bigint[])`;
  if (chunking.by === 'bucket') return list;
  const { width } = chunking;
  const ranges = joined(chunks.map(BigInt)).map(
    ([first, last]) => [lowest(first, width), highest(last, width)] as const,
  );
  // Without the cast, so that an index on the key serves.
  const key = sql.integerKey.replace(/::bigint$/, '');
  const between = (low: bigint, high: bigint) => `${key} between (${low})::bigint and (${high})::bigint`;
  if (ranges.length <= mostRanges) return `(${ranges.map(([low, high]) => between(low, high)).join(' or ')})`;
  return `(${between(ranges[0]?.[0] ?? 0n, ranges.at(-1)?.[1] ?? 0n)} and ${list})`;
}

const limits = { low: -(2n ** 63n), high: 2n ** 63n - 1n };

function lowest(chunk: bigint, width: bigint): bigint {
  const low = chunk > 0n ? chunk * width : chunk * width - (width - 1n);
  return low < limits.low ? limits.low : low;
}

function highest(chunk: bigint, width: bigint): bigint {
  const high = chunk < 0n ? chunk * width : chunk * width + (width - 1n);
  return high > limits.high ? limits.high : high;
}

/** Neighbours joined to ranges of chunks. */
function joined(chunks: bigint[]): [first: bigint, last: bigint][] {
  const ranges: [bigint, bigint][] = [];
  for (const chunk of [...chunks].sort((a, b) => (a < b ? -1 : 1))) {
    const range = ranges.at(-1);
    if (range && chunk === range[1] + 1n) range[1] = chunk;
    else ranges.push([chunk, chunk]);
  }
  return ranges;
}
