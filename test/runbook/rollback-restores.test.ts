import { describe, expect, it } from '@jest/globals';
import type { Operation } from '../../runbook/operations.ts';
import { planRestores } from '../../runbook/rollback-restores.ts';
import { standingOperations } from '../../runbook/target-state.ts';
import { outlinedPlan, type Outline } from '../workflows/compiled-plan.ts';
import { ToldJournal } from './told-journal.ts';
import { undoSql } from './undos.ts';

type Step = Outline['operations'][number];
const sql: Step = { stage: 'apply', kind: 'applySql', input: { store: 'db' }, undo: undoSql };
const backup = (point = 'p'): Step => ({ stage: 'backup', kind: 'backupStore', input: { store: 'db', point } });
const volume: Step = { stage: 'backup', kind: 'backupVolume', input: { volume: 'data', point: 'v' } };
const checkpoint: Step = { stage: 'cutover', kind: 'applyCheckpoint' };
const planOf = (id: string, ...operations: Step[]) => outlinedPlan('shop', '/s', [{ id, operations }]);
const of = (step: Step, more: object): Operation => ({
  ...planOf('x', step).phases[0]!.stages[0]!.operations[0]!,
  phase: '',
  ...more,
});
const told = (id: string, ...operations: Step[]) => {
  const journal = new ToldJournal();
  journal.run('r1', planOf(id, ...operations));
  return journal;
};
const data = { restoreData: true };
const restoresOf = (journal: ToldJournal) =>
  journal
    .plan('baseline', data)
    .operations.filter(({ kind }) => kind === 'restoreStore' || kind === 'restoreVolume')
    .map(({ input }) => (input as { point: string }).point);
const planned = (journal: ToldJournal) =>
  planRestores(journal.state, { protect: [] }, standingOperations(journal.state));

describe('what a rollback restores', () => {
  it('is each resource once, from the oldest point among the phases that go back', () => {
    const journal = told('one', backup('early'), volume, backup('late'), sql);
    journal.run('r2', planOf('two', backup('two'), sql));
    expect(restoresOf(journal)).toEqual(['r1/early', 'r1/v']);
    expect(journal.plan('baseline', data).restored).toEqual(['store:db', 'volume:data']);
  });

  it('says of each where it comes from, and what was in it', () => {
    const journal = told('one', { ...sql, stage: 'preflight' }, backup(), volume);
    const { restores, restored } = planned(journal);
    const [store, data] = ['one/backup/02-backupStore', 'one/backup/03-backupVolume'];
    const since = (id: string) => journal.state.operations.get(`r1/${id}`)?.seq;
    const shared = { phase: 'one', host: 'host-shop', run: 'r1' };
    expect(restores.get('store:db')).toEqual({
      ...{ ...shared, operation: store, since: since(store), resource: 'store:db', kind: 'restoreStore' },
      input: { store: 'db', point: 'r1/p' },
    });
    expect(restores.get('volume:data')).toEqual({
      ...{ ...shared, operation: data, since: since(data), resource: 'volume:data', kind: 'restoreVolume' },
      input: { volume: 'data', point: 'r1/v' },
    });
    expect(restored.get('store:db')).toEqual({ since: since(store), holds: new Set(['r1/one/preflight/01-applySql']) });
  });

  it('goes by what the journal knows to be in a point, and by what came first where it knows nothing', () => {
    const journal = told('one', backup(), sql);
    journal.state.points.clear();
    expect(planned(journal).restored.get('store:db')).not.toHaveProperty('holds');
    expect(planned(journal).kept).toEqual([]);
  });

  it.each([
    ['has not reported', { 'one/backup/01-backupStore': 'intended' as const }],
    ['was skipped', { 'one/backup/01-backupStore': 'skipped' as const }],
    ['was done by hand: nobody knows where it is', { 'one/backup/01-backupStore': 'by-hand' as const }],
  ])('is nothing from a backup that %s', (_what, course) => {
    const journal = new ToldJournal();
    journal.run('r1', planOf('one', backup(), sql), ['one'], course);
    expect(restoresOf(journal)).toEqual([]);
  });

  it('is nothing from a backup that names no point, or that an older one took and somebody settled by hand', () => {
    const journal = told('one', backup(), sql);
    const record = journal.state.operations.get('r1/one/backup/01-backupStore')!;
    record.status = 'by-hand';
    expect(restoresOf(journal)).toEqual([]);
    record.status = 'done';
    record.receipt!.facts = {};
    expect(restoresOf(journal)).toEqual([]);
    record.receipt!.facts = { point: 7 };
    expect(restoresOf(journal)).toEqual([]);
  });

  it('is nothing of what only names a point, and backs nothing up', () => {
    const journal = told('one', backup(), sql);
    const proof = of(volume, { id: 'one/backup/09', kind: 'proveBackup', phase: 'one', input: { point: 'x' } });
    journal.write('r1', { type: 'intent', operation: proof, attempt: 1, undo: proof.undo, facts: {} });
    const told2 = {
      operation: proof.id,
      kind: 'proveBackup@1',
      outcome: 'done' as const,
      summary: '',
      effectDigest: '',
    };
    const receipt = { ...told2, undo: proof.undo, facts: { point: 'r1/x' }, startedAt: '', finishedAt: '' };
    journal.write('r1', { type: 'receipt', operation: proof.id, attempt: 1, receipt });
    expect(restoresOf(journal)).toEqual(['r1/p']);
  });

  it('is never a protected volume, while others beside it are restored', () => {
    const journal = new ToldJournal();
    const own = planOf('one', volume, backup());
    journal.run('r1', { ...own, protect: [{ volume: 'data' }, { store: 'db', tables: ['*'] }] as never });
    const { kept, restored } = journal.plan('baseline', data);
    expect(restoresOf(journal)).toEqual(['r1/p']);
    expect(restored).toEqual(['store:db']);
    expect(kept).toEqual([
      {
        ...{ operation: 'one/backup/01-backupVolume', run: 'r1', summary: 'the data of volume:data' },
        why: expect.stringContaining('volume:data is protected: it is never replaced'),
      },
    ]);
    const other = new ToldJournal();
    other.run('r1', { ...own, protect: [{ volume: 'another' }] as never });
    expect(restoresOf(other)).toEqual(['r1/p', 'r1/v']);
  });
});

describe('what a restore brings back', () => {
  const story = () => {
    const journal = told('one', sql);
    journal.run('r2', planOf('two', backup(), sql));
    return journal;
  };

  it('is told: what was taken back after its point was taken', () => {
    const journal = story();
    const undo = of(sql, { id: 'by-hand', stage: 'rollback', undoes: ['r1/one/apply/01-applySql'] });
    expect(journal.plan('previous', data).kept.filter(({ gone }) => !gone)).toEqual([]);
    journal.perform('back', undo);
    expect(journal.plan('previous', data).kept.filter(({ gone }) => !gone)).toEqual([
      {
        ...{ operation: 'one/apply/01-applySql', run: 'r1', summary: 'applySql of one' },
        why: 'it was taken back, and is in store:db again with r2/p',
      },
    ]);
  });

  it('is told as well where another restore has taken it out of that resource', () => {
    const journal = story();
    const both = { resource: 'store:db', change: 'update' } as const;
    const record = journal.state.operations.get('r1/one/apply/01-applySql')!;
    record.operation = { ...record.operation, effects: [both] };
    record.lostIn = ['store:db'];
    expect(journal.plan('previous', data).kept.map(({ why }) => why)).toContain(
      'it was taken back, and is in store:db again with r2/p',
    );
    record.lostIn = ['volume:elsewhere'];
    expect(journal.plan('previous', data).kept.map(({ why }) => why)).not.toContain(
      'it was taken back, and is in store:db again with r2/p',
    );
  });

  it('is not told of what the journal does not know, and where nothing is in the point', () => {
    const journal = story();
    journal.state.points.set('r2/p', { resource: 'store:db', operations: new Set(['r0/gone']) });
    expect(journal.plan('previous', data).kept.filter(({ gone }) => !gone)).toEqual([]);
  });
});

describe('a restore that an earlier rollback has done', () => {
  /** Given up after its restore. */
  const restored = () => {
    const journal = told('one', backup(), sql);
    journal.rollBack('baseline', data, 2);
    return journal;
  };
  const again = (journal: ToldJournal) => restoresOf(journal).length > 0;

  it('is not done once more, and says who did it', () => {
    const { kept, restored: resources } = restored().plan('baseline', data);
    expect(again(restored())).toBe(false);
    expect(resources).toEqual(['store:db']);
    expect(kept).toContainEqual({
      ...{ operation: 'one/backup/01-backupStore', run: 'r1', summary: 'the data of store:db' },
      why: 'rollback-1/02-restoreStore has restored it from r1/p already',
    });
  });

  it('is done once more where something has gone forward since', () => {
    const journal = restored();
    journal.perform('r1', of(sql, { id: 'one/apply/09', phase: 'one' }));
    expect(again(journal)).toBe(true);
  });

  it('is not where what came since is no phase, or was taken back', () => {
    const journal = restored();
    journal.perform('task', of(volume, { id: 'backup/01' }));
    expect(again(journal)).toBe(false);
    const later = of(sql, { id: 'one/apply/09', phase: 'one' });
    journal.perform('r1', later);
    journal.perform('back', of(sql, { id: 'undo', phase: 'one', stage: 'rollback', undoes: [`r1/${later.id}`] }));
    expect(again(journal)).toBe(false);
  });

  it('is done where the last one was from another point, or a person asked for it by itself', () => {
    const journal = restored();
    const restore = { kind: 'restoreStore', input: { store: 'db', point: 'elsewhere' } };
    journal.perform('back-2', of(volume, { id: 'rollback-9/01', stage: 'rollback', ...restore }));
    expect(again(journal)).toBe(true);
    const task = restored();
    const same = { kind: 'restoreStore', input: { store: 'db', point: 'r1/p' } };
    task.perform('task', of(volume, { id: 'backup/01', stage: 'backup', ...same }));
    expect(again(task)).toBe(true);
  });

  it('has no say in what another resource needs', () => {
    const journal = told('one', backup(), volume, checkpoint);
    journal.rollBack('baseline', data, 2);
    expect(restoresOf(journal)).toEqual(['r1/p']);
  });
});
