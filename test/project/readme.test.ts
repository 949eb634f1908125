import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { readPlan, renderIssues } from '../../client/plan-file/index.ts';

const root = join(import.meta.dirname, '../..');
const readme = readFileSync(join(root, 'README.md'), 'utf8');

describe('the README', () => {
  it('links to nothing that is not there', () => {
    const links = [...readme.matchAll(/\]\((?!https?:)([^)#]+)/g)].map(([, path]) => path ?? '');
    expect(links.length).toBeGreaterThan(10);
    expect(links.filter((path) => !existsSync(join(root, path)))).toEqual([]);
  });

  it('leads to every page of the documentation', () => {
    const pages = readdirSync(join(root, 'docs')).filter((name) => name.endsWith('.md'));
    expect(pages.filter((name) => !readme.includes(`(docs/${name})`))).toEqual([]);
  });

  it('shows a plan that compiles', async () => {
    const plan = /```yaml\n([^]*?)```/.exec(readme)?.[1] ?? '';
    const shop = mkdtempSync(join(tmpdir(), 'switchback-readme-'));
    try {
      cpSync(join(root, 'examples/shop'), shop, { recursive: true });
      writeFileSync(join(shop, 'switchback.yml'), plan);
      const reading = await readPlan(join(shop, 'switchback.yml'));
      if (!reading.ok) throw new Error(renderIssues(reading.issues, { color: false }));
      expect(reading.compiled.phases.map(({ id }) => id)).toEqual(['orders-expanded']);
    } finally {
      rmSync(shop, { recursive: true });
    }
  });
});
