import { gitRecords, gitText, type GitOptions } from './git.ts';

/**
 * Paths below `paths` (of the directory, where none are given) that differ from HEAD or are not tracked, relative to the directory.
 * What git ignores is not looked at. Paths may be git globs, as in `filesAt`.
 */
export async function dirtyPaths(
  directory: string,
  paths: readonly string[] = [],
  options: GitOptions = {},
): Promise<string[]> {
  const argv = [
    'status',
    '--porcelain=v1',
    '-z',
    '--untracked-files=all',
    '--no-renames',
    '--ignore-submodules=none',
    '--',
  ];
  const prefix = await prefixOf(directory, options);
  const records = await gitRecords(directory, [...argv, ...(paths.length > 0 ? paths : ['.'])], options);
  // Porcelain paths are relative to the top of the repository, whatever the directory.
  return records
    .map((record) => record.slice(3))
    .map((path) => (path.startsWith(prefix) ? path.slice(prefix.length) : path));
}

/** The directory's place in its repository, with a slash at the end; empty at the top. */
async function prefixOf(directory: string, options: GitOptions): Promise<string> {
  return gitText(directory, ['rev-parse', '--show-prefix'], options);
}
