import { describe, expect, it } from '@jest/globals';
import { painted, reachOf } from '../../../client/backup/list.ts';
import { plainPage } from '../../../client/rendering/style.ts';

const now = new Date('2026-03-01T12:00:00Z');

describe('the list of recovery points', () => {
  it('says that a dump which cannot be restored is not restorable, and calls no other one so', () => {
    const why = 'store-db cannot be restored: function pre(text) does not exist';
    expect(painted({ state: 'failed', problem: why }, plainPage)).toBe('not restorable');
    expect(painted({ state: 'failed', problem: 'table a differs' }, plainPage)).toBe('failed');
    expect(painted({ state: 'verified', problem: why }, plainPage)).toBe('verified');
  });

  it('says that a log is beginning before it reaches any moment, and that there is none once it ended so', () => {
    expect(reachOf({ state: 'following' }, now, plainPage)).toBe('beginning');
    expect(reachOf({ state: 'standing' }, now, plainPage)).toBe('no log');
    expect(reachOf({ state: 'ended' }, now, plainPage)).toBe('no log');
    expect(reachOf({ state: 'following', to: '2026-03-01T11:59:50Z' }, now, plainPage)).toMatch(/ago$/);
  });
});
