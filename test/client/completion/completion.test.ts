import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { verbs } from '../../../client/verbs/index.ts';
import { invoke } from '../command-line/invoke.ts';

const script = async (shell: string) => (await invoke(verbs, ['completion', shell])).out;

/** What bash offers for a line that ends where the cursor is. */
async function offered(line: string, cwd = tmpdir()): Promise<string[]> {
  const words = line.split(' ');
  const probe = `${await script('bash')}
COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length - 1}; _switchback; printf '%s\\n' "\${COMPREPLY[@]}"`;
  return execFileSync('bash', ['-c', probe], { encoding: 'utf8', cwd, env: { PATH: process.env['PATH'] ?? '' } })
    .trim()
    .split('\n');
}

describe('completion', () => {
  it.each(['bash', 'zsh', 'fish'])('knows every verb: %s', async (shell) => {
    const text = await script(shell);
    expect(verbs.filter((verb) => !text.includes(verb.name))).toEqual([]);
  });

  it('offers verbs, and the options of a verb', async () => {
    expect(await offered('switchback st')).toEqual(['start', 'status']);
    expect(await offered('switchback rollback --d')).toEqual(['--dry-run', '--discard-data']);
    expect(await offered('switchback completion ')).toEqual(expect.arrayContaining(['bash', 'zsh', 'fish']));
  });

  it('offers the phases of the plan in this folder', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'switchback-completion-'));
    writeFileSync(
      join(folder, 'switchback.yml'),
      'phases:\n  - id: expand # comment\n    title: x\n  - { id: no }\n  -   id: api-v2\n',
    );
    const words = await offered('switchback rollback --to ', folder);
    rmSync(folder, { recursive: true });
    expect(words).toEqual(['baseline', 'previous', 'expand', 'api-v2']);
  });
});
