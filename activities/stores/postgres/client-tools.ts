import { readdir } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { execa } from '../../processes/execa.ts';

/** Where distributions put the client tools of each major version. */
const shelves: [folder: string, version: RegExp][] = [
  ['/usr/lib/postgresql', /^[\d.]+$/],
  ['/usr', /^pgsql-[\d.]+$/],
  ['/opt/homebrew/opt', /^(postgresql|libpq)(@\d+)?$/],
  ['/usr/local/opt', /^(postgresql|libpq)(@\d+)?$/],
];

export interface ClientTools {
  /** Folder with `pg_dump` and its kin. */
  folder: string;
  major: number;
}

/**
 * Finds client tools on this host that can read a server of the given major version: its own, else the next newer. A newer
 * `pg_dump` reads older servers, never the other way.
 */
export async function findClientTools(
  serverMajor: number,
  path = process.env['PATH'] ?? '',
): Promise<ClientTools | undefined> {
  const found: ClientTools[] = [];
  for (const folder of [...(await shelved()), ...path.split(delimiter).filter(Boolean)]) {
    const major = await majorOf(join(folder, 'pg_dump'));
    if (major === serverMajor) return { folder, major };
    if (major !== undefined && major > serverMajor) found.push({ folder, major });
  }
  return found.sort((a, b) => a.major - b.major)[0];
}

async function shelved(): Promise<string[]> {
  const folders: string[] = [];
  for (const [shelf, version] of shelves) {
    // Most hosts have none or one of these.
    const names = await readdir(shelf).catch(() => []);
    folders.push(...names.filter((name) => version.test(name)).map((name) => join(shelf, name, 'bin')));
  }
  return folders;
}

async function majorOf(program: string): Promise<number | undefined> {
  const env = { PATH: process.env['PATH'] ?? '' };
  const options = { env, extendEnv: false, reject: false, timeout: 5000, stdin: 'ignore' } as const;
  const { stdout, failed } = await execa(program, ['--version'], options);
  const major = /\(PostgreSQL\) (\d+)/.exec(failed ? '' : stdout)?.[1];
  return major === undefined ? undefined : Number(major);
}
