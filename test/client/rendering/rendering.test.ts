import { describe, expect, it } from '@jest/globals';
import { formatAge, formatDuration } from '../../../client/rendering/duration.ts';
import { formatProgress, rateOf } from '../../../client/rendering/progress.ts';
import { formatBytes, plural } from '../../../client/rendering/quantity.ts';
import { colouredStyle, plainPage, plainStyle, wantsColour } from '../../../client/rendering/style.ts';
import { cut, fit, table } from '../../../client/rendering/table.ts';

describe('formatDuration', () => {
  it.each([
    [0, '0 ms'],
    [999, '999 ms'],
    [1000, '1.0 s'],
    [59_949, '59.9 s'],
    [59_951, '1m 00s'],
    [245_000, '4m 05s'],
    [3_599_600, '1h 00m'],
    [12_000_000, '3h 20m'],
    [187_200_000, '2d 04h'],
    [Number.NaN, '-'],
    [-1, '-'],
  ])('%d ms is %s', (milliseconds, text) => {
    expect(formatDuration(milliseconds)).toBe(text);
  });

  it('says so when a time lies in the future: another host has another clock', () => {
    const now = new Date('2026-03-01T10:00:00Z');
    expect(formatAge('2026-03-01T09:59:30Z', now)).toBe('30.0 s ago');
    expect(formatAge('2026-03-01T10:00:02Z', now)).toBe('2.0 s ahead of this clock');
    expect(formatAge('yesterday', now)).toBe('at an unknown time');
  });
});

describe('formatBytes', () => {
  it.each([
    [0, '0 B'],
    [1023, '1023 B'],
    [1024, '1.00 KiB'],
    [1024 ** 2 - 1, '1.00 MiB'],
    [1.21 * 1024 ** 3, '1.21 GiB'],
    [99.96 * 1024 ** 3, '100 GiB'],
    [Number.POSITIVE_INFINITY, '-'],
  ])('%d is %s', (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
  });

  it('counts in words', () => {
    expect([plural(1, 'phase'), plural(0, 'phase'), plural(4900, 'row')]).toEqual([
      '1 phase',
      '0 phases',
      '4,900 rows',
    ]);
  });
});

describe('formatProgress', () => {
  const copying = { doing: 'copying orders', done: 300 * 1024 ** 2, total: 1200 * 1024 ** 2, unit: 'bytes' } as const;

  it('shows bytes, share, rate and time left', () => {
    expect(formatProgress(copying, 100 * 1024 ** 2)).toBe(
      'copying orders [#####...............] 300 MiB of 1.17 GiB (25 %), 100 MiB/s, 9.0 s left',
    );
  });

  it('shows what is known when the way is unknown', () => {
    expect(formatProgress({ doing: 'waiting' })).toBe('waiting');
    expect(formatProgress({ doing: 'comparing', done: 12_000, unit: 'rows' }, 4000)).toBe(
      'comparing 12,000 rows, 4,000 rows/s',
    );
  });

  it('never shows more than the whole', () => {
    expect(formatProgress({ doing: 'copying', done: 12, total: 10, unit: 'checks' })).toContain('(100 %)');
  });

  it('has a rate only from two samples of the same doing of which the later is further', () => {
    const at = (milliseconds: number, done: number, doing = 'copying') => ({
      at: milliseconds,
      progress: { doing, done },
    });
    expect(rateOf(at(0, 100), at(2000, 300))).toBe(100);
    expect(rateOf(undefined, at(2000, 300))).toBeUndefined();
    expect(rateOf(at(0, 300), at(2000, 300))).toBeUndefined();
    expect(rateOf(at(2000, 100), at(2000, 300))).toBeUndefined();
    expect(rateOf(at(0, 100, 'listing'), at(2000, 300))).toBeUndefined();
  });
});

describe('table', () => {
  const columns = [{ title: 'name' }, { title: 'note', gives: true }, { title: 'took', align: 'right' as const }];

  it('aligns, leaves no trailing blanks and drops empty columns', () => {
    expect(
      table(
        columns,
        [
          ['a', '', '1 s'],
          ['long', '', '10 s'],
        ],
        plainPage,
      ),
    ).toEqual(['name  took', 'a      1 s', 'long  10 s']);
  });

  it('cuts the column that gives to the width of the page', () => {
    const lines = table(columns, [['a', 'x'.repeat(60), '1 s']], { style: plainStyle, width: 40 });
    expect(lines.every((line) => line.length <= 40)).toBe(true);
    expect(lines[1]).toContain('…');
  });

  it('measures text without its colours', () => {
    const [, first, second] = table(
      columns,
      [
        [colouredStyle.red('a'), '', '1 s'],
        ['b', '', '2 s'],
      ],
      plainPage,
    );
    expect(first).toBe(`${colouredStyle.red('a')}      1 s`);
    expect(second).toBe('b      2 s');
  });

  it('cuts coloured lines without leaving the colour on', () => {
    expect(fit(colouredStyle.red('abcdef'), 4)).toBe('\u001b[31mabc\u001b[39m…\u001b[0m');
    expect(fit('abcdef', 4)).toBe('abc…');
    expect(fit('abcd', 4)).toBe('abcd');
    expect(cut('abcdef', 1)).toBe('…');
  });
});

describe('wantsColour', () => {
  it('is for terminals, unless NO_COLOR says no or FORCE_COLOR says yes', () => {
    expect(wantsColour({}, true)).toBe(true);
    expect(wantsColour({}, false)).toBe(false);
    expect(wantsColour({ TERM: 'dumb' }, true)).toBe(false);
    expect(wantsColour({ NO_COLOR: '1', FORCE_COLOR: '1' }, true)).toBe(false);
    expect(wantsColour({ NO_COLOR: '' }, true)).toBe(true);
    expect(wantsColour({ FORCE_COLOR: '1' }, false)).toBe(true);
    expect(wantsColour({ FORCE_COLOR: '0' }, false)).toBe(false);
  });
});
