import { readFile, stat } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import { pairsInEnvText, type EnvPair } from '../../runbook/masking/env-text.ts';
import { secretsInSql } from '../../runbook/masking/secret-values.ts';
import { learnPairs, learnSecrets } from './known-secrets.ts';

/** Larger files are no settings. */
const largest = 1024 * 1024;
const cache = new Map<string, { version: string; pairs: EnvPair[] }>();

/** Learns the values of an env file that may be broken, or missing. */
export async function learnFromEnvFile(file: string): Promise<void> {
  try {
    const found = await stat(file);
    const { size, mtimeMs, ino } = found;
    if (!found.isFile() || size > largest) return;
    const version = `${size} ${mtimeMs} ${ino}`;
    const known = cache.get(file);
    const pairs = known?.version === version ? known.pairs : pairsInEnvText(await readFile(file, 'utf8'));
    cache.set(file, { version, pairs });
    learnPairs(pairs);
  } catch {
    // What cannot be read cannot be shown either.
  }
}

/** Learns what a file that a plan names holds: variables, passwords in SQL, and the env files of services in a Compose file. */
export async function learnFromText(path: string, text: string, directory: string): Promise<void> {
  if (/\.sql$/i.test(path)) learnSecrets(...secretsInSql(text));
  else if (/\.ya?ml$/i.test(path))
    for (const file of envFilesIn(text)) await learnFromEnvFile(isAbsolute(file) ? file : join(directory, file));
}

/** Paths below `env_file`, found without a parser: the file may be one that no parser takes. */
export function envFilesIn(compose: string): string[] {
  const blocks = compose.matchAll(
    /^[ \t]*-?[ \t]*env_file:[ \t]*(\S.*)?$((?:\n[ \t]*(?:-|path:|required:|format:).*|\n[ \t]*)*)/gm,
  );
  return [...blocks].flatMap(([, inline = '', block = '']) =>
    [
      ...inline
        .replace(/\s#.*$/, '')
        .replace(/^\[|\]$/g, '')
        .split(','),
      ...block.split('\n'),
    ]
      .map((part) =>
        part
          .replace(/^[\s-]*(?:path:\s*)?/, '')
          .replace(/\s+#.*$/, '')
          .replace(/^["']|["']\s*$/g, '')
          .trim(),
      )
      .filter((part) => part !== '' && !/^(?:required|format):|^\{/.test(part)),
  );
}
