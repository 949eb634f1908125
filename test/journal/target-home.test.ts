import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { ensureTargetHome, switchbackHome, targetHome } from '../../journal/index.ts';

describe('the home', () => {
  it('is where the environment says, as an absolute path, and a folder of the user otherwise', () => {
    expect(switchbackHome({ SWITCHBACK_HOME: '/srv/sb' })).toBe('/srv/sb');
    expect(switchbackHome({ SWITCHBACK_HOME: 'sb' })).toBe(resolve('sb'));
    expect(switchbackHome({})).toBe(join(homedir(), '.switchback'));
  });

  it('has one folder for each target, and in it one for each kind of thing', () => {
    const root = '/srv/sb/targets/shop';
    expect(targetHome('shop', { SWITCHBACK_HOME: '/srv/sb' })).toEqual({
      root,
      journal: `${root}/journal.jsonl`,
      content: `${root}/content`,
      points: `${root}/points`,
      records: `${root}/records`,
      scratch: `${root}/scratch`,
      runs: `${root}/runs`,
    });
    expect(targetHome('shop.rehearsal-a1').root).toMatch(/shop\.rehearsal-a1$/);
  });

  it.each(['..', '../shop', 'a/b', '', 'Shop', '.hidden', 'a b', 'shop.other'])(
    'is refused to a target %j',
    (target) => {
      expect(() => targetHome(target)).toThrow(
        expect.objectContaining({
          name: 'PlanInvalid',
          message: `target name ${JSON.stringify(target)} is not usable`,
          hint: expect.stringContaining('lower-case letters'),
        }),
      );
    },
  );

  it('is made with all its folders, each readable by its owner alone, and made again without harm', () => {
    const folder = mkdtempSync(join(tmpdir(), 'switchback-home-'));
    try {
      const home = targetHome('shop', { SWITCHBACK_HOME: folder });
      ensureTargetHome(home);
      ensureTargetHome(home);
      for (const made of [home.root, home.content, home.points, home.records, home.scratch, home.runs])
        expect(statSync(made).mode & 0o777).toBe(0o700);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
