import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { SwitchbackError } from '../../runbook/errors.ts';
import { gitRecords, gitText, runGit, type GitOptions } from './git.ts';
import { objectIdPattern } from './refs.ts';

/** A file as a commit has it. */
export interface TreeFile {
  /** Relative to the directory. */
  path: string;
  kind: 'file' | 'executable' | 'symlink';
  /** Id of the blob: the file's bytes, or the symlink's target. */
  blob: string;
}

export interface FilesAt {
  files: TreeFile[];
  /** Paths in the work tree that the pathspecs match and the commit does not have; what git ignores and never tracked is not among them. */
  added: string[];
}

/**
 * What `pathspecs` (files, directories, git globs; relative to the directory) match in a commit, and what has been added since.
 * The user's index and work tree stay untouched: the commit is read into an index of its own.
 * Throws `PreconditionFailed` for a pathspec that matches nothing on either side, `Unsupported` for submodules.
 */
export async function filesAt(
  directory: string,
  commit: string,
  pathspecs: readonly string[],
  options: GitOptions = {},
): Promise<FilesAt> {
  if (!objectIdPattern.test(commit)) throw new Error(`filesAt needs a full commit id, got ${commit}`);
  const scratch = await mkdtemp(join(tmpdir(), 'switchback-index-'));
  try {
    const own = { ...options, env: { GIT_INDEX_FILE: join(scratch, 'index') } };
    await runGit(directory, ['read-tree', commit], own);
    const files = new Map<string, TreeFile>();
    const added = new Set<string>();
    for (const pathspec of pathspecs) {
      const inCommit = (await gitRecords(directory, ['ls-files', '--stage', '-z', '--', pathspec], own)).map(treeFile);
      const untracked = await gitRecords(
        directory,
        ['ls-files', '--others', '--exclude-standard', '-z', '--', pathspec],
        own,
      );
      const tracked = await gitRecords(directory, ['ls-files', '--cached', '-z', '--', pathspec], options);
      if (inCommit.length + untracked.length + tracked.length === 0) throw nothingMatches(pathspec, commit);
      for (const file of inCommit) files.set(file.path, file);
      for (const path of [...untracked, ...tracked]) added.add(path);
    }
    return { files: [...files.values()], added: [...added].filter((path) => !files.has(path)).map(requireFile) };
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

const kinds: Record<string, TreeFile['kind']> = { '100644': 'file', '100755': 'executable', '120000': 'symlink' };

/** A record `MODE BLOB STAGE\tPATH`. */
function treeFile(record: string): TreeFile {
  const tab = record.indexOf('\t');
  const [mode = '', blob = ''] = record.slice(0, tab).split(' ');
  const path = record.slice(tab + 1);
  const kind = kinds[mode];
  if (kind === undefined) throw notAFile(path);
  return { path, kind, blob };
}

/** Git lists a repository inside the work tree as one entry with a slash at its end. */
function requireFile(path: string): string {
  if (path.endsWith('/')) throw notAFile(path);
  return path;
}

const notAFile = (path: string) =>
  new SwitchbackError(
    'Unsupported',
    `${path} is a repository of its own (a submodule), which cannot be restored file by file`,
    {
      hint: 'Name the paths around it, and switch the submodule by hand.',
      facts: { path },
    },
  );

const nothingMatches = (pathspec: string, commit: string) =>
  new SwitchbackError(
    'PreconditionFailed',
    `${pathspec} matches no file, neither at ${commit.slice(0, 12)} nor in the stack`,
    {
      hint: 'Correct the path; paths are relative to the stack directory.',
      facts: { path: pathspec, commit },
    },
  );

/** Blobs pass through memory; what is larger has no place in a step. */
const largestBlob = 256 * 1024 * 1024;
/** How many bytes are read in one go: a git process for each of a thousand blobs takes a minute on a busy machine. */
const batchBytes = 32 * 1024 * 1024;

/**
 * Bytes of blobs, each once, a few megabytes at a time. Throws `IntegrityFailed` for one that the repository lacks, `Unsupported` for
 * one over 256 MiB.
 */
export async function* readBlobs(
  directory: string,
  ids: readonly string[],
  options: GitOptions = {},
): AsyncGenerator<{ id: string; bytes: Buffer }> {
  let batch: string[] = [];
  let size = 0;
  for (const [id, bytes] of await blobSizes(directory, [...new Set(ids)], options)) {
    if (batch.length > 0 && size + bytes > batchBytes) {
      yield* readBatch(directory, batch, options);
      [batch, size] = [[], 0];
    }
    batch.push(id);
    size += bytes;
  }
  if (batch.length > 0) yield* readBatch(directory, batch, options);
}

async function blobSizes(directory: string, ids: string[], options: GitOptions): Promise<[string, number][]> {
  if (ids.length === 0) return [];
  const input = `${ids.join('\n')}\n`;
  const answer = await gitText(directory, ['cat-file', '--batch-check'], { ...options, input });
  return answer.split('\n').map((line): [string, number] => {
    const [id = '', type, size] = line.split(' ');
    if (type !== 'blob') throw missingBlob(directory, id);
    if (Number(size) <= largestBlob) return [id, Number(size)];
    throw new SwitchbackError('Unsupported', `blob ${id.slice(0, 12)} has ${size} bytes, more than ${largestBlob}`, {
      hint: 'Restore this file by hand with `git checkout`, and leave it out of the step.',
      facts: { blob: id, bytes: Number(size) },
    });
  });
}

async function* readBatch(directory: string, ids: readonly string[], options: GitOptions) {
  const { stdout } = await runGit(directory, ['cat-file', '--batch'], { ...options, input: `${ids.join('\n')}\n` });
  let at = 0;
  for (const id of ids) {
    const end = stdout.indexOf('\n', at);
    const [found, type, size] = stdout.subarray(at, end).toString('utf8').split(' ');
    if (found !== id || type !== 'blob') throw missingBlob(directory, id);
    yield { id, bytes: Buffer.from(stdout.subarray(end + 1, end + 1 + Number(size))) };
    at = end + 1 + Number(size) + 1;
  }
}

const missingBlob = (directory: string, id: string) =>
  new SwitchbackError('IntegrityFailed', `the repository in ${directory} has no blob ${id}`, {
    hint: 'Run `git fsck`; a partial clone lacks blobs until they are fetched.',
    facts: { blob: id },
  });

/**
 * Throws `Unsupported` when a path's bytes in the work tree are not its bytes in the repository (Git LFS, line ends, encodings):
 * writing the blob would put a pointer file where the program expects its data.
 */
export async function requirePlainBytes(
  directory: string,
  paths: readonly string[],
  options: GitOptions = {},
): Promise<void> {
  if (paths.length === 0) return;
  const attributes = ['filter', 'working-tree-encoding', 'ident', 'eol'];
  const argv = ['check-attr', '-z', '--stdin', ...attributes];
  const fields = (
    await runGit(directory, argv, { ...options, input: paths.map((path) => `${path}\0`).join('') })
  ).stdout
    .toString('utf8')
    .split('\0');
  for (let at = 0; at + 2 < fields.length; at += 3) {
    const [path = '', attribute = '', value = ''] = fields.slice(at, at + 3);
    if (value === 'unspecified' || value === 'unset' || (attribute === 'eol' && value === 'lf')) continue;
    throw new SwitchbackError(
      'Unsupported',
      `${path} has the git attribute ${attribute}=${value}, so its bytes differ from those that git keeps`,
      {
        hint: 'Restore this file by hand with `git checkout`, and leave it out of the step.',
        facts: { path, attribute },
      },
    );
  }
}
