import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { TargetHome } from '../effect.ts';
import { isMissing, type PointManifest } from '../points/index.ts';
import { beginOf, firstMissing, lsnOf, nameOf, segmentAt, segmentsIn } from './segments.ts';
import { walFile, walFolder } from './wal-folder.ts';

/** What the manifest of a point says of the log that follows it. */
type Followed = {
  wal: { segmentBytes: number };
  timeline: number;
  stopLsn: string;
  endedAt: string;
};

/** The moments that a point can be brought to by its log. */
export interface WalSpan {
  /** The first one: the end of the backup itself. */
  from: string;
  /** The last one; absent where nothing of the log is of use. */
  to?: string;
  /** Up to where the log is known to be whole. */
  lsn?: string;
  /** `following`: it grows at this moment. `standing`: nobody writes it, and somebody should. `ended`: nobody will. */
  state: 'following' | 'standing' | 'ended';
  /** Why it does not go on. */
  why?: string;
  bytes: number;
}

/** The receiver notes every two seconds how far it has come: after that long without, it does not run, or gets no answer. */
const silentMs = 30_000;

/** Whether a point was taken to be followed by the log of its server. */
export const isFollowed = ({ canary }: Pick<PointManifest, 'canary'>) => canary['wal'] !== undefined;

export const followed = ({ canary }: Pick<PointManifest, 'canary'>) => canary as Followed;

/** Reads from disk how far the log of a point goes; nothing for a point that has none. Asks nobody. */
export async function readWal(
  home: Pick<TargetHome, 'root'>,
  manifest: PointManifest,
  now = Date.now(),
): Promise<WalSpan | undefined> {
  if (!isFollowed(manifest)) return undefined;
  const canary = followed(manifest);
  const folder = walFolder(home, manifest);
  const [reached, ended] = [await line(join(folder, walFile.reached)), await line(join(folder, walFile.ended))];
  const files = await filesIn(join(folder, walFile.segments));
  const bytes = await bytesOf(join(folder, walFile.segments), files);
  const lost = (why: string): WalSpan => ({ from: canary.endedAt, state: 'ended', why, bytes });
  if (reached === undefined) return lost(ended?.said ?? 'its log is gone');
  const { segmentBytes } = canary.wal;
  const first = segmentAt(canary.stopLsn, segmentBytes);
  const missing = firstMissing(segmentsIn(files, canary.timeline, segmentBytes), first);
  const span = { from: canary.endedAt, to: reached.at, lsn: reached.said, bytes };
  if (lsnOf(reached.said) > beginOf(missing, segmentBytes)) {
    const whole = (await linesIn(join(folder, walFile.times))).filter(
      ({ said }) => lsnOf(said) <= beginOf(missing, segmentBytes),
    );
    const why = `segment ${nameOf(missing, canary.timeline, segmentBytes)} is missing`;
    const last = whole.at(-1);
    return last === undefined || last.at < span.from
      ? lost(why)
      : { ...span, to: last.at, lsn: last.said, state: 'ended', why };
  }
  const going = await goingOn(folder, ended?.said, now - Date.parse(reached.at));
  // What was committed while the backup ended may not be in the log yet.
  return reached.at < span.from ? { ...lost('it has not come so far'), ...going } : { ...span, ...going };
}

async function goingOn(
  folder: string,
  ended: string | undefined,
  silent: number,
): Promise<Pick<WalSpan, 'state' | 'why'>> {
  if (ended !== undefined) return { state: 'ended', why: ended };
  if (silent < silentMs) return { state: 'following' };
  const said = (await textOf(join(folder, walFile.said))).trim().split('\n').at(-1)?.slice(-300) ?? '';
  return { state: 'standing', why: said === '' ? 'its receiver does not run' : said };
}

/** For messages: what can be asked for. */
export function describeWal({ from, to, state, why = '' }: WalSpan): string {
  if (to === undefined) return `no moment after ${from}: ${why}`;
  const on = { following: ', and on', standing: `; the log stands still: ${why}`, ended: `; the log ended: ${why}` };
  return `any moment from ${from} to ${to}${on[state]}`;
}

/** `TIME WHAT` */
async function linesIn(path: string): Promise<{ at: string; said: string }[]> {
  return (await textOf(path)).split('\n').flatMap((text) => {
    const space = text.indexOf(' ');
    return space > 0 && !Number.isNaN(Date.parse(text.slice(0, space)))
      ? [{ at: text.slice(0, space), said: text.slice(space + 1) }]
      : [];
  });
}

const line = async (path: string) => (await linesIn(path))[0];

const textOf = (path: string) =>
  readFile(path, 'utf8').catch((error: unknown) => {
    if (isMissing(error)) return '';
    throw error;
  });

const filesIn = (path: string) =>
  readdir(path).catch((error: unknown) => {
    if (isMissing(error)) return [];
    throw error;
  });

/** One that is renamed at this moment is counted the next time. */
async function bytesOf(folder: string, files: readonly string[]): Promise<number> {
  const sizes = await Promise.all(
    files.map((file) =>
      stat(join(folder, file)).then(
        ({ size }) => size,
        () => 0,
      ),
    ),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}
