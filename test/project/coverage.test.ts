import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';

const root = join(import.meta.dirname, '../..');

interface Row {
  id: string;
  asked: string;
  proof: string;
}

/** Rows of the tables in docs/coverage.md: `| id | asked for | proof |`. */
const rows: Row[] = readFileSync(join(root, 'docs/coverage.md'), 'utf8')
  .split('\n')
  .map((line) => line.split('|').map((cell) => cell.trim()))
  .filter((cells) => cells.length === 5 && /^[A-Z]\d+$/.test(cells[1] ?? ''))
  .map(([, id, asked, proof]) => ({ id: id!, asked: asked!, proof: proof! }));

/** `test/…` and `examples/…` paths that a row names as its proof. */
const proofs = (row: Row) => [...row.proof.matchAll(/`((?:test|examples|bench)\/[^`]+)`/g)].map((match) => match[1]!);

describe('docs/coverage.md', () => {
  it('has one row for every requirement', () => {
    const series: Record<string, number> = { K: 15, M: 12, L: 13, H: 8, T: 4 };
    const expected = Object.entries(series).flatMap(([letter, count]) =>
      Array.from({ length: count }, (_, index) => `${letter}${index + 1}`),
    );
    expect(rows.map((row) => row.id)).toEqual(expected);
  });

  it('names a proof, or says that there is none yet and where it belongs', () => {
    expect(rows.filter((row) => proofs(row).length === 0 && !row.proof.startsWith('not yet: '))).toEqual([]);
  });

  it('names only files that exist', () => {
    const missing = rows.flatMap((row) =>
      proofs(row)
        .filter((path) => !existsSync(join(root, path)))
        .map((path) => `${row.id} ${path}`),
    );
    expect(missing).toEqual([]);
  });

  it('names only tests that say which requirement they prove', () => {
    const silent = rows.flatMap((row) =>
      proofs(row)
        .filter((path) => path.endsWith('.test.ts') && existsSync(join(root, path)))
        .filter((path) => !new RegExp(`\\[([A-Z]\\d+,? ?)*${row.id}\\b`).test(readFileSync(join(root, path), 'utf8')))
        .map((path) => `${row.id} ${path}`),
    );
    expect(silent).toEqual([]);
  });
});
