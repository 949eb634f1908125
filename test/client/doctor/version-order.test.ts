import { describe, expect, it } from '@jest/globals';
import { atLeast, versionIn } from '../../../client/doctor/version-order.ts';

describe('versions', () => {
  it('are found in what tools print', () => {
    expect(versionIn('Docker Compose version v2.26.1-4')).toEqual([2, 26, 1]);
    expect(versionIn('20.10.24+dfsg1')).toEqual([20, 10, 24]);
    expect(versionIn('dev')).toEqual([]);
  });

  it.each([
    [[2, 26, 1], [2, 20], true],
    [[2, 20], [2, 20], true],
    [[2, 9, 9], [2, 20], false],
    [[3], [2, 20], true],
    [[2], [2, 20], false],
    [[], [2, 20], false],
  ])('%j is at least %j: %s', (found, wanted, answer) => {
    expect(atLeast(found, wanted)).toBe(answer);
  });
});
