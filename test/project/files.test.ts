import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from '@jest/globals';

const root = join(import.meta.dirname, '../..');
const list = (...flags: string[]) =>
  execFileSync('git', ['ls-files', '-z', ...flags], { cwd: root, encoding: 'utf8' })
    .split('\0')
    .filter(Boolean);
/** Tracked, and new ones that are not ignored: a test that waits for `git add` finds out too late. */
const files = list('--cached', '--others', '--exclude-standard').filter((file) => existsSync(join(root, file)));

/** Lines of tracked text files that `pattern` matches, as `file:line text`. */
function linesMatching(pattern: RegExp, except: readonly string[] = []): string[] {
  return files.flatMap((file) => {
    const path = join(root, file);
    if (except.includes(file) || !statSync(path).isFile()) return [];
    const bytes = readFileSync(path);
    if (bytes.subarray(0, 8000).includes(0)) return [];
    return bytes
      .toString('utf8')
      .split('\n')
      .flatMap((line, index) => (pattern.test(line) ? [`${file}:${index + 1} ${line.trim().slice(0, 120)}`] : []));
  });
}

describe('the files of the project', () => {
  it('name no folder of the machine they were written on', () => {
    // In pieces, so that the lines of this test do not match themselves.
    const homes = ['work', 'home/[a-z]+', 'Users/[a-z]+', 'root/[a-z.]+'].map((home) => `/${home}`).join('|');
    const pattern = new RegExp(`(?<![\\w.}~:*])(${homes})(?![\\w-])`);
    for (const folder of ['work/main', 'home/ada/x', 'Users/ada', 'root/.cache'])
      expect(`in /${folder}`).toMatch(pattern);
    expect(linesMatching(pattern)).toEqual([]);
  });

  it('name no registry, mirror or proxy host, other than public ones in documentation', () => {
    const hosts = /https?:\/\/[\w.-]*(registry|mirror|artifactory|nexus|verdaccio|proxy)[\w-]*\.[a-z]/i;
    expect(linesMatching(hosts).filter((line) => !/registry\.npmjs\.org|proxy\.golang\.org/.test(line))).toEqual([]);
  });

  it('are named by what they are: no utils, helpers, common or misc', () => {
    const vague = /^(utils?|helpers?|common|misc|shared|stuff)$/;
    const named = files.filter((file) =>
      file.split('/').some((part) => vague.test(basename(part).replace(/\.[a-z.]+$/, ''))),
    );
    expect(named).toEqual([]);
  });

  it('are kebab-case where they are TypeScript', () => {
    const odd = files.filter(
      (file) => file.endsWith('.ts') && !/^([a-z0-9.-]+\/)*[a-z0-9]+(-[a-z0-9]+)*(\.test|\.d)?\.ts$/.test(file),
    );
    expect(odd).toEqual([]);
  });
});
