import { createHash } from 'node:crypto';
import { realpath } from 'node:fs/promises';

import { SwitchbackError } from '../../runbook/errors.ts';
import { guardPath } from '../../runbook/guard/guard-path.ts';
import { canonicalJson } from '../../runbook/json.ts';
import type { ContentRef, Effect, OperationInputs, Undo } from '../../runbook/operations.ts';
import type { EffectContext, EffectHandler, Performed, Prepared } from '../effect.ts';
import { exchangeFiles, lookAtFiles, readEntry, requireInside, type StackEntry } from '../files/index.ts';
import { filesAt, readBlobs, requirePlainBytes, resolveCommit, type TreeFile } from '../git/index.ts';
import { keepExchange, keptExchange } from './file-manifest.ts';
import { stillRead, type ContainerList } from './files-still-read.ts';

type Input = OperationInputs['restoreFiles'];
type Context = EffectContext<'restoreFiles'>;

/** How many paths an effect list names; the manifest in the content store has them all. */
const namedPaths = 40;

/** `manifest`: digest of what is written and what stood before. */
type Facts = { commit: string; manifest: string; files: number; changes: number; removed: number };

interface Change {
  path: string;
  after: { kind: TreeFile['kind']; blob: string } | undefined;
}

/**
 * Brings paths to exactly the state that they have at a git ref: content, executable bit, links; files that were added since below
 * a named folder go. What every touched path held is kept first. Git's own index and HEAD stay as they are.
 */
export function restoreFilesHandler({ engine }: { engine: ContainerList }): EffectHandler<'restoreFiles', Facts> {
  return {
    async prepare(input, context) {
      const { signal } = context;
      const root = await stackRoot(context);
      for (const path of input.paths) requirePathspec(path);
      // Pinned: a branch may move between attempts.
      const commit = await resolveCommit(root, input.ref, { signal });
      const { files, added } = await filesAt(root, commit, input.paths, { signal });
      const changes = await changesOf(root, files, added);
      for (const { path } of changes) await requireAllowed(root, path, context);
      await requirePlainBytes(
        root,
        changes.filter((change) => change.after !== undefined).map(({ path }) => path),
        { signal },
      );
      const manifest = await keepBoth(root, changes, context);
      const removed = changes.filter((change) => change.after === undefined).length;
      return {
        undo: undoOf(input, changes, manifest),
        facts: { commit, manifest, files: files.length, changes: changes.length, removed },
      };
    },

    async observe(_input, context, prepared) {
      if (!prepared) return 'absent';
      const standing = await lookAtFiles(await stackRoot(context), await exchangeOf(context, prepared), {
        kept: (digest) => context.kept(digest),
      });
      const all = [...standing.values()];
      if (all.every((where) => where === 'to')) return 'done';
      return all.every((where) => where === 'from') ? 'absent' : 'partial';
    },

    async perform(input, context, prepared) {
      const root = await stackRoot(context);
      const exchange = await exchangeOf(context, prepared);
      await exchangeFiles(root, exchange, {
        kept: (digest) => context.kept(digest),
        fence: () => context.fence(),
        onFile: (done, total) => context.progress({ doing: `restoring files from ${input.ref}`, done, total }),
      });
      const paths = exchange.to.map(({ path }) => path);
      return performed(input, prepared.facts, await stillRead(engine, context, root, paths));
    },
  };
}

/** The stack's folder by its real name: what is below it is compared by prefix. Throws `PreconditionFailed`. */
export async function stackRoot(context: Pick<EffectContext, 'plan'>): Promise<string> {
  const { directory } = context.plan.stack;
  try {
    return await realpath(directory);
  } catch (error) {
    throw new SwitchbackError(
      'PreconditionFailed',
      `the stack directory ${directory} is not there`,
      { facts: { directory } },
      { cause: error },
    );
  }
}

/** Git reads `:` as magic that leads out of the folder. */
function requirePathspec(path: string): void {
  if (path !== '' && !path.startsWith(':') && !path.startsWith('/') && !path.split('/').includes('..')) return;
  throw new SwitchbackError('PlanInvalid', `${JSON.stringify(path)} is not a path inside the stack`, {
    hint: 'Name files, folders or globs relative to the stack directory.',
    facts: { path },
  });
}

async function changesOf(root: string, files: readonly TreeFile[], added: readonly string[]): Promise<Change[]> {
  const changes: Change[] = [];
  // One at a time, and only what differs is read from git: a folder may hold thousands of files.
  for (const file of files) {
    await requireInside(root, file.path);
    const before = await readEntry(root, file.path);
    if (!isAt(before, file)) changes.push({ path: file.path, after: file });
  }
  // Switchback's pointer to its home is nobody's version of anything.
  for (const path of added.filter((name) => !/^\.switchback(\/|$)/.test(name))) {
    await requireInside(root, path);
    const before = await readEntry(root, path);
    if (before.is !== 'absent' && before.is !== 'directory') changes.push({ path, after: undefined });
  }
  return changes;
}

function isAt(entry: StackEntry, file: TreeFile): boolean {
  if (entry.is !== (file.kind === 'symlink' ? 'link' : 'file') || !('bytes' in entry)) return false;
  if (entry.is === 'file' && (entry.mode & 0o100) !== (file.kind === 'executable' ? 0o100 : 0)) return false;
  return blobId(entry.bytes, file.blob.length === 64 ? 'sha256' : 'sha1') === file.blob;
}

/** The id that git gives to these bytes: cheaper than asking it for each of a thousand files that are the same. */
function blobId(bytes: Buffer, algorithm: 'sha1' | 'sha256'): string {
  return createHash(algorithm).update(`blob ${bytes.length}\0`).update(bytes).digest('hex');
}

async function requireAllowed(root: string, path: string, context: Context): Promise<void> {
  await requireInside(root, path);
  const { compose, env } = context.plan.stack;
  const finding = guardPath(path, context.plan.protect, [compose, ...(env === undefined ? [] : [env])])[0];
  if (finding) throw new SwitchbackError('Protected', finding.message, { hint: finding.hint, facts: { path } });
}

async function keepBoth(root: string, changes: readonly Change[], context: Context): Promise<string> {
  const blobs = changes.flatMap(({ after }) => (after === undefined ? [] : [after.blob]));
  const digests = new Map<string, string>();
  for await (const { id, bytes } of readBlobs(root, blobs, { signal: context.signal })) {
    digests.set(id, await context.keep(bytes));
    context.progress({ doing: 'keeping what is going to be written', done: digests.size, total: blobs.length });
  }
  const files: ContentRef[] = [];
  const written: ContentRef[] = [];
  for (const { path, after } of changes) {
    // Read again: the bytes of all of them together may not fit into memory.
    const before = await readEntry(root, path);
    files.push(await keepBefore(path, before, context));
    written.push(
      after === undefined ? { absent: true, path } : refAfter(path, before, after.kind, digests.get(after.blob)),
    );
  }
  return keepExchange({ files, written }, context);
}

async function keepBefore(path: string, before: StackEntry, context: Context): Promise<ContentRef> {
  if (!('bytes' in before)) return { absent: true, path };
  const digest = await context.keep(before.bytes);
  return before.is === 'file' ? { digest, path, mode: before.mode } : { digest, path, link: true };
}

function refAfter(path: string, before: StackEntry, kind: TreeFile['kind'], digest = ''): ContentRef {
  return kind === 'symlink' ? { digest, path, link: true } : { digest, path, mode: modeOf(before, kind) };
}

/** Git knows one bit; who may read a file is the host's business and stays as it is. */
function modeOf(before: StackEntry, kind: 'file' | 'executable'): number {
  const mode = before.is === 'file' ? before.mode : 0o644;
  // Executable for whoever may read it.
  return kind === 'executable' ? mode | ((mode & 0o444) >> 2) : mode & ~0o111;
}

const exchangeOf = async (context: Context, { facts }: Prepared<Facts>) => {
  const { files, written } = await keptExchange(facts.manifest, context);
  return { from: files, to: written };
};

function undoOf(input: Input, changes: readonly Change[], manifest: string): Undo {
  if (changes.length === 0) return { by: 'nothing', summary: `all files were as at ${input.ref} already` };
  const effects = changes
    .slice(0, namedPaths)
    .map(({ path }): Effect => ({ resource: `file:${path}`, change: 'replace' }));
  return {
    by: 'operation',
    kind: 'putFilesBack',
    summary: `put ${changes.length} ${changes.length === 1 ? 'file' : 'files'} back as before the restore from ${input.ref}`,
    lossy: false,
    input: { files: [], written: [], manifest },
    effects,
  };
}

function performed(input: Input, facts: Facts, still: string): Performed {
  const { commit, files, changes, removed } = facts;
  const written = changes - removed;
  return {
    summary: `${files} files are as at ${input.ref} (${commit.slice(0, 12)}): ${written} written, ${removed} removed, ${files - written} were so already${still}`,
    facts,
    effect: { commit, paths: canonicalJson([...input.paths].sort()), written, removed },
  };
}
