import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { findPoint, markFailed, markProven, openPoint, sealPoint } from '../../../activities/points/index.ts';
import { readRestorable } from '../../../client/runs/restorable.ts';
import { ensureTargetHome, targetHome } from '../../../journal/target-home.ts';
import { outlinedPlan } from '../../workflows/compiled-plan.ts';
import { recoveryOf } from '../../../runbook/recovery.ts';

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'switchback-restorable-'));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const points = () => targetHome('shop', { SWITCHBACK_HOME: home }).points;
const here = () => {
  const folders = targetHome('shop', { SWITCHBACK_HOME: home });
  ensureTargetHome(folders);
  writeFileSync(folders.journal, '');
};
const read = (...resources: string[]) => readRestorable('shop', { resources, proofAgeSeconds: 86_400 }, { home });

async function take(run: string, kind = 'volume') {
  const source = { kind, resource: 'volume:data', identity: 'v1' };
  const at = { point: 'one-volume-data', run };
  const open = await openPoint(points(), { ...at, target: 'shop', operation: 'o', source, quiesce: 'stop' });
  writeFileSync(join(open.folder, 'volume.tar'), run);
  await sealPoint(open);
  return findPoint(points(), `${run}/one-volume-data`, run);
}
const proof = (hoursAgo: number, tookMs: number) => ({
  at: new Date(Date.now() - hoursAgo * 3_600_000).toISOString(),
  ...{ tookMs, where: 'scratch', compared: [] },
});

describe('what can be restored', () => {
  it('[M12] is the newest point that was restored as a test: not a newer one that was not, nor one that failed', async () => {
    here();
    await markProven(await take('r1'), proof(30, 1000));
    await markProven(await take('r2'), proof(2, 2000));
    await markFailed(await markProven(await take('r3'), proof(1, 3000)), 'it differs');
    await take('r4');
    // Single tables that an undo took away restore nothing but themselves.
    await markProven(await take('r5', 'postgres-tables'), proof(1, 5));
    expect(await read('volume:data', 'store:orders')).toEqual([
      {
        resource: 'volume:data',
        promise: expect.objectContaining({ point: 'r2/one-volume-data', tookMs: 2000, expired: false }),
      },
      { resource: 'store:orders' },
    ]);
  });

  it('[M12] is said to have expired once its proof is older than the plan allows', async () => {
    here();
    await markProven(await take('r1'), proof(30, 1000));
    expect(await read('volume:data')).toMatchObject([{ promise: { tookMs: 1000, expired: true } }]);
  });

  it('is not known where the target is at home on another machine', async () => {
    expect(await read('volume:data')).toBeUndefined();
  });

  it('is asked of all that the plan backs up or protects, once each', () => {
    const plan = outlinedPlan('shop', home, [
      {
        id: 'one',
        operations: [
          { stage: 'backup', kind: 'backupVolume', input: { volume: 'data' } },
          { stage: 'backup', kind: 'backupStore', input: { store: 'orders' } },
        ],
      },
    ]);
    const protect = [{ volume: 'data' }, { store: 'users', tables: ['*'], allow: 'nothing' as const }, { path: 'x' }];
    expect(recoveryOf({ ...plan, protect })).toEqual({
      resources: ['volume:data', 'store:orders', 'store:users'],
      proofAgeSeconds: 86_400,
    });
  });
});
