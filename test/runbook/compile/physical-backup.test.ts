import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';

import { createTask } from '../../../client/backup/create.ts';
import { planOf } from '../../../client/backup/options.ts';
import { memorySource, readPlanText } from '../../../client/plan-file/index.ts';
import { createOperations, restoreOperation } from '../../../runbook/backup-task.ts';
import { describePlan } from '../../../runbook/compile.ts';
import { momentOf, pointSet } from '../../../runbook/point-set.ts';

const stack = path.resolve('test/client/bad-plans/stack');
const plan = (backup: string) => `switchback: 1
name: shop-v2
stack: { directory: ., project: shop }
stores:
  orders: { kind: postgres, service: db, database: shop, user: shop }
  far: { kind: postgres, url: '\${env:URL}' }
baseline: { compose: docker/v1.yml }
phases:
  - { id: cut, checkpoint: { compose: docker/v1.yml }, backup: [${backup}], verify: [{ services: 3 }] }
`;

async function compiled(backup: string) {
  const files = new Map([['docker/v1.yml', await readFile(path.join(stack, 'docker/v1.yml'))]]);
  return readPlanText(plan(backup), 'plan.yml', () => memorySource('/stack', files));
}

describe('a physical backup in a plan', () => {
  it('is the same operation with another method, and needs the room of the whole server', async () => {
    const reading = await compiled('{ store: orders, method: physical }');
    if (!reading.ok) throw new Error(JSON.stringify(reading.issues));
    const operations = reading.compiled.phases[0]!.stages.flatMap((stage) => stage.operations);
    expect(operations.find(({ kind }) => kind === 'backupStore')).toMatchObject({
      input: { store: 'orders', point: 'cut-store-orders', method: 'physical' },
      summary: 'back up the whole server of the store orders to cut-store-orders',
    });
    const preflight = operations.find(({ kind }) => kind === 'checkPreflight')!.input as { checks: object[] };
    expect(preflight.checks).toContainEqual({ check: 'room', volumes: [], stores: [], servers: ['orders'] });
    expect(JSON.stringify(describePlan(reading.compiled))).toContain('there is room for the backups of orders');
  });

  it('follows the log where the plan asks for it, and nowhere else', async () => {
    const reading = await compiled('{ store: orders, method: physical, pointInTime: true }');
    if (!reading.ok) throw new Error(JSON.stringify(reading.issues));
    const operations = reading.compiled.phases[0]!.stages.flatMap((stage) => stage.operations);
    expect(operations.find(({ kind }) => kind === 'backupStore')).toMatchObject({
      input: { store: 'orders', point: 'cut-store-orders', method: 'physical', pointInTime: true },
      summary: 'back up the whole server of the store orders to cut-store-orders, and follow its log',
    });
  });

  it('leaves what a logical one compiles to as it was', async () => {
    const reading = await compiled('{ store: orders, method: logical }');
    if (!reading.ok) throw new Error(JSON.stringify(reading.issues));
    const operations = reading.compiled.phases[0]!.stages.flatMap((stage) => stage.operations);
    expect(operations.find(({ kind }) => kind === 'backupStore')?.input).toEqual({
      store: 'orders',
      point: 'cut-store-orders',
    });
  });

  it('is refused for a store that is reached by URL', async () => {
    const reading = await compiled('{ store: far, method: physical }');
    expect(reading.ok ? [] : reading.issues).toMatchObject([
      { path: 'phases[0].backup[0].method', line: 9, message: expect.stringContaining('`far` is reached by URL') },
    ]);
  });
});

describe('a physical backup outside of a run', () => {
  it('is asked for with --physical', () => {
    expect(createTask({ store: ['orders'], physical: true })).toMatchObject({ physical: true });
    expect(createOperations([{ store: 'orders', method: 'physical' }], false, 'here')[0]).toMatchObject({
      kind: 'backupStore',
      input: { store: 'orders', point: 'store-orders', method: 'physical' },
    });
  });

  it('is asked for with its log, and to be restored as of a moment', () => {
    expect(createTask({ physical: true, pointInTime: true })).toMatchObject({ physical: true, pointInTime: true });
    expect(() => createTask({ pointInTime: true })).toThrow('--point-in-time needs --physical');
    const source = { store: 'orders', method: 'physical', pointInTime: true } as const;
    expect(createOperations([source], false, 'here')[0]).toMatchObject({ input: { ...source, point: 'store-orders' } });
    const at = '2026-11-27T10:00:08.000Z';
    expect(restoreOperation('store:orders', 'r/p', 'here', { at })).toMatchObject({
      version: 3,
      summary: `restore the store orders from r/p as of ${at}`,
      input: { store: 'orders', point: 'r/p', at },
    });
    expect(restoreOperation('store:orders', 'r/p', 'here').input).toEqual({ store: 'orders', point: 'r/p' });
  });

  it('a resource in the place of the plan is answered with the option that names it', () => {
    expect(planOf('backup.yml')).toBe('backup.yml');
    expect(() => planOf('volume:data')).toThrow('volume:data is not a plan');
  });

  it('is of some moment within its span, and its set is as far apart as that', () => {
    const [takenAt, endedAt] = ['2026-11-27T10:00:00.000Z', '2026-11-27T10:00:08.000Z'];
    const manifest = {
      run: 'r',
      point: 'p',
      source: { resource: 'store:orders' },
      quiesce: 'online',
      startedAt: takenAt,
    };
    const moment = momentOf({ ...manifest, canary: { takenAt, endedAt } });
    expect(moment).toMatchObject({ from: takenAt, to: endedAt });
    expect(pointSet([moment])?.skewSeconds).toBe(8);
  });
});
