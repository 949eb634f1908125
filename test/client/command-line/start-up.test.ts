import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, it } from '@jest/globals';

const root = join(import.meta.dirname, '../../..');

/** Packages that a file loads before it does anything, with all that it imports: types and `import()` inside functions do not count. */
function loadedWith(file: string, seen = new Set<string>()): Set<string> {
  const packages = new Set<string>();
  if (seen.has(file)) return packages;
  seen.add(file);
  const text = readFileSync(file, 'utf8');
  for (const [, clause, from] of text.matchAll(/^(?:import|export) ([^'";=()]*) from '([^']+)';/gm)) {
    if (clause === undefined || from === undefined || /^type\b/.test(clause)) continue;
    // `import { type A, type B }` is taken away by the compiler.
    const names = /^\{([^}]*)\}$/
      .exec(clause)?.[1]
      ?.split(',')
      .map((name) => name.trim());
    if (names?.filter((name) => name !== '').every((name) => name.startsWith('type '))) continue;
    if (!from.startsWith('.')) {
      if (!from.startsWith('node:')) packages.add(from);
      continue;
    }
    const next = resolve(dirname(file), from);
    if (!existsSync(next)) throw new Error(`${relative(root, file)} imports ${from}, which is not there`);
    for (const name of loadedWith(next, seen)) packages.add(name);
  }
  return packages;
}

describe('what the command line loads before it knows what is wanted', () => {
  it('is the library that reads the command line, and nothing else', () => {
    expect([...loadedWith(join(root, 'client/main.ts'))]).toEqual(['commander']);
  });

  // The Temporal client alone takes 0.3 s to load: with no server to ask, `status` reads the journal in less.
  it.each(['runs/read-status.ts', 'temporal/connection.ts', 'settings/locate.ts', 'rendering/status-page.ts'])(
    'is nothing for `status` on a machine where no server answers: %s',
    (file) => {
      expect([...loadedWith(join(root, 'client', file))]).toEqual([]);
    },
  );
});
