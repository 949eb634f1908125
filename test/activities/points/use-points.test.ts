import { mkdtemp, readdir, rm, stat, writeFile, mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  alterPoints,
  expirePoint,
  listPoints,
  livingUsers,
  openPoint,
  pinPoint,
  readPin,
  readPoint,
  removeExpired,
  retainedPoints,
  sealPoint,
  unpinPoint,
  usePoints,
  verifyPoint,
} from '../../../activities/points/index.ts';

let root: string;
let points: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'switchback-points-'));
  points = join(root, 'points');
  await mkdir(points);
});
afterEach(() => rm(root, { recursive: true, force: true }));

const ref = { run: 'r1', point: 'a' };
async function newPoint(point = 'a', run = 'r1') {
  const open = await openPoint(points, {
    run,
    point,
    target: 't',
    operation: 'backup/01',
    source: { kind: 'volume', resource: 'volume:data', identity: 'i' },
    quiesce: 'stop',
  });
  await writeFile(join(open.folder, 'archive'), 'content');
  return sealPoint(open);
}

describe('readers and whoever removes points', () => {
  it('do not meet: the removal is refused, with who reads; readers beside each other are not', async () => {
    await usePoints({ root }, 'reading', async () => {
      await usePoints({ root }, 'reading as well', async () => undefined);
      await expect(alterPoints({ root }, 'pruning', async () => undefined)).rejects.toMatchObject({
        name: 'Conflict',
        message: expect.stringContaining('reading'),
        facts: { pid: process.pid },
      });
    });
    expect(await alterPoints({ root }, 'pruning', async () => 'done')).toBe('done');
    expect(await readdir(join(root, 'points.users'))).toEqual([]);
  });

  it('are not held up by the dead, nor by another process with the pid of one', async () => {
    await usePoints({ root }, 'a first one', async () => undefined);
    await writeFile(join(root, 'points.users', 'x'), JSON.stringify({ pid: 2 ** 22 + 1, started: '1', doing: 'dead' }));
    await writeFile(join(root, 'points.users', 'y'), JSON.stringify({ pid: process.pid, started: '1', doing: 'dead' }));
    await writeFile(join(root, 'points.users', 'z'), '{"pid": 1');
    expect(await livingUsers({ root })).toEqual([]);
    await writeFile(join(root, 'points.lock.9'), JSON.stringify({ pid: process.pid, started: '1', doing: 'dead' }));
    expect(await alterPoints({ root }, 'pruning', async () => 'done')).toBe('done');
  });

  it('let go of the lock when the work fails', async () => {
    await expect(alterPoints({ root }, 'pruning', () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    await expect(usePoints({ root }, 'reading', () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(await alterPoints({ root }, 'pruning', async () => 'done')).toBe('done');
  });
});

describe('a point that is removed', () => {
  it('is none from the moment of its renaming, and its folder goes when nothing is left in it', async () => {
    await newPoint();
    await newPoint('b');
    expect(await expirePoint(points, ref)).toBe(true);
    expect(await readPoint(points, ref)).toBeUndefined();
    expect(await listPoints(points)).toMatchObject([{ ref, problem: 'expired' }, { ref: { point: 'b' } }]);
    expect((await retainedPoints(points)).map(({ id }) => id)).toEqual(['r1/b']);
    // As after a kill: whoever comes next goes on.
    expect(await expirePoint(points, ref)).toBe(false);
    await removeExpired(points);
    expect(await readdir(join(points, 'r1'))).toEqual(['b']);
    await expirePoint(points, { run: 'r1', point: 'b' });
    await removeExpired(points);
    await expect(stat(join(points, 'r1'))).rejects.toThrow('ENOENT');
  });
});

describe('a pin', () => {
  it('is beside the sealed manifest, which stays as it is', async () => {
    await newPoint();
    const point = (await readPoint(points, ref))!;
    await pinPoint(point, { at: '2026-03-01T00:00:00.000Z', by: 'me@here', reason: 'before the holidays' });
    expect(await readPin(point)).toMatchObject({ by: 'me@here' });
    expect((await verifyPoint(point)).manifest.state).toBe('verified');
    expect(await retainedPoints(points)).toMatchObject([{ pinned: true, state: 'verified', bytes: 7 }]);
    await writeFile(join(point.folder, 'pin.json'), 'torn');
    expect(await readPin(point)).toBeDefined();
    await unpinPoint(point);
    expect(await readPin(point)).toBeUndefined();
  });
});
