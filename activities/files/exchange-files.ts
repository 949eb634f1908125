import { SwitchbackError } from '../../runbook/errors.ts';
import type { ContentRef } from '../../runbook/operations.ts';
import { readEntry, requireInside } from './stack-entry.ts';
import { sweepPartial, writeEntry, type NewEntry } from './write-entry.ts';

/** Two states of the same files, path by path: what an effect leads from, and what it leads to. */
export interface FileExchange {
  from: readonly ContentRef[];
  to: readonly ContentRef[];
}

export interface ExchangeOptions {
  /** Bytes of a kept content. */
  kept: (digest: string) => Promise<Buffer>;
  /** Called before each file is changed; throws to stop. */
  fence: () => Promise<void>;
  onFile?: (done: number, total: number) => void;
}

type Standing = 'from' | 'to' | 'other';

/**
 * Which state each path is in. `to` where both are the same. Bytes decide for `from`; permission bits count for `to` alone, since a
 * changed bit is nothing that could be lost.
 */
export async function lookAtFiles(
  root: string,
  exchange: FileExchange,
  { kept }: Pick<ExchangeOptions, 'kept'>,
): Promise<Map<string, Standing>> {
  const standing = new Map<string, Standing>();
  for (const [index, to] of exchange.to.entries()) {
    const from = exchange.from[index];
    if (from?.path !== to.path)
      throw new SwitchbackError('IntegrityFailed', `the lists of files do not match at ${to.path}`);
    await requireInside(root, to.path);
    const stands = (await matches(root, to, kept, true))
      ? 'to'
      : (await matches(root, from, kept, false))
        ? 'from'
        : 'other';
    standing.set(to.path, stands);
  }
  return standing;
}

/**
 * Brings every path to its `to` state, or none: a file that somebody has changed since (neither `from` nor `to`) stops everything
 * before anything is written. Safe to call again after a kill at any point. Returns how many files were changed.
 * Throws `ValidationMismatch`, `AccessDenied`, `Conflict`, `ResourceExhausted`.
 */
export async function exchangeFiles(root: string, exchange: FileExchange, options: ExchangeOptions): Promise<number> {
  const standing = await lookAtFiles(root, exchange, options);
  const drifted = [...standing].filter(([, where]) => where === 'other').map(([path]) => path);
  if (drifted.length > 0) throw drift(drifted);
  for (const path of standing.keys()) await sweepPartial(root, path);
  // Removals first: a file may go where a folder was, and the other way round.
  const due = exchange.to.filter((ref) => standing.get(ref.path) === 'from');
  const ordered = [...due.filter(isAbsent), ...due.filter((ref) => !isAbsent(ref))];
  for (const [index, ref] of ordered.entries()) {
    const entry = await entryOf(ref, options.kept);
    // Looked at again: links and folders may have moved since.
    await requireInside(root, ref.path);
    await options.fence();
    await writeEntry(root, ref.path, entry);
    options.onFile?.(index + 1, ordered.length);
  }
  return ordered.length;
}

const isAbsent = (ref: ContentRef) => 'absent' in ref;

async function entryOf(ref: ContentRef, kept: ExchangeOptions['kept']): Promise<NewEntry> {
  if ('absent' in ref) return { is: 'absent' };
  if (!('digest' in ref)) throw unresolved(ref.path);
  const bytes = await kept(ref.digest);
  return ref.link === true ? { is: 'link', bytes } : { is: 'file', bytes, mode: ref.mode };
}

async function matches(
  root: string,
  ref: ContentRef,
  kept: ExchangeOptions['kept'],
  withMode: boolean,
): Promise<boolean> {
  const entry = await readEntry(root, ref.path);
  if ('absent' in ref) return entry.is === 'absent' || entry.is === 'directory';
  if (!('digest' in ref)) throw unresolved(ref.path);
  if (entry.is !== (ref.link === true ? 'link' : 'file') || !('bytes' in entry)) return false;
  if (withMode && entry.is === 'file' && ref.mode !== undefined && entry.mode !== ref.mode) return false;
  return entry.bytes.equals(await kept(ref.digest));
}

const drift = (paths: string[]) =>
  new SwitchbackError(
    'ValidationMismatch',
    `${paths.slice(0, 5).join(', ')}${paths.length > 5 ? ` and ${paths.length - 5} more` : ''} changed since Switchback looked; nothing was overwritten`,
    {
      hint: 'Save what you changed elsewhere and put the file back, then retry; or skip this with a reason to keep it as it is.',
      facts: { files: paths.length, first: paths[0] ?? '' },
    },
  );

const unresolved = (path: string) =>
  new SwitchbackError('IntegrityFailed', `what ${path} held was never recorded, so it cannot be put back`, {
    hint: 'Look at the journal with `switchback history`; restore the file from git by hand.',
    facts: { path },
  });
