import { describe, expect, it } from '@jest/globals';
import { dataOf, lastRestoreOf, mayStand, resourceOf } from '../../runbook/data-lineage.ts';
import type { Operation } from '../../runbook/operations.ts';
import { outlinedPlan, type Outline } from '../workflows/compiled-plan.ts';
import { ToldJournal, type Course } from './told-journal.ts';
import { undoBy, undoSql, writes } from './undos.ts';

type Step = Outline['operations'][number];
const sql: Step = { stage: 'apply', kind: 'applySql', input: { store: 'db' }, undo: undoSql };
const command: Step = {
  ...{ stage: 'apply', kind: 'runContainer', input: { service: 'api' }, effects: writes('store:db', 'volume:data') },
  undo: undoBy('runContainer', { service: 'api' }),
};
const made = (step: Step, id: string, more: object = {}): Operation => ({
  ...outlinedPlan('shop', '/s', [{ id: 'x', operations: [step] }]).phases[0]!.stages[0]!.operations[0]!,
  ...{ id, phase: '', ...more },
});
const one = made(sql, 'one/01');
const two = made(sql, 'two/01');
const both = made(command, 'both/01');
const backup = (id: string, input: object = { store: 'db', point: id }) =>
  made({ stage: 'backup', kind: 'backupStore', input }, id);
const restore = (id: string, input: object, kind: 'restoreStore' | 'restoreVolume' = 'restoreStore') =>
  made({ stage: 'backup', kind, input }, id);
const fromPoint = (point: string) => restore(`restore-${point}`, { store: 'db', point: `r/${point}` });
const undo = (of: Operation) => made(sql, `undo-${of.id}`, { stage: 'rollback', undoes: [`r/${of.id}`] });

/** Tells operations in order, all of run `r`; a pair says how one went. */
const after = (...story: (Operation | [Operation, Course[string]])[]) => {
  const journal = new ToldJournal();
  for (const step of story) {
    const [operation, how] = Array.isArray(step) ? step : [step, undefined];
    journal.perform('r', operation, how);
  }
  return journal.state;
};
const standing = (state: ReturnType<typeof after>) =>
  [...state.operations.values()].filter((known) => mayStand(known) && dataOf(known.operation).length > 0);
const ids = (state: ReturnType<typeof after>) => standing(state).map(({ operation }) => operation.id);
const held = (state: ReturnType<typeof after>, point: string) => [...(state.points.get(point)?.operations ?? ['?'])];

describe('the data of an operation', () => {
  it.each<[string, Operation, string[]]>([
    ['SQL', one, ['store:db']],
    ['SQL that changes the server alone', made({ ...sql, effects: writes('server:db') }, 'x'), []],
    ['SQL that changes both', made({ ...sql, effects: writes('server:db', 'store:db') }, 'x'), ['store:db']],
    ['a command', both, ['store:db', 'volume:data']],
    [
      'a command that reads, and that writes elsewhere',
      made(
        {
          ...command,
          effects: [{ resource: 'store:db', change: 'read' }, ...writes('path:x', 'store:a/b', 'xstore:db', 'volume:')],
        },
        'x',
      ),
      [],
    ],
    ['a checkpoint', made({ stage: 'cutover', kind: 'applyCheckpoint', effects: writes('volume:data') }, 'x'), []],
  ])('that is %s: %j', (_what, operation, data) => {
    expect(dataOf(operation)).toEqual(data);
  });

  it.each<[Operation, string | undefined]>([
    [backup('p'), 'store:db'],
    [made({ stage: 'backup', kind: 'backupVolume', input: { volume: 'data' } }, 'x'), 'volume:data'],
    [restore('x', { store: 'db', point: 'p' }), 'store:db'],
    [restore('x', { store: 'db', point: 'p', named: 'copy' }), undefined],
    [restore('x', { volume: 'data', point: 'p' }, 'restoreVolume'), 'volume:data'],
    [restore('x', { volume: 'data', point: 'p', into: 'data' }, 'restoreVolume'), 'volume:data'],
    [restore('x', { volume: 'data', point: 'p', into: 'copy' }, 'restoreVolume'), undefined],
    [one, undefined],
  ])('that is backed up or restored in its place, case %#', (operation, resource) => {
    expect(resourceOf(operation)).toBe(resource);
  });
});

describe('the work of an operation', () => {
  it.each<[string, Parameters<typeof after>, string[]]>([
    ['stands once it is done, intended or done by hand', [one, [two, 'intended']], ['one/01', 'two/01']],
    ['may stand where it was skipped after it had begun', [[one, 'skipped']], ['one/01']],
    ['does not where it was taken back', [one, undo(one)], []],
    ['does not where its undo was left out: a person has to look', [one, [undo(one), 'skipped']], []],
  ])('%s', (_what, story, expected) => {
    expect(ids(after(...story))).toEqual(expected);
  });

  it('does not stand where it was skipped before it began, and an undo never does', () => {
    const journal = new ToldJournal();
    journal.write('r', { type: 'skipped', operation: one, by: 'me', reason: 'r' });
    expect(ids(journal.state)).toEqual([]);
    expect(ids(after(made(sql, 'u', { undoes: ['r/x'] }), made(sql, 'b', { stage: 'rollback' })))).toEqual([]);
  });
});

describe('a recovery point', () => {
  it('holds what stood in its resource when it was begun', () => {
    const other = made({ ...sql, input: { store: 'other' } }, 'other/01');
    const state = after(one, other, both, [backup('p'), 'intended'], two);
    expect(held(state, 'r/p')).toEqual(['r/one/01', 'r/both/01']);
    expect(state.points.get('r/p')?.resource).toBe('store:db');
    expect(held(after(one, undo(one), two, backup('p')), 'r/p')).toEqual(['r/two/01']);
  });

  it('is called as its receipt says, of a volume as well', () => {
    const volume = made({ stage: 'backup', kind: 'backupVolume', input: { volume: 'data', point: 'v' } }, 'v');
    const journal = new ToldJournal();
    journal.perform('r', both);
    journal.perform('r', volume, 'intended');
    expect(held(journal.state, 'r/v')).toEqual(['r/both/01']);
    journal.report('r', { ...volume, input: { ...volume.input, point: 'really' } } as Operation, volume.undo);
    expect(held(journal.state, 'r/really')).toEqual(['r/both/01']);
    expect(journal.state.points.get('r/really')?.resource).toBe('volume:data');
  });

  it('is none of what backs nothing up', () => {
    expect([...after(one, made({ stage: 'backup', kind: 'proveBackup', input: { point: 'p' } }, 'x')).points]).toEqual(
      [],
    );
  });
});

describe('a restore in place', () => {
  it('takes away what was done since its point was taken, and nothing else', () => {
    const other = made({ ...sql, input: { store: 'other' } }, 'other/01');
    const state = after(one, backup('p'), two, other, fromPoint('p'));
    expect(ids(state)).toEqual(['one/01', 'other/01']);
    expect(state.operations.get('r/two/01')).toMatchObject({ status: 'undone', stoodAs: 'done', lostIn: ['store:db'] });
    expect(state.operations.get('r/one/01')).not.toHaveProperty('lostIn');
    expect(state.replaced.get('store:db')).toEqual({
      resource: 'store:db',
      operations: new Set(['r/one/01', 'r/two/01']),
    });
  });

  it('brings back what was in its point and was taken back since, as it was, from its own line on', () => {
    const state = after(one, [two, 'by-hand'], backup('p'), undo(one), undo(two), fromPoint('p'));
    expect(ids(state)).toEqual(['one/01', 'two/01']);
    expect(state.operations.get('r/one/01')).toMatchObject({ status: 'done', broughtBackAt: state.seq });
    expect(state.operations.get('r/two/01')).toMatchObject({ status: 'by-hand', broughtBackAt: state.seq });
    expect(state.operations.get('r/one/01')).not.toHaveProperty('stoodAs');
    const intended = after([one, 'intended'], backup('p'), undo(one), fromPoint('p'));
    expect(intended.operations.get('r/one/01')?.status).toBe('intended');
  });

  it('knows of older journals how something stood that they do not say', () => {
    const journal = new ToldJournal();
    journal.perform('r', one);
    journal.perform('r', two, 'intended');
    journal.perform('r', backup('p'));
    for (const id of ['r/one/01', 'r/two/01']) journal.state.operations.get(id)!.status = 'undone';
    journal.perform('r', fromPoint('p'));
    expect([...journal.state.operations.values()].slice(0, 2).map(({ status }) => status)).toEqual([
      'done',
      'intended',
    ]);
  });

  it('of one of two places leaves work in the other, until that is restored as well', () => {
    const volume = made({ stage: 'backup', kind: 'backupVolume', input: { volume: 'data', point: 'v' } }, 'v');
    const fromVolume = restore('restore-v', { volume: 'data', point: 'r/v' }, 'restoreVolume');
    const half = after(backup('p'), volume, both, fromPoint('p'));
    expect(half.operations.get('r/both/01')).toMatchObject({ status: 'done', lostIn: ['store:db'] });
    const whole = after(backup('p'), volume, both, fromPoint('p'), fromVolume);
    expect(whole.operations.get('r/both/01')).toMatchObject({
      ...{ status: 'undone', stoodAs: 'done', lostIn: ['store:db', 'volume:data'] },
    });
    // A later point of the store holds it no more; one that does brings that place back.
    expect(held(after(backup('p'), both, fromPoint('p'), backup('q')), 'r/q')).toEqual([]);
    const back = after(backup('p'), volume, both, backup('q'), fromPoint('p'), fromVolume, fromPoint('q'));
    expect(back.operations.get('r/both/01')).toMatchObject({ status: 'done', lostIn: ['volume:data'] });
    const again = after(backup('p'), both, backup('q'), fromPoint('p'), fromPoint('q'));
    expect(again.operations.get('r/both/01')).not.toHaveProperty('lostIn');
    expect(again.operations.get('r/both/01')).not.toHaveProperty('broughtBackAt');
  });

  it('from the data of another store holds nothing of this one; its own name says nothing', () => {
    expect(ids(after(one, backup('p'), restore('x', { store: 'db', from: 'other', point: 'r/p' })))).toEqual([]);
    expect(ids(after(one, backup('p'), two, restore('x', { store: 'db', from: 'db', point: 'r/p' })))).toEqual([
      'one/01',
    ]);
  });

  it.each<[string, Operation]>([
    ['to a moment', restore('x', { store: 'db', point: 'r/p', at: 'latest' })],
    ['from a point that the journal does not know', restore('x', { store: 'db', point: 'r/unknown' })],
    ['from a point of another resource', restore('x', { volume: 'data', point: 'r/p' }, 'restoreVolume')],
    ['under another name', restore('x', { store: 'db', point: 'r/p', named: 'copy' })],
  ])('%s changes nothing of what is known to stand', (_what, operation) => {
    expect(ids(after(one, backup('p'), two, both, operation))).toEqual(['one/01', 'two/01', 'both/01']);
  });

  it('of what the last one replaced brings that back', () => {
    const swapped = (input: object) => restore('again', { store: 'db', point: 'r/p', ...input });
    for (const input of [{ replaced: 'db-before' }, { putBack: 'db-before' }])
      expect(ids(after(one, backup('p'), two, fromPoint('p'), swapped(input)))).toEqual(['one/01', 'two/01']);
    const volume = made({ stage: 'backup', kind: 'backupVolume', input: { volume: 'data', point: 'v' } }, 'v');
    const on = made({ ...command, effects: writes('volume:data') }, 'on/01');
    const [there, back] = ['there', 'back'].map((id) =>
      restore(id, { volume: 'data', point: 'r/v', ...(id === 'back' && { putBack: 'x' }) }, 'restoreVolume'),
    ) as [Operation, Operation];
    expect(ids(after(volume, on, there))).toEqual([]);
    expect(ids(after(volume, on, there, back))).toEqual(['on/01']);
    // Nothing was replaced before: nobody can tell.
    expect(ids(after(one, swapped({ putBack: 'x' })))).toEqual(['one/01']);
  });

  it('says nothing of what was begun after it', () => {
    const journal = new ToldJournal();
    journal.perform('r', backup('p'));
    journal.perform('r', fromPoint('p'), 'intended');
    journal.perform('r', one);
    journal.report('r', fromPoint('p'), { by: 'nothing', summary: '' });
    // Its receipt comes after, so that what was in the data by then is what it replaced.
    expect(ids(journal.state)).toEqual([]);
    expect(ids(after(backup('p'), fromPoint('p'), one))).toEqual(['one/01']);
  });
});

describe('the last restore of a resource', () => {
  const last = (...story: Parameters<typeof after>) => lastRestoreOf(after(...story), 'store:db')?.operation.id;

  it('is the newest that has taken effect in its place', () => {
    expect(last(one, backup('p'))).toBeUndefined();
    expect(last(backup('p'), fromPoint('p'), restore('later', { store: 'db', point: 'r/p' }))).toBe('later');
    expect(last(backup('p'), fromPoint('p'), [restore('later', { store: 'db', point: 'r/p' }), 'by-hand'])).toBe(
      'later',
    );
    const others: Parameters<typeof after> = [
      [restore('begun', { store: 'db', point: 'r/p' }), 'intended'],
      [restore('skipped', { store: 'db', point: 'r/p' }), 'skipped'],
      restore('copy', { store: 'db', point: 'r/p', named: 'copy' }),
      restore('elsewhere', { store: 'other', point: 'r/p' }),
      restore('volume', { volume: 'db', point: 'r/p' }, 'restoreVolume'),
      backup('q'),
    ];
    expect(last(backup('p'), fromPoint('p'), ...others)).toBe('restore-p');
    const volumes = after(restore('volume', { volume: 'db', point: 'r/p' }, 'restoreVolume'));
    expect(lastRestoreOf(volumes, 'volume:db')?.operation.id).toBe('volume');
  });
});
