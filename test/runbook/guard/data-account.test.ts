import { describe, expect, it } from '@jest/globals';
import {
  compareEntries,
  dataFault,
  lookOf,
  sayChange,
  sayWhatIsLost,
  type DataChange,
  type DataLook,
} from '../../../runbook/guard/data-account.ts';

const entries = (...list: [string, string][]) => new Map(list);
const before = entries(['a', 'f 644 0:0 1 10.5'], ['b', 'f 644 0:0 2 11.5'], ['c', 'd 755 0:0 - -']);
const compare = (after: Map<string, string>) => compareEntries('volume V', before, after);

describe('what became of a protected volume', () => {
  it.each([
    ['nothing', before, 'protected volume V: unchanged'],
    [
      'a file that was written to, and one that is new',
      entries(...before, ['a', 'f 644 0:0 1 12.5'], ['d', 'f']),
      'protected volume V: changed: 2 entries differ (1 new)',
    ],
    [
      'a file that was removed',
      entries(['b', 'f 644 0:0 2 11.5'], ['c', 'd 755 0:0 - -']),
      'protected volume V: changed: 1 entry differs (1 of 3 gone)',
    ],
  ])('%s is said in one line', (_what, after, line) => {
    expect(sayChange(compare(after))).toBe(line);
    expect(dataFault([compare(after)])).toBeUndefined();
  });

  it('is no success where all that was there is gone, also with something new in its place', () => {
    expect(dataFault([compare(entries(['new', 'f']))])?.message).toBe(
      'protected volume V has lost all 3 entries that it had',
    );
    expect(dataFault([compareEntries('volume V', entries(), entries())])).toBeUndefined();
  });

  it('is no success where a store is another database', () => {
    expect(dataFault([{ name: 'store db', same: true }])).toBeUndefined();
    expect(dataFault([{ name: 'store db', same: false }])?.message).toContain('store db is another database');
    expect(dataFault([{ name: 'store db', unknown: 'nothing answers' }])).toBeUndefined();
  });
});

describe('that nothing is lost', () => {
  const unchanged = { name: 'volume V', before: 3, gone: 0, changed: 0, added: 0 };
  const same = { name: 'store db', same: true };
  const look = (changes: DataChange[] | undefined, more: Partial<DataLook> = {}): DataLook => ({
    changes,
    ...{ blind: false, sincePhase: false, kept: {}, putBack: [] },
    ...more,
  });
  const back = look([same], { putBack: ['w'] });
  it.each<[string, DataLook[], boolean]>([
    ['everything was looked at and is unchanged', [look([unchanged]), look([same])], true],
    ['only new entries came', [look([{ ...unchanged, added: 1 }])], true],
    ['nobody looked', [look([]), look(undefined)], false],
    ['one look could not be taken', [look([unchanged]), look([{ name: 'volume W', unknown: 'no room' }])], false],
    ['something was gone at an earlier look', [look([{ ...unchanged, gone: 1 }]), look([unchanged])], false],
    ['something was written over', [look([{ ...unchanged, changed: 1 }])], false],
    ['another database answers', [look([unchanged, { name: 'store db', same: false }])], false],
    ['an operation began and never looked', [look(undefined, { blind: true }), look([unchanged])], false],
    [
      'the way back looked at all that happened since the phase began',
      [look(undefined, { blind: true }), look([unchanged], { sincePhase: true })],
      true,
    ],
    ['what a container had written into itself is there again', [look([same], { kept: { web: ['w'] } }), back], true],
    ['it is kept aside', [look([same], { kept: { web: ['w', 'w-2'] } }), back], false],
    ['the way back keeps what was written since', [look([same], { kept: { web: ['v'] } }), look([same])], false],
  ])('is said where %s: %#', (_when, looks, nothingLost) => {
    expect(sayWhatIsLost(looks).nothingLost).toBe(nothingLost);
  });

  it('is told by the worst that was seen of each', () => {
    const looks = [
      look([{ ...unchanged, gone: 1 }, same]),
      look([unchanged, { name: 'store db', unknown: 'nothing answers' }]),
    ];
    expect(sayWhatIsLost(looks).lines).toEqual([
      'protected volume V: changed: 1 entry differs (1 of 3 gone)',
      'store db: not looked up, nothing answers',
    ]);
  });

  it('names the images in which what is not put back is kept', () => {
    const looks = [look([same], { kept: { ticker: ['t', 't-2'], web: ['w'] } }), back];
    expect(sayWhatIsLost(looks).lines).toEqual([
      'store db: the same database',
      'service ticker: what 2 containers had written into themselves is not put back, and is kept as t, t-2',
    ]);
  });

  it('is read from what the journal has of an operation', () => {
    expect(lookOf({}, { layers: { a: ['x'] } }, { layers: { b: 'y' } })).toEqual(
      look(undefined, { kept: { a: ['x'] }, putBack: ['y'] }),
    );
    expect(lookOf({}, { layers: ['x'], service: 'a' })).toEqual(look(undefined, { kept: { a: ['x'] } }));
    expect(lookOf({}, undefined, { layers: { b: 'y' } })).toEqual(look(undefined));
    expect(lookOf({ data: {} }, { data: [unchanged], sincePhase: true })).toEqual(
      look([unchanged], { sincePhase: true }),
    );
    expect(lookOf({ data: {} }, undefined)).toEqual(look(undefined, { blind: true }));
    expect(lookOf({}, undefined)).toEqual(look(undefined));
    expect(lookOf({ data: {} }, { data: 'x' })).toEqual(look(undefined));
  });
});
