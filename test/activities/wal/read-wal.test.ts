import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import type { PointManifest } from '../../../activities/points/index.ts';
import { cutWal, describeWal, readWal, walFolder } from '../../../activities/wal/index.ts';

const MiB = 1024 * 1024;
/** A backup of timeline 2 that ended in segment 254 of the fourth gigabyte, so that the next names carry over. */
const manifest = {
  run: 'run-1',
  point: 'a',
  canary: { wal: { segmentBytes: 16 * MiB }, timeline: 2, stopLsn: '3/FE000100', endedAt: '2026-11-27T10:00:00.000Z' },
} as unknown as PointManifest;
const names = [
  '0000000200000003000000FE',
  '0000000200000003000000FF',
  '000000020000000400000000',
  '000000020000000400000001',
];
let root: string;
let folder: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'switchback-wal-'));
  folder = walFolder({ root }, manifest);
  await mkdir(join(folder, 'segments'), { recursive: true });
  for (const name of names) await segment(name);
  await segment('000000020000000400000002.partial');
  await file('times', '2026-11-27T10:01:00.000Z 3/FF000200\n2026-11-27T10:02:00.000Z 4/1000200\n');
  await file('reached', '2026-11-27T10:02:30.000Z 4/2000300\n');
});
afterEach(() => rm(root, { recursive: true, force: true }));

const file = (name: string, text: string) => writeFile(join(folder, name), text);
const segment = (name: string) => writeFile(join(folder, 'segments', name), name);
const without = (name: string) => rm(join(folder, 'segments', name));
const at = (time: string) => readWal({ root }, manifest, Date.parse(time));
const from = '2026-11-27T10:00:00.000Z';

describe('the span of a log', () => {
  it('goes on to where the receiver has come, and says whether it goes on', async () => {
    const span = (await at('2026-11-27T10:02:33.000Z'))!;
    expect(span).toMatchObject({ from, to: '2026-11-27T10:02:30.000Z', lsn: '4/2000300', state: 'following' });
    expect(describeWal(span)).toBe(`any moment from ${from} to 2026-11-27T10:02:30.000Z, and on`);
    await file('said', 'first\nconnection refused\n');
    expect(await at('2026-11-27T10:05:00.000Z')).toMatchObject({ state: 'standing', why: 'connection refused' });
    await file('ended', '2026-11-27T10:02:40Z the server is on timeline 3\n');
    expect(await at('2026-11-27T10:02:41.000Z')).toMatchObject({ state: 'ended', why: 'the server is on timeline 3' });
  });

  it('ends before what is missing, in the middle, at the end, at the beginning', async () => {
    await without(names[2]!);
    const gap = (await at('2026-11-27T10:02:33.000Z'))!;
    expect(gap).toMatchObject({ to: '2026-11-27T10:01:00.000Z', lsn: '3/FF000200', state: 'ended' });
    expect(describeWal(gap)).toContain(`segment ${names[2]!} is missing`);
    await segment(names[2]!);
    await without('000000020000000400000002.partial');
    expect(await at('2026-11-27T10:02:33.000Z')).toMatchObject({ to: '2026-11-27T10:02:00.000Z', state: 'ended' });
    await without(names[0]!);
    expect((await at('2026-11-27T10:02:33.000Z'))!.to).toBeUndefined();
    expect((await readWal({ root: join(root, 'elsewhere') }, manifest))!.why).toBe('its log is gone');
  });

  it('is none before the backup itself had ended, and none of a point without a log', async () => {
    await file('reached', '2026-11-27T09:59:59.000Z 3/FE000050\n');
    expect(await at('2026-11-27T10:00:01.000Z')).toMatchObject({ state: 'following', why: expect.any(String) });
    expect((await at('2026-11-27T10:00:01.000Z'))!.to).toBeUndefined();
    expect(await readWal({ root }, { ...manifest, canary: {} })).toBeUndefined();
  });
});

describe('a log that is cut', () => {
  it('has whole segments, and the unfinished one under the name that the server asks for once it has its full length', async () => {
    const small = { ...manifest, canary: { ...manifest.canary, wal: { segmentBytes: 32 } } };
    const into = join(root, 'scratch', 'cut');
    await cutWal({ root }, small, into);
    expect((await readdir(into)).sort()).toEqual([...names, '000000020000000400000002']);
    await segment('000000020000000400000002.partial');
    await writeFile(join(folder, 'segments', '000000020000000400000002.partial'), 'what comes later is not seen');
    expect(await readFile(join(into, '000000020000000400000002'), 'utf8')).toBe('000000020000000400000002.partial');
    await cutWal({ root }, { ...small, canary: { ...small.canary, wal: { segmentBytes: 64 } } }, into);
    expect((await readdir(into)).sort()).toEqual(names);
  });
});
