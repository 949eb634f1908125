import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

const root = join(import.meta.dirname, '../..');
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'switchback-pack-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What `npm pack` takes of a tree with these files and our manifest. */
function packed(files: readonly string[]): string[] {
  const {
    files: patterns,
    name,
    version,
    bin,
  } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    files: string[];
    name: string;
    version: string;
    bin: object;
  };
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name, version, bin, files: patterns }));
  for (const file of files) {
    mkdirSync(join(folder, file, '..'), { recursive: true });
    writeFileSync(join(folder, file), '');
  }
  const listed = execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
    cwd: folder,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const [{ files: taken } = { files: [] }] = JSON.parse(listed) as { files: { path: string }[] }[];
  return taken.map(({ path }) => path).sort();
}

describe('the package', () => {
  it('has what runs and what explains it, and nothing that only developers need', () => {
    const needed = [
      'LICENSE',
      'README.md',
      'CHANGELOG.md',
      'SECURITY.md',
      'dist/client/main.js',
      'dist/worker/main.js',
      'dist/worker/workflow-bundle.js',
      'dist/runbook/break-glass/shell/restore.sh',
      'docker-compose.temporal.yml',
      'docs/cli.md',
      'docs/plan.schema.json',
    ];
    const developers = [
      'test/project/package.test.ts',
      'dist/bench/main.js',
      'dist/examples/demo/main.js',
      'dist/.tsbuildinfo',
      'docs/decisions/0001-records-and-authority.md',
      'docs/images/status.png',
      'client/main.ts',
      '.env',
    ];
    expect(packed([...needed, ...developers])).toEqual([...needed, 'package.json'].sort());
  });

  it('names what is in the tree', () => {
    for (const file of [
      'LICENSE',
      'README.md',
      'CHANGELOG.md',
      'SECURITY.md',
      'docker-compose.temporal.yml',
      'Dockerfile',
      '.nvmrc',
    ])
      expect([file, existsSync(join(root, file))]).toEqual([file, true]);
  });
});

describe('the examples', () => {
  it('each have a readme and a line in the index', () => {
    const index = readFileSync(join(root, 'examples/README.md'), 'utf8');
    const examples = execFileSync('git', ['ls-files', 'examples/*/switchback.yml'], { cwd: root, encoding: 'utf8' })
      .trim()
      .split('\n')
      .map((file) => file.split('/')[1]!);
    expect(examples.length).toBeGreaterThan(0);
    for (const example of examples) {
      expect(index).toContain(`[${example}](${example})`);
      expect(existsSync(join(root, 'examples', example, 'README.md'))).toBe(true);
    }
  });
});
