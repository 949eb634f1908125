import { describe, expect, it } from '@jest/globals';
import type { ComparePlan, KeyedRow } from '../../../activities/comparison/compare-source.ts';
import { compareKeys, mergeRows } from '../../../activities/comparison/merge-rows.ts';

type Order = ComparePlan['key'][number]['order'];
const planOf = (...orders: Order[]): ComparePlan => ({
  key: orders.map((order, index) => ({ name: `k${index}`, form: 'native', order })),
  columns: [],
  hash: '',
});

async function* batches(rows: KeyedRow[], size = 2): AsyncGenerator<KeyedRow[]> {
  for (let at = 0; at < rows.length; at += size) yield rows.slice(at, at + size);
}
const rows = (...keys: string[]): KeyedRow[] =>
  keys.map((key) => ({ key: [key.split('=')[0]!], digest: key.split('=')[1] ?? 'same' }));

async function merged(left: KeyedRow[], right: KeyedRow[], plan = planOf('integer'), size = 2): Promise<string[]> {
  const heard: string[] = [];
  await mergeRows(plan, batches(left, size), batches(right, size), {
    missing: (row) => heard.push(`missing ${row.key.join()}`),
    extra: (row) => heard.push(`extra ${row.key.join()}`),
    different: (row) => heard.push(`different ${row.key.join()}`),
  });
  return heard;
}

describe('merging two ordered streams of rows', () => {
  it('hears of what is on one side only, and of what differs', async () => {
    const left = rows('-3', '1', '2=a', '5', '10', '11');
    const right = rows('1', '2=b', '3', '10', '12');
    const expected = ['missing -3', 'different 2', 'extra 3', 'missing 5', 'missing 11', 'extra 12'];
    for (const size of [1, 2, 100]) expect(await merged(left, right, planOf('integer'), size)).toEqual(expected);
  });

  it('ends with the longer side', async () => {
    expect(await merged([], [])).toEqual([]);
    expect(await merged(rows('1', '2', '3'), [])).toEqual(['missing 1', 'missing 2', 'missing 3']);
    expect(await merged([], rows('1'))).toEqual(['extra 1']);
  });

  it('refuses a key that comes twice, or out of order', async () => {
    await expect(merged(rows('1', '1'), rows('1'))).rejects.toMatchObject({
      name: 'PlanInvalid',
      message: expect.stringContaining('occurs twice in the left rows'),
    });
    await expect(merged(rows('1'), rows('2', '1'))).rejects.toMatchObject({
      message: expect.stringContaining('out of order in the right rows'),
    });
  });

  it('closes both streams when it fails', async () => {
    let closed = 0;
    async function* watched(keyed: KeyedRow[]): AsyncGenerator<KeyedRow[]> {
      try {
        yield keyed;
        yield keyed;
      } finally {
        closed += 1;
      }
    }
    const nothing = { missing: () => undefined, extra: () => undefined, different: () => undefined };
    await expect(mergeRows(planOf('integer'), watched(rows('1')), watched(rows('1')), nothing)).rejects.toThrow(
      'occurs twice',
    );
    expect(closed).toBe(2);
  });
});

describe('the order of keys', () => {
  it.each<[Order, string[]]>([
    ['integer', ['-9223372036854775808', '-10', '-9', '0', '9', '10', '9007199254740993', '9007199254740994']],
    ['text', ['', 'A', 'Z', 'a', 'z', 'ä', '€', '\uffee', '𝔸']],
    [
      'uuid',
      [
        '0a000000-0000-0000-0000-000000000000',
        '0b000000-0000-0000-0000-000000000000',
        'a0000000-0000-0000-0000-000000000000',
      ],
    ],
  ])('of %s is the order of the server', (order, sorted) => {
    const plan = planOf(order);
    for (const [index, key] of sorted.entries()) {
      for (const [other, next] of sorted.entries())
        expect(Math.sign(compareKeys(plan, [key], [next]))).toBe(Math.sign(index - other));
    }
  });

  it('goes by the first part that differs', () => {
    const plan = planOf('integer', 'text');
    expect(compareKeys(plan, ['2', 'z'], ['10', 'a'])).toBe(-1);
    expect(compareKeys(plan, ['2', 'b'], ['2', 'a'])).toBe(1);
    expect(compareKeys(plan, ['2', 'a'], ['2', 'a'])).toBe(0);
  });
});
