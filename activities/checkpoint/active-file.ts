import { readFile, realpath } from 'node:fs/promises';
import { dirname, isAbsolute, join, relative } from 'node:path';

import { SwitchbackError } from '../../runbook/errors.ts';
import type { ContentRef } from '../../runbook/operations.ts';
import type { EffectContext } from '../effect.ts';
import { readEntry, requireInside, sweepPartial, writeEntry } from '../files/index.ts';
import type { Content } from './contents.ts';

/** The active Compose or env file as it stands. */
export interface ActiveFile {
  bytes: Buffer;
  digest: string;
  /** Where it is a link to, relative to the stack. */
  link: string | undefined;
  mode: number | undefined;
}

type Keeper = Pick<EffectContext, 'keep'>;

/**
 * Reads an active file, and keeps what it holds: that is what going back needs. A link is followed once, inside the stack.
 * @throws SwitchbackError `AccessDenied` when it leads outside, `Conflict` when a folder stands there
 */
export async function readActive(directory: string, path: string, context: Keeper): Promise<ActiveFile | undefined> {
  await requireInside(directory, path);
  const entry = await readEntry(directory, path);
  switch (entry.is) {
    case 'absent':
      return undefined;
    case 'directory':
      throw new SwitchbackError('Conflict', `${path} is a folder, where the active file of the stack should be`, {
        facts: { path },
      });
    case 'file':
      return { bytes: entry.bytes, digest: await context.keep(entry.bytes), link: undefined, mode: entry.mode };
    case 'link': {
      const link = await insideStack(directory, path, entry.bytes.toString('utf8'));
      const bytes = await readFile(join(directory, link));
      return { bytes, digest: await context.keep(bytes), link, mode: undefined };
    }
  }
}

async function insideStack(directory: string, path: string, target: string): Promise<string> {
  const file = isAbsolute(target) ? target : join(directory, dirname(path), target);
  const inside = relative(await realpath(directory), await realpath(file).catch(() => file));
  if (!inside.startsWith('..') && !isAbsolute(inside)) return inside;
  throw new SwitchbackError(
    'AccessDenied',
    `the active file ${path} is a link that leads out of the stack: ${target}`,
    {
      hint: 'Point it to a file inside the stack, or put a copy there.',
      facts: { path },
    },
  );
}

/** How to bring an active file back to what it is now. */
export function refTo(path: string, active: ActiveFile | undefined): ContentRef {
  if (!active) return { absent: true, path };
  return {
    digest: active.digest,
    path: active.link ?? path,
    ...(active.mode === undefined ? {} : { mode: active.mode }),
  };
}

/**
 * Makes an active file hold a content, in one rename: as a link to the versioned file where that is wanted and it still holds the same,
 * else as a copy. Safe to call again after a kill. @param readableByAll whether a file that was not there is made for all to read; an env file is not
 * @returns what it is now
 */
export async function writeActive(
  directory: string,
  path: string,
  content: Content | undefined,
  readableByAll: boolean,
): Promise<'link' | 'copy' | 'removed'> {
  await requireInside(directory, path);
  await sweepPartial(directory, path);
  if (!content) {
    await writeEntry(directory, path, { is: 'absent' });
    return 'removed';
  }
  if (content.linkTo !== undefined && (await holds(directory, content.linkTo, content.bytes))) {
    const target = relative(join(directory, dirname(path)), join(directory, content.linkTo));
    await writeEntry(directory, path, { is: 'link', bytes: Buffer.from(target) });
    return 'link';
  }
  // A file that is replaced keeps its mode; a new one may hold secrets.
  const replaces = (await readEntry(directory, path)).is === 'file';
  const mode = content.mode ?? (replaces || readableByAll ? undefined : 0o600);
  await writeEntry(directory, path, { is: 'file', bytes: content.bytes, mode });
  return 'copy';
}

async function holds(directory: string, path: string, bytes: Buffer): Promise<boolean> {
  await requireInside(directory, path);
  const entry = await readEntry(directory, path);
  return entry.is === 'file' && entry.bytes.equals(bytes);
}
