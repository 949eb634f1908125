import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { exitCodes } from '../../client/command-line/answer.ts';
import { errorTable } from '../../runbook/errors.ts';

const page = readFileSync(join(import.meta.dirname, '../../docs/exit-codes.md'), 'utf8');
const rows = new Map([...page.matchAll(/^\| (\d+) \|(.*)$/gm)].map(([, code, row]) => [Number(code), row ?? '']));

describe('the page about exit codes', () => {
  it('has each error beside the code that it ends with, and nowhere else', () => {
    for (const [name, { exitCode }] of Object.entries(errorTable)) {
      const beside = [...rows].filter(([, row]) => row.includes(`\`${name}\``)).map(([code]) => code);
      expect({ name, beside }).toEqual({ name, beside: [exitCode] });
    }
  });

  it('has every code that the command line uses, once', () => {
    const used = [...Object.values(exitCodes), ...Object.values(errorTable).map(({ exitCode }) => exitCode)];
    expect([...rows.keys()].sort((a, b) => a - b)).toEqual([...new Set(used)].sort((a, b) => a - b));
  });
});
