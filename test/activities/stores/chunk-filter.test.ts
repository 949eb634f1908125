import { describe, expect, it } from '@jest/globals';
import { chunkFilter } from '../../../activities/stores/postgres/chunk-filter.ts';
import type { CompareSql } from '../../../activities/stores/postgres/compare-columns.ts';

const sql: CompareSql = { key: [], order: [], digest: '', keyDigest: 'hash', values: [], integerKey: 'q.id::bigint' };
const ranges = (chunks: string[], width = 10n) =>
  [
    ...chunkFilter(sql, { by: 'range', width }, chunks).matchAll(
      /between \((-?\d+)\)::bigint and \((-?\d+)\)::bigint/g,
    ),
  ].map((match) => [match[1], match[2]]);

/** How PostgreSQL divides. */
const chunkOf = (id: bigint, width: bigint) => id / width;

describe('the filter of chunks', () => {
  it('covers the ids that division puts into a chunk, below and above zero', () => {
    expect(ranges(['0'])).toEqual([['-9', '9']]);
    expect(ranges(['3'])).toEqual([['30', '39']]);
    expect(ranges(['-3'])).toEqual([['-39', '-30']]);
    for (let id = -50n; id <= 50n; id += 1n) {
      const [low, high] = ranges([String(chunkOf(id, 10n))])[0]!;
      expect(id >= BigInt(low!) && id <= BigInt(high!)).toBe(true);
    }
  });

  it('joins neighbours', () => {
    expect(ranges(['5', '-1', '6', '0', '9'])).toEqual([
      ['-19', '9'],
      ['50', '69'],
      ['90', '99'],
    ]);
  });

  it('ends where bigint ends', () => {
    expect(ranges([String(-(2n ** 63n) / 10n), String((2n ** 63n - 1n) / 10n)])).toEqual([
      ['-9223372036854775808', '-9223372036854775800'],
      ['9223372036854775800', '9223372036854775807'],
    ]);
  });

  it('lists chunks that are too many for ranges, within their bounds', () => {
    const many = Array.from({ length: 50 }, (_, n) => String(n * 2 + 2));
    const filter = chunkFilter(sql, { by: 'range', width: 10n }, many);
    expect(filter).toContain('q.id between (20)::bigint and (1009)::bigint');
    expect(filter).toContain("(q.id::bigint / 10) = any('{2,4,6,");
  });

  it('asks for buckets by the hash of the key', () => {
    expect(chunkFilter(sql, { by: 'bucket', count: 1024 }, ['7'])).toBe("(hash & 1023) = any('{7}'::bigint[])");
  });
});
