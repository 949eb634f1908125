import { describe, expect, it } from '@jest/globals';
import { choose } from '../../runbook/rollback-choices.ts';
import { noRestores } from '../../runbook/rollback-restores.ts';
import { standingOperations } from '../../runbook/target-state.ts';
import { outlinedPlan, type Outline } from '../workflows/compiled-plan.ts';
import { ToldJournal } from './told-journal.ts';
import { impossible, lossySql, undoBy, undoSql, writes } from './undos.ts';

const sql = (undo = undoSql): Outline['operations'][number] => ({
  ...{ stage: 'apply', kind: 'applySql', input: { store: 'db' }, undo },
});
const backup = (store: string, method?: 'physical'): Outline['operations'][number] => ({
  ...{ stage: 'backup', kind: 'backupStore', input: { store, point: store, ...(method && { method }) } },
});
const backupVolume: Outline['operations'][number] = {
  ...{ stage: 'backup', kind: 'backupVolume', input: { volume: 'data', point: 'data', quiesce: 'stop' } },
};
const checkpoint: Outline['operations'][number] = { stage: 'cutover', kind: 'applyCheckpoint' };
const planOf = (id: string, ...operations: Outline['operations']) => outlinedPlan('shop', '/s', [{ id, operations }]);
const told = (id: string, ...operations: Outline['operations']) => {
  const journal = new ToldJournal();
  journal.run('r1', planOf(id, ...operations));
  return journal;
};
const data = { restoreData: true };
const discard = { discardData: true };
const undone = (rollback: { operations: readonly { undoes?: string[] }[] }) =>
  rollback.operations.flatMap(({ undoes = [] }) => undoes);

describe('what stands yet of phases that were taken back', () => {
  /** Carries phases out, each in a run of its own; `-PHASE` takes the newest one back, and leaves its SQL where it is. */
  const after = (...story: string[]) => {
    const journal = new ToldJournal();
    for (const step of story) {
      if (step.startsWith('-')) journal.rollBack('previous');
      else journal.run(`r-${step}`, planOf(step, sql(lossySql), checkpoint));
    }
    return new Set(undone(journal.plan('previous', discard)).map((key) => key.split('/')[1]));
  };

  it.each([
    [
      ['one', 'two', '-two', 'three'],
      ['three', 'two'],
    ],
    [['one', '-one', 'two', 'three'], ['three']],
    [['one', 'two', '-two', 'three', 'four'], ['four']],
    [
      ['one', 'two', 'three', '-three', 'four'],
      ['four', 'three'],
    ],
    [
      ['one', '-one', 'two'],
      ['two', 'one'],
    ],
  ])('goes back with the newest phase where it was done above what stays: after %j: %j', (story, phases) => {
    expect([...after(...story)]).toEqual(phases);
  });

  it('goes back where a restore has put it above what stays', () => {
    const journal = told('one', sql());
    journal.perform('backup-1', {
      ...planOf('', backup('db')).phases[0]!.stages[0]!.operations[0]!,
      id: 'b',
      phase: '',
    });
    journal.rollBack('baseline');
    journal.run('r2', planOf('two', checkpoint));
    journal.run('r3', planOf('three', checkpoint));
    const again = { id: 'again', kind: 'restoreStore', phase: '', input: { store: 'db', point: 'backup-1/db' } };
    const sealed = planOf('x', backup('db')).phases[0]!.stages[0]!.operations[0]!;
    expect(undone(journal.plan('previous'))).toEqual(['r3/three/cutover/01-applyCheckpoint']);
    journal.perform('restore-1', { ...sealed, ...again } as never);
    expect(undone(journal.plan('previous'))).toEqual(
      expect.arrayContaining(['r3/three/cutover/01-applyCheckpoint', 'r1/one/apply/01-applySql']),
    );
  });

  it('is no barrier, since it has been let pass before', () => {
    const journal = told('one', sql(impossible));
    const phase = { type: 'phase-state', phase: 'one', ordinal: 1, title: '', of: 'r1' } as const;
    journal.write('r1', { ...phase, state: 'rolling-back' }, { ...phase, state: 'rolled-back' });
    journal.run('r2', planOf('two', checkpoint));
    expect(undone(journal.plan('baseline'))).toEqual(['r2/two/cutover/01-applyCheckpoint']);
  });
});

describe('an effect', () => {
  it('that stays is told with why, and nothing else is', () => {
    const keeping = { by: 'keeping', summary: 'the column stays' } as const;
    const journal = told('one', sql(keeping), sql(lossySql), sql(), sql({ by: 'nothing', summary: 'only looked' }));
    const { kept, operations } = journal.plan('baseline');
    expect(kept.map(({ operation, run, why, gone }) => [operation, run, why, gone])).toEqual([
      [
        ...['one/apply/02-applySql', 'r1'],
        'taking it back would discard data (undo applySql); it does no harm where it is',
        undefined,
      ],
      ['one/apply/01-applySql', 'r1', 'the column stays', undefined],
    ]);
    expect(kept.every((one) => !('gone' in one))).toBe(true);
    expect(undone({ operations })).toEqual(['r1/one/apply/03-applySql']);
    expect(journal.plan('baseline')).not.toHaveProperty('discards');
    expect(journal.plan('baseline', { discardData: true }).discards).toEqual(['undo applySql']);
  });

  it('that was skipped after it had begun is not said to have added anything', () => {
    const keeping = { by: 'keeping', summary: 'what was added stays' } as const;
    const plan = planOf('one', sql(keeping));
    const [operation] = plan.phases[0]!.stages[0]!.operations;
    const journal = new ToldJournal();
    journal.run('r1', plan, ['one'], { [operation!.id]: 'intended' });
    journal.write('r1', { type: 'skipped', operation: operation!, by: 'ada', reason: 'not needed' });
    expect(journal.plan('baseline').kept).toMatchObject([
      { why: 'it was skipped; what an attempt of it may have done stays' },
    ]);
  });

  it('that a restore takes away is told as gone, and not taken back by its undo, lossy or not', () => {
    const journal = told('one', { ...sql(), stage: 'preflight' }, backup('db'), sql(), sql(lossySql), sql(impossible));
    const { kept, operations } = journal.plan('baseline', data);
    const gone = kept.filter((one) => one.gone === true).map(({ operation, why }) => [operation, why]);
    const why = 'store:db is restored from its recovery point, which takes this back too';
    expect(gone).toEqual(['05', '04', '03'].map((nth) => [`one/apply/${nth}-applySql`, why]));
    // What was done before the backup is in it, and needs its undo.
    expect(undone({ operations })).toEqual(['r1/one/preflight/01-applySql']);
    expect(operations.find(({ kind }) => kind === 'restoreStore')?.covers).toEqual(
      ['05', '04', '03'].map((nth) => `r1/one/apply/${nth}-applySql`),
    );
  });

  it('in a store whose point nobody has the contents of goes by what came first', () => {
    const journal = told('one', sql(), sql(), sql());
    const standing = standingOperations(journal.state);
    const since = standing[1]!.seq;
    const restored = new Map([['store:db', { since }]]);
    const request = { to: 'baseline' as const, restoreData: true, discardData: false };
    const { undos, covered } = choose(journal.state, standing, { ...noRestores(), restored }, request);
    expect(undos.map(({ record }) => record.operation.id)).toEqual(['one/apply/02-applySql', 'one/apply/01-applySql']);
    expect(covered.get('store:db')).toEqual(['r1/one/apply/03-applySql']);
  });

  it('that cannot be taken back bars the way with its cause and a way out, unless it never reported', () => {
    const refusal = { name: 'PointOfNoReturn', hint: expect.stringContaining('--restore-data') };
    expect(() => told('one', sql(impossible)).plan('baseline')).toThrow(
      expect.objectContaining({
        ...refusal,
        message: 'one/apply/01-applySql cannot be taken back: the column is gone',
      }),
    );
    const never = new ToldJournal();
    never.run('r1', planOf('one', sql(impossible), sql()), ['one'], { 'one/apply/01-applySql': 'intended' });
    expect(never.plan('baseline').operations.map(({ kind }) => kind)).toEqual(['runChecks', 'applySql', 'runChecks']);
  });
});

describe('a command that wrote to two places', () => {
  const command = (...resources: string[]): Outline['operations'][number] => ({
    ...{ stage: 'apply', kind: 'runContainer', input: { service: 'api' }, effects: writes(...resources) },
    undo: undoBy('runContainer', { service: 'api', argv: ['undo'], timeoutSeconds: 60 }),
  });
  const both = command('store:db', 'volume:data');

  it('goes with a restore of both', () => {
    const { kept, operations } = told('one', backup('db'), backupVolume, both).plan('baseline', data);
    expect(kept.map(({ why }) => why)).toEqual([
      'store:db and volume:data is restored from its recovery point, which takes this back too',
    ]);
    expect(undone({ operations })).toEqual([]);
    const covers = ['r1/one/apply/03-runContainer'];
    expect(operations.filter(({ kind }) => kind.startsWith('restore')).map((one) => one.covers)).toEqual([
      covers,
      covers,
    ]);
  });

  it('is not taken back by half, and the message names both halves', () => {
    const journal = told('one', backup('db'), command('store:db', 'volume:data', 'volume:more'));
    expect(() => journal.plan('baseline', data)).toThrow(
      expect.objectContaining({
        name: 'PreconditionFailed',
        message:
          'one/apply/02-runContainer may have written to store:db, which is restored, and to volume:data, volume:more, which is not',
        hint: expect.stringContaining('without --restore-data'),
      }),
    );
    expect(undone(journal.plan('baseline'))).toEqual(['r1/one/apply/02-runContainer']);
  });

  it('goes with the restore of one where an earlier one took it out of the other', () => {
    const journal = told('one', backup('db'), both);
    const elsewhere = planOf('x', backupVolume).phases[0]!.stages[0]!.operations[0]!;
    // A point of the volume from before the command, known to the journal.
    journal.state.points.set('old/data', { resource: 'volume:data', operations: new Set() });
    const restore = { id: 'v', kind: 'restoreVolume', phase: '', input: { volume: 'data', point: 'old/data' } };
    journal.perform('restore-1', { ...elsewhere, ...restore } as never);
    const { kept, operations } = journal.plan('baseline', data);
    expect(kept.map(({ why }) => why)).toEqual([
      'store:db is restored from its recovery point, which takes this back too',
    ]);
    expect(undone({ operations })).toEqual([]);
  });
});

describe('what changed beside a database that is restored', () => {
  const roles: Outline['operations'][number] = { ...sql(), effects: writes('store:db', 'server:db') };
  const why = (...operations: Outline['operations']) =>
    told('one', ...operations)
      .plan('baseline', data)
      .kept.map((one) => one.why)
      .join('\n');

  it('stays, unless the point is a copy of that very server', () => {
    expect(why(backup('db'), roles)).toContain('stays changed');
    expect(why(backup('db', 'physical'), roles)).not.toContain('stays changed');
    // A copy of another server says nothing of this one.
    expect(why(backup('other', 'physical'), backup('db'), roles)).toContain('stays changed');
  });

  it('is told only where a restore is asked for', () => {
    const only: Outline['operations'][number] = { ...sql(impossible), effects: writes('server:db') };
    expect(() => told('one', only).plan('baseline')).toThrow('the column is gone');
    expect(why(backup('db'), only)).toContain('stays changed');
  });
});

describe('services that an earlier rollback has stopped', () => {
  /** A rollback with a restore that is given up once it has stopped them. */
  const stopped = () => {
    const journal = told('one', backup('db'), sql());
    journal.rollBack('baseline', data, 1);
    return journal;
  };
  const starts = (journal: ToldJournal) =>
    journal.plan('baseline').operations.filter(({ kind }) => kind === 'startUsers');
  const stop = 'rollback-1/01-stopUsers';
  const operation = (kind: string) =>
    ({ ...planOf('x', checkpoint).phases[0]!.stages[0]!.operations[0]!, id: `x/${kind}`, kind, phase: '' }) as never;

  it('are started again by the next one', () => {
    expect(starts(stopped())).toMatchObject([
      { id: 'rollback-2/01-startUsers', input: { stoppedBy: stop, run: 'back-1' }, phase: 'one', host: 'host-shop' },
    ]);
    expect(starts(stopped())[0]?.input).toStrictEqual({ stoppedBy: stop, run: 'back-1' });
  });

  it.each([
    ['startUsers', undefined, 0],
    ['applyCheckpoint', undefined, 0],
    ['startUsers', 'by-hand', 0],
    ['applyCheckpoint', 'by-hand', 0],
    ['startUsers', 'intended', 1],
    ['startUsers', 'skipped', 1],
    ['switchImage', undefined, 1],
  ] as const)('run after %s (%s): %j starts are left', (kind, how, left) => {
    const journal = stopped();
    journal.perform('later', operation(kind), how);
    expect(starts(journal)).toHaveLength(left);
  });

  it('are not started where it was left out to stop them, or started long before', () => {
    const skipped = told('one', backup('db'), sql());
    skipped.perform('early', operation('startUsers'));
    skipped.rollBack('baseline', data, 1, { stopUsers: 'skipped' });
    expect(starts(skipped)).toEqual([]);
    const early = told('one', backup('db'), sql());
    early.perform('early', operation('startUsers'));
    early.perform('early', operation('applyCheckpoint'));
    early.rollBack('baseline', data, 1);
    expect(starts(early)).toHaveLength(1);
  });

  it('are started by a checkpoint that goes back, whatever that took', () => {
    const journal = told('one', backup('db'), sql(), checkpoint);
    journal.rollBack('baseline', data, 1);
    const { operations } = journal.plan('baseline');
    expect(operations.map(({ kind, always }) => [kind, always])).toEqual([
      ['applyCheckpoint', true],
      ['applySql', undefined],
      ['runChecks', undefined],
    ]);
    const calm = told('one', backup('db'), sql(), checkpoint).plan('baseline').operations;
    expect(calm.every(({ always }) => always === undefined)).toBe(true);
  });
});
