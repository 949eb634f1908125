import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { readPlan, renderIssues, type PlanIssue } from '../../../client/plan-file/index.ts';

const folder = path.resolve('test/client/bad-plans');
const lines = (issues: readonly PlanIssue[]) =>
  issues.map((issue) => {
    const elsewhere = issue.file.startsWith(`${folder}/stack/`) ? `${path.relative(folder, issue.file)} ` : '';
    const severity = issue.severity === 'warning' ? '(warning) ' : '';
    const text = `${elsewhere}${issue.line}:${issue.column} ${severity}${issue.path} | ${issue.message} | ${issue.hint ?? '-'}`;
    return text.replaceAll(folder, '…');
  });

/** `expected.txt`: the name of each bad plan, and below it everything that is said about it. */
const expected = new Map(
  (await readFile(path.join(folder, 'expected.txt'), 'utf8'))
    .split(/^## /m)
    .slice(1)
    .map((block) => {
      const [name = '', ...rest] = block.trimEnd().split('\n');
      return [name, rest] as const;
    }),
);
const names = (await readdir(folder)).filter((name) => /^\d\d-.*\.yml$/.test(name)).sort();

describe('bad plans', () => {
  it('has at least 40 of them, each with what is said about it', () => {
    expect(names.length).toBeGreaterThanOrEqual(40);
    expect(names).toEqual([...expected.keys()]);
  });

  it.each(names)('%s', async (name) => {
    const reading = await readPlan(path.join(folder, name));
    const issues = reading.ok ? [] : reading.issues;
    expect(lines(issues)).toEqual(expected.get(name));
    expect(issues.some(({ severity }) => severity === 'error')).toBe(true);
    for (const issue of issues.filter(({ severity }) => severity === 'error')) expect(issue.hint).toBeDefined();
    const shown = renderIssues(issues, { color: false });
    // No stack trace, no word of the libraries behind it, and no secret.
    expect(shown).not.toMatch(
      /^\s+at .*:\d+:\d+|node_modules|zod|Invalid input|undefined|\[object|hunter2|very-secret/m,
    );
  });

  it('has one without any mistake beside them', async () => {
    const reading = await readPlan(path.join(folder, 'valid.yml'));
    expect(reading.ok ? lines(reading.warnings) : lines(reading.issues)).toEqual([]);
    expect(reading.ok).toBe(true);
  });
});

describe('what is no plan at all', () => {
  let scratch = '';
  beforeAll(async () => {
    scratch = await mkdtemp(path.join(tmpdir(), 'switchback-bad-plans-'));
  });
  afterAll(() => rm(scratch, { recursive: true, force: true }));

  const saidOf = async (content: string | Buffer) => {
    const file = path.join(scratch, 'plan.yml');
    await writeFile(file, content);
    const reading = await readPlan(file);
    return reading.ok ? ['no issue'] : lines(reading.issues);
  };
  const deep = 'is nested more than 64 levels deep | Look for brackets that are opened and never closed.';

  it.each([
    ['40 KB of brackets', '['.repeat(40_000), `1:65  | ${deep}`],
    ['40 KB of braces', '{a: '.repeat(10_000), `1:257  | ${deep}`],
    ['brackets behind an apostrophe', `a: it's\nb: ${'['.repeat(40_000)}`, `2:67  | ${deep}`],
    ['brackets with closed ones in quotes', `a: ${'[ "]]]]", '.repeat(4000)}`, `1:634  | ${deep}`],
    ['lists in lists on one line', '- '.repeat(100_000), `1:129  | ${deep}`],
    ['questions in questions', '? '.repeat(60_000), `1:129  | ${deep}`],
    ['a staircase', Array.from({ length: 400 }, (_, index) => `${' '.repeat(index)}a:`).join('\n'), `65:66  | ${deep}`],
    [
      'a huge file',
      '#'.repeat(300_000),
      '1:1  | the plan is 293 KiB, more than the 256 KiB that are read | A plan names files; it does not hold them.',
    ],
    ['zero bytes', 'name: a\u0000b', '1:1  | the plan is binary: it has a zero byte | Save the plan as UTF-8 text.'],
    [
      'a program',
      Buffer.from([0x7f, 0x45, 0x4c, 0x46, 0xff, 0xfe]),
      '1:1  | the plan is not UTF-8 text | Save the plan as UTF-8 text.',
    ],
    [
      'UTF-16',
      Buffer.from('\ufeffname: x', 'utf16le'),
      '1:1  | the plan is not UTF-8 text | Save the plan as UTF-8 text.',
    ],
    ['control characters', 'switchback: 1\n\u001b[31m: 2\n', '2:1 \u001b[31m | unknown key `·[31m` | Known keys here:'],
  ])('%s', async (_what, content, said) => {
    expect((await saidOf(content)).join('\n')).toContain(said);
  });

  it('a directory, a missing file, a pipe', async () => {
    const said = async (file: string) => {
      const reading = await readPlan(file);
      return reading.ok ? [] : reading.issues.map(({ message, hint }) => `${message} | ${hint ?? ''}`);
    };
    expect(await said(scratch)).toEqual([
      'the plan is a directory | Give the path of the plan file in it, e.g. switchback.yml.',
    ]);
    expect(await said(path.join(scratch, 'none.yml'))).toEqual([
      'the plan does not exist | Give the path of a plan, or make one with `switchback init`.',
    ]);
    const pipe = path.join(scratch, 'pipe');
    execFileSync('mkfifo', [pipe]);
    expect(await said(pipe)).toEqual(['the plan is no regular file | Give the path of a file that you may read.']);
  });

  it('reads a byte order mark and Windows line ends as if they were not there', async () => {
    const text = await readFile(path.join(folder, 'valid.yml'), 'utf8');
    const said = await saidOf(`\ufeff${text.replaceAll('\n', '\r\n')}`);
    expect(said).toEqual([
      expect.stringContaining('5:21 stack.directory | the stack directory `stack` does not exist'),
    ]);
  });
});
