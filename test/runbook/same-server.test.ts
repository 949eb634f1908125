import { describe, expect, it } from '@jest/globals';
import { dataSentence } from '../../runbook/records/rollback-record.ts';
import { outlinedPlan, type Outline } from '../workflows/compiled-plan.ts';
import { ToldJournal } from './told-journal.ts';
import { undoSql } from './undos.ts';

type Step = Outline['operations'][number];
const sql = (store: string, stage: Step['stage'] = 'apply'): Step => ({
  stage,
  kind: 'applySql',
  input: { store },
  undo: undoSql,
});
const server: Step = { stage: 'backup', kind: 'backupStore', input: { store: 'a', point: 'p', method: 'physical' } };
const stores = ['a', 'b', 'c', 'd'];

/** Stores a and b are in one server, c is in another one; nobody has asked where d is. */
function told(...operations: Step[]) {
  const plan = outlinedPlan('shop', '/s', [{ id: 'one', operations }]);
  const ref = { kind: 'postgres', url: 'postgres://localhost/x' } as never;
  plan.stores = Object.fromEntries(stores.map((name) => [name, ref]));
  const journal = new ToldJournal();
  for (const [store, identity] of Object.entries({ a: 's1/1', b: 's1/2', c: 's2/1' }))
    journal.write('r0', { type: 'identity', resource: `store:${store}`, identity });
  journal.run('r1', plan);
  return journal;
}
const back = (journal: ToldJournal) => journal.plan('baseline', { restoreData: true });
const done = (journal: ToldJournal) =>
  [...journal.state.operations.values()].map(({ operation, status }) => [operation.input, status]);

describe('the restore of a whole server', () => {
  it('says which other stores go back with it, and of which nobody knows', () => {
    const rollback = back(told(server, sql('b'), sql('c')));
    expect(rollback.restored).toEqual(['store:a', 'store:b']);
    expect(rollback.together).toEqual([{ resource: 'store:a', stores: ['store:b'], unseen: ['store:d'] }]);
    const restore = rollback.operations.find(({ kind }) => kind === 'restoreStore');
    expect(restore).toMatchObject({
      summary: 'restore store:a and store:b from r1/p',
      effects: [
        { resource: 'store:a', change: 'replace' },
        { resource: 'store:b', change: 'replace' },
      ],
      covers: ['r1/one/apply/02-applySql'],
    });
    expect(dataSentence({ rollback })).toBe(
      'store:a, store:b restored from recovery points; what they held is kept beside them; whether store:d went back too was not looked at',
    );
  });

  it('takes back what was done in them since, and leaves alone what the point holds, or another server has', () => {
    const journal = told(sql('b', 'preflight'), server, sql('b'), sql('c'));
    const rollback = back(journal);
    const undone = rollback.operations.filter(({ kind }) => kind === 'applySql').map(({ undoes }) => undoes);
    // What was done in b after the point is not undone a second time.
    expect(undone).toEqual([['r1/one/apply/04-applySql'], ['r1/one/preflight/01-applySql']]);
    expect(rollback.kept).toEqual([expect.objectContaining({ operation: 'one/apply/03-applySql', gone: true })]);
  });

  it('is known to the journal for all of them, also where no rollback asked for it', () => {
    const journal = told(server, sql('a'), sql('b'), sql('c'));
    const restore = {
      ...outlinedPlan('shop', '/s', [
        { id: 'x', operations: [{ stage: 'backup', kind: 'restoreStore', input: { store: 'a', point: 'r1/p' } }] },
      ]).phases[0]!.stages[0]!.operations[0]!,
      phase: '',
    };
    journal.write('task', { type: 'intent', operation: restore, attempt: 1, undo: restore.undo, facts: {} });
    journal.report('task', restore, restore.undo);
    const known = done(journal).filter(([input]) => !('point' in (input as object)));
    expect(known).toEqual([
      [{ store: 'a' }, 'undone'],
      [{ store: 'b' }, 'undone'],
      [{ store: 'c' }, 'done'],
    ]);
  });

  it('is of the store alone where its backup was a dump', () => {
    const dump = { ...server, input: { store: 'a', point: 'p' } };
    const rollback = back(told(dump, sql('b')));
    expect(rollback.restored).toEqual(['store:a']);
    expect(rollback).not.toHaveProperty('together');
  });
});
