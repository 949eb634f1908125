import { describe, expect, it } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { directorySource, readPlanText, renderIssues } from '../../../client/plan-file/index.ts';
import { randomFrom } from '../../runbook/random.ts';

const folder = path.resolve('test/client/bad-plans');
const valid = await readFile(path.join(folder, 'valid.yml'), 'utf8');
const read = (text: string) =>
  readPlanText(text, 'plan.yml', (directory) => directorySource(path.join(folder, directory)));

const scraps = [
  '[',
  ']',
  '{',
  '}',
  ':',
  ': ',
  '- ',
  "'",
  '"',
  '#',
  '\t',
  '\n',
  '  ',
  '&a ',
  '*a',
  '!x ',
  '| ',
  '> ',
  '%',
  '@',
  '`',
  '? ',
  '<<: ',
  '---\n',
  '...\n',
  '~',
  'null',
  'true',
  '-1',
  '1e999',
  '0x1f',
  '.inf',
  '.nan',
  '__proto__: 1',
  'constructor',
  '${',
  '${env:',
  '..',
  '/',
  '\\',
  '\u0000',
  '\ufeff',
  '🐘',
  '\u202e',
  '999999999999999999999',
  'é',
];

/** One small accident of typing, pasting or merging. */
function mutate(text: string, random: (limit: number) => number): string {
  const at = random(text.length);
  const lines = text.split('\n');
  const line = random(lines.length);
  const other = random(lines.length);
  switch (random(9)) {
    case 0:
      return text.slice(0, at) + text.slice(at + 1 + random(12));
    case 1:
      return text.slice(0, at) + (scraps[random(scraps.length)] ?? '') + text.slice(at);
    case 2:
      return lines.filter((_, index) => index !== line).join('\n');
    case 3:
      return lines.toSpliced(line, 0, lines[other] ?? '').join('\n');
    case 4:
      return lines
        .with(
          line,
          (lines[line] ?? '').replace(/^ +/, (spaces) => ' '.repeat(random(spaces.length + 4))),
        )
        .join('\n');
    case 5:
      return lines
        .with(line, (lines[line] ?? '').replace(/: .*/, `: ${scraps[random(scraps.length)] ?? ''}`))
        .join('\n');
    case 6:
      return text.slice(0, at);
    case 7:
      return lines
        .with(
          line,
          (lines[line] ?? '').replace(/\w+/, (word) => word.slice(1)),
        )
        .join('\n');
    default:
      return lines
        .with(line, lines[other] ?? '')
        .with(other, lines[line] ?? '')
        .join('\n');
  }
}

/** Each takes some milliseconds; one that hangs ends the test. */
const rounds = 1000;
const longestMs = 300_000;

describe('any accident in a plan', () => {
  it(
    'is read as a plan or explained with places, hints and no stack trace',
    async () => {
      const random = randomFrom(3);
      let broken = 0;
      for (let round = 0; round < rounds; round++) {
        let text = valid;
        for (let times = 0; times <= random(4); times++) text = mutate(text, random);
        const reading = await read(text);
        if (reading.ok) continue;
        broken++;
        const lineCount = text.split('\n').length;
        for (const issue of reading.issues) {
          expect(issue.line).toBeGreaterThanOrEqual(1);
          if (issue.file === 'plan.yml') expect(issue.line).toBeLessThanOrEqual(lineCount);
          expect(issue.column).toBeGreaterThanOrEqual(1);
          expect(issue.message).toMatch(/^\S[^\n]*$/);
        }
        const shown = renderIssues(reading.issues, { color: false });
        expect(shown).not.toMatch(/^\s+at .*:\d+:\d+|node_modules|\bzod\b|Invalid input|\[object|NaN/m);
        expect(reading.issues.some(({ severity }) => severity === 'error')).toBe(true);
      }
      // Otherwise the accidents were none.
      expect(broken).toBeGreaterThan(rounds / 2);
    },
    longestMs,
  );

  it('says the same of the same text', async () => {
    const text = mutate(valid, randomFrom(8));
    expect(await read(text)).toEqual(await read(text));
  });
});
