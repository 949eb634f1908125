import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';

const folder = join(import.meta.dirname, '../../../activities');
const sources = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts'))
  .map((file) => ({ file, text: readFileSync(join(folder, file), 'utf8') }));
const findings = (pattern: RegExp) =>
  sources.flatMap(({ file, text }) => [...text.matchAll(pattern)].map(([found]) => `${file}: ${found}`));

// A server of 13 is not on every machine that runs the tests; what it refuses can be seen in the text all the same.
describe('SQL that PostgreSQL 13 runs, too', () => {
  it('rounds no double precision to places: `extract` gives one before 14', () => {
    const rounded = /\bround\(\s*(extract|date_part)\((?:[^()]|\([^()]*\))*\)(?!::numeric)/g;
    expect('select round(extract(epoch from now() - $1::timestamptz), 3)').toMatch(new RegExp(rounded.source));
    expect(findings(rounded)).toEqual([]);
  });

  it('asks pg_subscription only where it may: before 14 a superuser alone', () => {
    const asking = sources.filter(({ text }) => /from pg_catalog\.pg_subscription\b/.test(text));
    expect(asking.map(({ file }) => file)).toEqual([join('stores', 'postgres', 'restore-store.ts')]);
    expect(asking[0]?.text).toContain(`has_column_privilege('pg_catalog.pg_subscription'`);
  });

  it('calls no aggregate, function or view that came later', () => {
    expect(findings(/\b(any_value|regexp_(count|like|substr|instr)|pg_stat_io|pg_stat_checkpointer)\s*\(/g)).toEqual(
      [],
    );
  });
});
