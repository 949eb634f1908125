import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { cp, mkdir, mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  findPoint,
  listPoints,
  markFailed,
  markProven,
  openPoint,
  partPath,
  readPoint,
  sealPoint,
  verifyPoint,
} from '../../../activities/points/index.ts';
import type { PointStart } from '../../../activities/points/index.ts';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'switchback-points-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

const start = (run = 'run-1', point = 'orders'): PointStart => ({
  point,
  run,
  target: 'shop',
  operation: 'a/backup/01-backupVolume',
  source: { kind: 'volume', resource: 'volume:shop_data', identity: 'v1' },
  quiesce: 'stop',
});
async function sealed(run = 'run-1', content = 'some data') {
  const open = await openPoint(root, start(run));
  await mkdir(join(open.folder, 'dump'));
  await writeFile(join(open.folder, 'dump/1.dat'), content);
  await writeFile(join(open.folder, 'volume.tar'), `tar of ${content}`);
  await sealPoint(open, { canary: { files: 2 } });
  return (await readPoint(root, { run, point: 'orders' }))!;
}

describe('a recovery point', () => {
  it('[K10] goes from writing to sealed, verified and restore-tested, and never back', async () => {
    const open = await openPoint(root, start());
    expect(open.manifest.state).toBe('writing');
    await writeFile(join(open.folder, 'volume.tar'), 'x');
    expect((await sealPoint(open)).state).toBe('sealed');
    const point = await findPoint(root, 'orders', 'run-1');
    const verified = await verifyPoint(point);
    expect(verified.manifest.state).toBe('verified');
    const proof = { at: '2026-01-01T00:00:00.000Z', tookMs: 12, where: 'scratch', compared: ['3 files'] };
    const proven = await markProven(verified, proof);
    expect(proven.manifest).toMatchObject({ state: 'restore-tested', proof });
    expect((await verifyPoint(proven)).manifest.state).toBe('restore-tested');
    const failed = await markFailed(proven, 'lost');
    expect(failed.manifest.state).toBe('failed');
    // Whoever asked for the proof says so once more: the first reason stands.
    expect((await markFailed(failed, 'again')).manifest.failure?.why).toBe('lost');
    await expect(markProven(failed, proof)).rejects.toMatchObject({ name: 'IntegrityFailed' });
    expect((await markFailed(failed, 'late')).manifest.failure?.why).toBe('lost');
    await expect(findPoint(root, 'orders', 'run-1')).rejects.toMatchObject({ name: 'PreconditionFailed' });
  });

  it('that was interrupted is never good', async () => {
    const open = await openPoint(root, start());
    await writeFile(join(open.folder, 'volume.tar'), 'half');
    expect(await readPoint(root, { run: 'run-1', point: 'orders' })).toBeUndefined();
    await expect(findPoint(root, 'orders', 'run-1')).rejects.toMatchObject({ name: 'PreconditionFailed' });
    expect(await listPoints(root)).toEqual([{ ref: { run: 'run-1', point: 'orders' }, problem: 'interrupted' }]);
    const again = await openPoint(root, start());
    await expect(sealPoint(again)).rejects.toThrow('has no part at all');
  });

  it('keeps its seal, whatever is found out about it later', async () => {
    const point = await sealed();
    const proof = { at: 'now', tookMs: 1, where: 'scratch', compared: [] };
    const proven = await markProven(await verifyPoint(point), proof);
    expect(proven.manifest.seal).toBe(point.manifest.seal);
    expect((await readPoint(root, { run: 'run-1', point: 'orders' }))!.manifest).toEqual(proven.manifest);
  });

  it('is never written over; one of the same name in another run is another point', async () => {
    await sealed('run-1', 'old');
    await expect(openPoint(root, start('run-1'))).rejects.toMatchObject({ name: 'Conflict' });
    await sealed('run-2', 'new');
    expect((await findPoint(root, 'orders', 'run-1')).manifest.run).toBe('run-1');
    expect((await findPoint(root, 'run-1/orders', 'run-2')).manifest.run).toBe('run-1');
    expect((await findPoint(root, 'orders', 'run-3')).manifest.run).toBe('run-2');
  });

  it.each(['..', '../x', 'a/b', '', '.hidden', 'x.partial', 'a\n'])('refuses the id %j', async (id) => {
    await expect(openPoint(root, start('run-1', id))).rejects.toMatchObject({ name: 'PlanInvalid' });
  });
});

describe('a damaged recovery point is found out:', () => {
  const part = (file: string) => join(root, 'run-1/orders', file);
  it.each<[string, string, () => Promise<unknown>]>([
    ['flipped bit', 'other content in dump/1.dat', () => writeFile(part('dump/1.dat'), 'some dat`')],
    ['truncated part', 'bytes in volume.tar', () => truncate(part('volume.tar'), 3)],
    ['missing part', 'has lost dump/1.dat', () => rm(part('dump/1.dat'))],
  ])('%s', async (_name, message, damage) => {
    const point = await sealed();
    await damage();
    await expect(verifyPoint(point)).rejects.toThrow(message);
    expect((await readPoint(root, { run: 'run-1', point: 'orders' }))!.manifest.state).toBe('failed');
  });

  it.each<[string, string, (text: string) => string]>([
    ['edited manifest', 'does not match its own checksum', (text) => text.replace('"files": 2', '"files": 3')],
    ['torn manifest', 'is not whole', (text) => text.slice(0, 80)],
    ['empty manifest', 'is not whole', () => ''],
    ['null', 'is not whole', () => 'null'],
  ])('%s', async (_name, message, edit) => {
    await sealed();
    await writeFile(part('manifest.json'), edit(await readFile(part('manifest.json'), 'utf8')));
    await expect(readPoint(root, { run: 'run-1', point: 'orders' })).rejects.toThrow(message);
    expect((await listPoints(root))[0]!.problem).toContain(message);
  });

  it('another run’s point in its place', async () => {
    await sealed('run-1');
    await sealed('run-2');
    await rm(join(root, 'run-2/orders'), { recursive: true });
    await cp(join(root, 'run-1/orders'), join(root, 'run-2/orders'), { recursive: true });
    await expect(readPoint(root, { run: 'run-2', point: 'orders' })).rejects.toThrow('is of point run-1/orders');
  });

  it('a part that leads out of the folder', () => {
    expect(() => partPath('/points/a', '../b')).toThrow('leads out');
    expect(() => partPath('/points/a', '/etc/passwd')).toThrow('leads out');
  });
});
