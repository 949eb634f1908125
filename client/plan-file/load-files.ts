import { createHash, scryptSync } from 'node:crypto';
import { realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import type { FileUse, NamedFile, PlanFile, PlanFiles } from '../../runbook/plan/index.ts';
import { parseCompose } from './parse-compose.ts';
import { parseManifests } from './parse-manifests.ts';
import { parseEnv } from './parse-env.ts';
import { decode, largestFile, readText, type ReadText } from './read-text.ts';
import { SourceText } from './source-text.ts';

/** Where the files of a plan come from: a directory, or what was sealed when a run started. */
export interface FileSource {
  /** Absolute; for messages and for the compiled plan. */
  directory: string;
  read(path: string): Promise<ReadText | { problem: 'outside'; detail: string }>;
  /** What is wrong with the directory itself; undefined when nothing is. */
  problem(): Promise<string | undefined>;
}

/** DDL of a large system is longer than a plan. */
const largestSql = 4 * 1024 * 1024;

/** Files below a directory, never outside it, not through a link either. */
export function directorySource(directory: string): FileSource {
  return {
    directory,
    async problem() {
      try {
        return (await stat(directory)).isDirectory() ? undefined : 'is no directory';
      } catch (error) {
        return (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'does not exist' : 'cannot be read';
      }
    },
    async read(name) {
      const full = path.join(directory, name);
      let real: string;
      let root: string;
      try {
        [real, root] = await Promise.all([realpath(full), realpath(directory)]);
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        if (code === 'ENOENT' || code === 'ENOTDIR') return { problem: 'missing', detail: 'does not exist' };
        return { problem: 'unreadable', detail: `cannot be read (${code ?? 'unknown error'})` };
      }
      if (real !== root && !real.startsWith(root + path.sep)) {
        return { problem: 'outside', detail: 'is a link that leads out of the stack directory' };
      }
      return readText(real, name.endsWith('.sql') ? largestSql : largestFile);
    },
  };
}

/** Files from memory: sealed contents in the worker, or a test's. */
export function memorySource(directory: string, contents: ReadonlyMap<string, Buffer>): FileSource {
  return {
    directory,
    problem: async () => undefined,
    async read(name) {
      const bytes = contents.get(name);
      return bytes === undefined ? { problem: 'missing', detail: 'does not exist' } : decode(bytes);
    },
  };
}

export interface LoadedFiles {
  files: PlanFiles;
  /** Texts, for showing mistakes in them. */
  sources: Map<string, { source: SourceText; use: FileUse }>;
}

/** Reads every file that a plan names, once. `planText` goes into the digest. */
export async function loadFiles(
  named: readonly NamedFile[],
  source: FileSource,
  planText: string,
  shownDirectory: string,
): Promise<LoadedFiles> {
  const byUse = new Map<string, PlanFile>();
  const sources: LoadedFiles['sources'] = new Map();
  const hashes = new Map<string, string>();
  for (const { path: name, use } of named) {
    const key = `${use} ${name}`;
    if (byUse.has(key)) continue;
    const read = await source.read(name);
    if ('problem' in read) {
      byUse.set(key, { found: read.problem, detail: read.detail });
      continue;
    }
    const sha256 = createHash('sha256').update(read.bytes).digest('hex');
    byUse.set(key, interpret(read.text, use, sha256));
    sources.set(name, { source: new SourceText(path.join(shownDirectory, name), read.text), use });
    hashes.set(name, use === 'env' ? slowHash(name, read.bytes) : sha256);
  }
  const digest = createHash('sha256').update(`plan\0${planText}\0`);
  for (const [name, sha256] of [...hashes].sort(([a], [b]) => (a < b ? -1 : 1))) digest.update(`${name}\0${sha256}\0`);
  const files: PlanFiles = {
    directory: source.directory,
    digest: digest.digest('hex'),
    get: (name, use) => byUse.get(`${use} ${name}`),
  };
  return { files, sources };
}

/** Env files hold secrets: what is derived from them must be slow to guess. A few milliseconds a file. */
function slowHash(name: string, bytes: Buffer): string {
  return scryptSync(bytes, `switchback env ${name}`, 32, { N: 4096, r: 8, p: 1 }).toString('hex');
}

function interpret(text: string, use: FileUse, sha256: string): PlanFile {
  switch (use) {
    case 'sql':
      return { found: 'sql', text, sha256 };
    case 'compose':
      return { found: 'compose', ...parseCompose(text), sha256 };
    case 'manifests':
      return { found: 'manifests', ...parseManifests(text), sha256 };
    case 'env':
      return { found: 'env', ...parseEnv(text) };
  }
}
