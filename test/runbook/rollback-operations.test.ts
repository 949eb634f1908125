import { describe, expect, it } from '@jest/globals';
import { asksForEffect, askEffect } from '../../runbook/rollback-operations.ts';
import type { Operation } from '../../runbook/operations.ts';
import { standingOperations } from '../../runbook/target-state.ts';
import { outlinedPlan, type Outline } from '../workflows/compiled-plan.ts';
import { ToldJournal } from './told-journal.ts';
import { impossible, undoBy, undoImage, undoSql } from './undos.ts';

const rollbackOf = (operations: Outline['operations'], options = {}, course = {}) => {
  const journal = new ToldJournal();
  const plan = outlinedPlan('shop', '/s', [{ id: 'one', operations }]);
  const check = { kind: 'http' as const, url: 'http://x', status: 200, underMs: 1 };
  plan.baseline.verify = [check, check];
  journal.run('r1', plan, ['one'], course);
  return { journal, ...journal.plan('baseline', options) };
};
const summaries = (operations: readonly Operation[]) => operations.map(({ summary }) => summary);
const shared = { stage: 'rollback', phase: 'one', host: 'host-shop', version: expect.any(Number) };
const undo = {
  by: 'nothing',
  summary: 'an undo is not undone by itself; run the phase again to go forward',
};
const backupStore = { stage: 'backup', kind: 'backupStore', input: { store: 'db', point: 'p' } } as const;
const backupVolume = { stage: 'backup', kind: 'backupVolume', input: { volume: 'data', point: 'v' } } as const;

describe('operations of a rollback', () => {
  it('stop, restore and start: what they are, and what they are said to be', () => {
    const { operations } = rollbackOf([backupStore, backupVolume], { restoreData: true });
    expect(operations).toEqual([
      {
        ...{ ...shared, undo, id: 'rollback-1/01-stopUsers', kind: 'stopUsers', timeoutSeconds: 600, of: 'r1' },
        input: { stores: ['db'], volumes: ['data'] },
        summary: 'stop what uses volume:data, store:db',
        effects: [{ resource: 'service:*', change: 'stop' }],
      },
      {
        ...{ ...shared, undo, id: 'rollback-1/02-restoreVolume', kind: 'restoreVolume', timeoutSeconds: 14_400 },
        ...{ input: { volume: 'data', point: 'r1/v' }, summary: 'restore volume:data from r1/v', of: 'r1' },
        effects: [{ resource: 'volume:data', change: 'replace' }],
      },
      {
        ...{ ...shared, undo, id: 'rollback-1/03-restoreStore', kind: 'restoreStore', timeoutSeconds: 14_400 },
        ...{ input: { store: 'db', point: 'r1/p' }, summary: 'restore store:db from r1/p', of: 'r1' },
        effects: [{ resource: 'store:db', change: 'replace' }],
      },
      {
        ...{ ...shared, undo, id: 'rollback-1/04-startUsers', kind: 'startUsers', timeoutSeconds: 600 },
        input: { stoppedBy: 'rollback-1/01-stopUsers' },
        summary: 'start again what was stopped for the restore',
        effects: [{ resource: 'service:*', change: 'update' }],
      },
      {
        ...{ ...shared, undo, id: 'rollback-1/05-runChecks', kind: 'runChecks', timeoutSeconds: 600, of: 'r1' },
        input: expect.objectContaining({ withinSeconds: 180, everySeconds: 1, consecutive: 2 }),
        ...{ summary: 'verify baseline: 2 checks', effects: [] },
      },
    ]);
    expect(operations[3]?.input).toStrictEqual({ stoppedBy: 'rollback-1/01-stopUsers' });
  });

  it('take back what was done, as it was prepared, and have at least ten minutes for it', () => {
    const { operations } = rollbackOf([{ stage: 'apply', kind: 'applySql', input: { store: 'db' }, undo: undoSql }]);
    expect(operations[0]).toEqual({
      ...{ ...shared, undo, id: 'rollback-1/01-applySql', kind: 'applySql', timeoutSeconds: 600, of: 'r1' },
      ...{ input: (undoSql as { input?: object }).input, summary: 'undo applySql', effects: [] },
      undoes: ['r1/one/apply/01-applySql'],
      // Its loss was not confirmed.
      keepsData: true,
    });
  });

  it('start all but the services whose older image comes next, each named once', () => {
    const steps: Outline['operations'] = [
      backupStore,
      { stage: 'apply', kind: 'switchImage', undo: undoImage('api') },
      { stage: 'apply', kind: 'applySql', input: { store: 'other' }, undo: undoSql },
      { stage: 'apply', kind: 'switchImage', undo: undoImage('api') },
      { stage: 'apply', kind: 'switchImage', undo: undoImage('web') },
    ];
    const { operations } = rollbackOf(steps, { restoreData: true });
    const start = operations.find(({ kind }) => kind === 'startUsers');
    expect(start?.input).toEqual({ stoppedBy: 'rollback-1/01-stopUsers', except: ['web', 'api'] });
    expect(start?.summary).toBe('start again what was stopped for the restore, but web, api');
    expect(operations.filter(({ always }) => always).map(({ kind }) => kind)).toEqual([
      ...['switchImage', 'switchImage', 'switchImage'],
    ]);
  });

  it('apply a checkpoint once more where its files come back after a command', () => {
    const { operations } = rollbackOf([
      { stage: 'apply', kind: 'restoreFiles', undo: undoBy('putFilesBack', { files: [], written: [] }) },
      { stage: 'apply', kind: 'runContainer', undo: undoBy('runContainer', { service: 'api' }) },
      { stage: 'cutover', kind: 'applyCheckpoint' },
    ]);
    expect(operations.map(({ id }) => id)).toEqual([
      'rollback-1/01-applyCheckpoint',
      'rollback-1/02-runContainer',
      'rollback-1/03-putFilesBack',
      'rollback-1/04-applyCheckpoint',
      'rollback-1/05-runChecks',
    ]);
    const again = operations[3];
    expect(again).toMatchObject({ ...shared, kind: 'applyCheckpoint', of: 'r1', timeoutSeconds: 600, effects: [] });
    expect(again?.input).toEqual(operations[0]?.input);
    expect(again?.summary).toBe('back to the checkpoint before one, with the files that were put back');
    expect(again).not.toHaveProperty('undoes');
  });

  it('ask first for what cannot be taken back and never reported', () => {
    const steps: Outline['operations'] = [{ stage: 'apply', kind: 'applySql', undo: impossible }];
    const { journal, operations } = rollbackOf(steps, {}, { 'one/apply/01-applySql': 'intended' });
    expect(operations[0]).toEqual({
      ...{ ...shared, undo, id: 'rollback-1/01-runChecks', kind: 'runChecks', timeoutSeconds: 600, of: 'r1' },
      input: { checks: [], withinSeconds: 0, everySeconds: 1, consecutive: 1 },
      summary: 'ask whether this took effect, since it cannot be taken back: applySql of one',
      ...{ effects: [], undoes: ['r1/one/apply/01-applySql'] },
    });
    const asked = askEffect('x', standingOperations(journal.state)[0]!);
    expect(asksForEffect(asked)).toBe(true);
    expect(asksForEffect({ kind: 'runChecks' })).toBe(false);
    expect(asksForEffect({ kind: 'applySql', undoes: ['r1/x'] })).toBe(false);
  });

  it('have names that fit into a message', () => {
    const long = undoBy('applySql', {});
    const { operations } = rollbackOf([
      { stage: 'apply', kind: 'applySql', undo: { ...long, summary: 'x'.repeat(300) } },
    ]);
    expect(summaries(operations)[0]).toHaveLength(200);
  });
});

describe('a rollback', () => {
  const checkpoint = { stage: 'cutover', kind: 'applyCheckpoint' } as const;

  it('is a full one where several phases go back to the baseline', () => {
    const plan = outlinedPlan('shop', '/s', [
      { id: 'one', operations: [checkpoint] },
      { id: 'two', operations: [checkpoint] },
      { id: 'three', operations: [checkpoint] },
    ]);
    const journal = new ToldJournal();
    journal.run('r1', plan);
    expect(journal.plan('baseline').scope).toBe('full');
    expect(journal.plan({ phase: 'one' }).scope).toBe('quick');
    journal.rollBack({ phase: 'one' });
    expect(journal.plan('baseline').scope).toBe('quick');
  });

  it('starts one stack after the other where two plans have two', () => {
    const journal = new ToldJournal();
    journal.run('r1', outlinedPlan('shop', '/one', [{ id: 'one', operations: [checkpoint] }]));
    journal.run('r2', outlinedPlan('shop', '/two', [{ id: 'two', operations: [checkpoint] }]));
    const undoes = journal.plan('baseline').operations.flatMap((each) => (each.undoes ? [each.undoes] : []));
    expect(undoes).toEqual([['r2/two/cutover/01-applyCheckpoint'], ['r1/one/cutover/01-applyCheckpoint']]);
  });

  it('stops the users of each stack by its own plan, those of one stack at once', () => {
    const journal = new ToldJournal();
    const phase = (id: string, volume: string) => ({
      id,
      operations: [{ stage: 'backup' as const, kind: 'backupVolume' as const, input: { volume, point: volume } }],
    });
    journal.run('r1', outlinedPlan('shop', '/one', [phase('one', 'a'), phase('two', 'b')]));
    journal.run('r2', outlinedPlan('shop', '/two', [phase('three', 'c')]));
    const { operations } = journal.plan('baseline', { restoreData: true });
    expect(operations.flatMap(({ kind, input, of }) => (kind === 'stopUsers' ? [[of, input]] : []))).toEqual([
      ['r2', { stores: [], volumes: ['c'] }],
      ['r1', { stores: [], volumes: ['b', 'a'] }],
    ]);
  });

  it('protects what any of the plans that go back protects', () => {
    const journal = new ToldJournal();
    const backup = { ...backupVolume, input: { volume: 'data', point: 'v' } };
    const own = outlinedPlan('shop', '/s', [{ id: 'one', operations: [backup] }]);
    journal.run('r1', { ...own, protect: [{ volume: 'data' }] as never });
    journal.run('r2', outlinedPlan('shop', '/s', [{ id: 'two', operations: [checkpoint] }]));
    const { operations, restored, kept } = journal.plan('baseline', { restoreData: true });
    expect(operations.map(({ kind }) => kind)).toEqual(['applyCheckpoint', 'runChecks']);
    expect(restored).toEqual([]);
    expect(kept).toMatchObject([
      { operation: 'one/backup/01-backupVolume', run: 'r1', summary: 'the data of volume:data' },
    ]);
  });

  it('says that there is nothing to take back, and why', () => {
    const journal = new ToldJournal();
    journal.seal('r1', outlinedPlan('shop', '/s', [{ id: 'one', operations: [checkpoint] }]));
    expect(() => journal.plan('previous')).toThrow(
      expect.objectContaining({
        name: 'PreconditionFailed',
        message: 'there is nothing to roll back',
        hint: 'No phase has effects that still stand.',
      }),
    );
  });
});
