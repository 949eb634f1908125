import { describe, expect, it } from '@jest/globals';
import { describeInconsistency, inconsistencies, leavesBehind, showsInconsistent } from '../../runbook/consistency.ts';
import type { Undo } from '../../runbook/operations.ts';
import { standingOperations } from '../../runbook/target-state.ts';
import { outlinedPlan } from '../workflows/compiled-plan.ts';
import { ToldJournal } from './told-journal.ts';

const undo = (kind: string, input: object): Undo =>
  ({ by: 'operation', summary: `undo ${kind}`, lossy: false, kind, input, effects: [] }) as unknown as Undo;
const undoSql = undo('applySql', { store: 'db', source: { digest: 'd' }, transactional: true, expand: false });
const sql = { stage: 'apply', kind: 'applySql', input: { store: 'db' }, undo: undoSql } as const;
const plan = outlinedPlan('shop', '/stack', [
  { id: 'one', operations: [{ stage: 'backup', kind: 'backupStore', input: { store: 'db', point: 'one-db' } }, sql] },
  { id: 'two', operations: [sql] },
]);
const completed = () => {
  const told = new ToldJournal();
  told.run('r1', plan);
  return told;
};

describe('a target', () => {
  it('is not consistent while a phase is half taken back, and the next rollback takes back the rest', () => {
    const told = completed();
    told.rollBack('baseline', {}, 1);
    expect(told.state.consistent).toBe(false);
    expect(describeInconsistency(inconsistencies(told.state)).why).toBe('half taken back: two (run r1), one (run r1)');
    told.write('r1', { type: 'reconciled', by: 'me', reason: 'it is fine', proof: [] });
    expect(told.state.consistent).toBe(false);
    const rest = told.rollBack('previous');
    expect(rest.phases.map(({ id }) => id)).toEqual(['two', 'one']);
    expect(rest.operations.flatMap(({ undoes = [] }) => undoes)).toEqual(['r1/one/apply/02-applySql']);
    expect(told.state.consistent).toBe(true);
    expect(() => told.plan('baseline')).toThrow('nothing to roll back');
  });

  it('is as it was where a rollback was given up before it had any effect', () => {
    const told = completed();
    told.rollBack('previous', {}, 0);
    expect(told.state.consistent).toBe(true);
    expect(told.state.phases.get('two')?.state).toBe('completed');
  });

  it('is not consistent once an undo was skipped, until a person has made that right', () => {
    const told = completed();
    told.rollBack('previous', {}, Infinity, { applySql: 'skipped' });
    expect(told.state.consistent).toBe(false);
    expect(inconsistencies(told.state).leftOut.map(({ operation }) => operation.id)).toEqual(['two/apply/01-applySql']);
    told.write('r1', { type: 'reconciled', by: 'me', reason: 'dropped by hand', proof: [] });
    expect(told.state.consistent).toBe(true);
  });

  it('is not consistent once a restore was skipped: what it covers stands', () => {
    const told = completed();
    told.rollBack('baseline', { restoreData: true }, Infinity, { restoreStore: 'skipped' });
    expect(told.state.consistent).toBe(false);
    expect(inconsistencies(told.state).leftOut.length).toBeGreaterThan(0);
  });
});

describe('what is told of a target', () => {
  it('names what was left out, or what is half back, and what to type', () => {
    const skipped = completed();
    skipped.rollBack('baseline', {}, Infinity, { applySql: 'skipped' });
    expect(describeInconsistency(inconsistencies(skipped.state))).toEqual({
      why: 'an undo was skipped: one/apply/02-applySql, two/apply/01-applySql',
      hint: expect.stringContaining('`switchback reconcile`'),
    });
    const half = completed();
    half.rollBack('baseline', {}, 1);
    expect(describeInconsistency(inconsistencies(half.state)).hint).toContain('`switchback rollback`');
    // An older journal does not say which.
    expect(describeInconsistency({ leftOut: [], half: [] }).why).toBe('an undo was skipped');
  });

  it('is that it is inconsistent, but not while a rollback is at work on it', () => {
    const told = completed();
    expect(showsInconsistent(told.state)).toBe(false);
    told.rollBack('baseline', {}, 1);
    expect(showsInconsistent(told.state)).toBe(true);
    told.seal('again', plan);
    expect(showsInconsistent(told.state)).toBe(false);
    expect(showsInconsistent({ ...told.state, runs: [] })).toBe(true);
    told.rollBack('baseline', {}, Infinity, { applySql: 'skipped' });
    told.seal('once more', plan);
    expect(showsInconsistent(told.state)).toBe(true);
  });
});

describe('an operation that is left out', () => {
  it.each([
    ['an undo', { stage: 'rollback', kind: 'applySql', undoes: ['r1/x'] }, true],
    ['an undo of no stage of a rollback', { stage: 'apply', kind: 'applySql', undoes: ['r1/x'] }, true],
    ['a restore of a rollback', { stage: 'rollback', kind: 'restoreStore' }, true],
    ['a restore of a volume', { stage: 'rollback', kind: 'restoreVolume' }, true],
    ['the start of what was stopped', { stage: 'rollback', kind: 'startUsers' }, true],
    ['a stop', { stage: 'rollback', kind: 'stopUsers' }, false],
    ['a look', { stage: 'rollback', kind: 'runChecks' }, false],
    ['a restore that somebody asked for', { stage: 'backup', kind: 'restoreStore' }, false],
    ['a step forward', { stage: 'apply', kind: 'applySql' }, false],
  ] as const)('%s: %j leaves the target between two checkpoints: %j', (_what, operation, behind) => {
    expect(leavesBehind(operation as never)).toBe(behind);
  });
});

describe('what stands in the data', () => {
  it('is what a restore has left in it, whoever asked for it', () => {
    const told = completed();
    const operation = {
      ...plan.phases[0]!.stages[0]!.operations[0]!,
      ...{ id: 'backup/01-restoreStore', kind: 'restoreStore' as const, phase: '' },
      input: { store: 'db', point: 'r1/one-db' },
    } as never;
    const standing = () => standingOperations(told.state).filter(({ operation: { kind } }) => kind === 'applySql');
    expect(standing()).toHaveLength(2);
    told.perform('restore-1', operation);
    expect(standing()).toHaveLength(0);
    expect(told.plan('baseline').operations.map(({ kind }) => kind)).toEqual(['runChecks']);
  });

  it('is not restored once more by a rollback after one that was given up', () => {
    const told = completed();
    told.rollBack('baseline', { restoreData: true }, 3);
    const again = told.plan('baseline', { restoreData: true });
    expect(again.operations.map(({ kind }) => kind)).not.toContain('restoreStore');
    expect(again.kept[0]?.why).toContain('has restored it from r1/one-db already');
  });
});

describe('what stands below a rollback', () => {
  const restoring = (point: string) => ({
    ...plan.phases[0]!.stages[0]!.operations[0]!,
    ...{ id: 'backup/01-restoreStore', kind: 'restoreStore' as const, phase: '' },
    input: { store: 'db', point },
  });
  const restored = (...points: string[]) => {
    const told = completed();
    told.write('b', { type: 'task-sealed', task: 'create', plan: 'p', manifest: 'm', operator: 'me' });
    const { operations } = plan.phases[0]!.stages[0]!;
    told.perform('b', {
      ...operations[0]!,
      id: 'backup/01-backupStore',
      phase: '',
      input: { store: 'db', point: 'later' },
    } as never);
    for (const [index, point] of points.entries()) told.perform(`restore-${index}`, restoring(point));
    return told;
  };
  const kept = (told: ToldJournal) =>
    told.plan('previous').kept.map(({ operation, gone, why }) => [operation, gone === true, why]);

  it('is said where a restore has taken it out of the data', () => {
    expect(kept(completed())).toEqual([]);
    expect(kept(restored('r1/one-db'))).toEqual([
      ['one/apply/02-applySql', true, 'a restore has taken it out of store:db, although one stands'],
    ]);
  });

  it('is said where a restore has put it in again', () => {
    expect(kept(restored('r1/one-db', 'b/later'))).toEqual([
      ['one/apply/02-applySql', false, 'a restore has put it into store:db again; one, whose work it is, stands'],
    ]);
  });
});

describe('what cannot be taken back', () => {
  const drop = { ...sql, undo: { by: 'impossible', summary: 'dropped', cause: 'the column is gone' } as const };
  const dropping = outlinedPlan('shop', '/stack', [{ id: 'one', operations: [drop, sql] }]);

  it('is asked whether it took effect where it never reported, before anything is touched', () => {
    const told = new ToldJournal();
    told.run('r1', dropping, ['one'], { 'one/apply/01-applySql': 'intended' });
    const { operations } = told.plan('baseline');
    expect(operations[0]).toMatchObject({ kind: 'runChecks', undoes: ['r1/one/apply/01-applySql'], effects: [] });
    expect(operations[1]?.undoes).toEqual(['r1/one/apply/02-applySql']);
  });

  it('bars the way where it did, also by a person', () => {
    for (const how of [{}, { 'one/apply/01-applySql': 'by-hand' as const }]) {
      const told = new ToldJournal();
      told.run('r1', dropping, ['one'], how);
      expect(() => told.plan('baseline')).toThrow('the column is gone');
    }
  });
});

describe('services', () => {
  const image = undo('switchImage', { service: 'api', image: 'api:1' });
  const files = undo('putFilesBack', { files: [], written: [] });
  const kinds = (operations: Parameters<typeof outlinedPlan>[2][number]['operations'], protect = plan.protect) => {
    const told = new ToldJournal();
    const own = outlinedPlan('shop', '/stack', [{ id: 'one', operations }]);
    told.run('r1', { ...own, protect });
    return told.plan('baseline', { restoreData: true });
  };
  const backup = {
    stage: 'backup',
    kind: 'backupVolume',
    input: { volume: 'data', point: 'data', quiesce: 'stop' },
  } as const;

  it('start on restored data with the older image alone', () => {
    const { operations } = kinds([backup, { stage: 'apply', kind: 'switchImage', undo: image }]);
    expect(operations.map(({ kind }) => kind)).toEqual([
      ...['stopUsers', 'restoreVolume', 'startUsers', 'switchImage', 'runChecks'],
    ]);
    expect(operations[2]?.input).toMatchObject({ except: ['api'] });
    expect(operations[3]?.always).toBe(true);
  });

  it('read the files that were put back', () => {
    const steps = [
      { stage: 'apply', kind: 'restoreFiles', undo: files } as const,
      { stage: 'cutover', kind: 'applyCheckpoint' } as const,
    ];
    expect(kinds(steps).operations.map(({ kind }) => kind)).toEqual(['putFilesBack', 'applyCheckpoint', 'runChecks']);
  });

  it('keep a protected volume whatever is asked', () => {
    const { operations, kept } = kinds([backup], [{ volume: 'data' }]);
    expect(operations.map(({ kind }) => kind)).toEqual(['runChecks']);
    expect(kept[0]?.why).toContain('is protected: it is never replaced');
  });
});
