import { describe, expect, it } from '@jest/globals';
import type { CompiledPlan } from '../../runbook/compiled-plan.ts';
import type { Operation, Undo } from '../../runbook/operations.ts';
import { outlinedPlan } from '../workflows/compiled-plan.ts';
import { ToldJournal } from './told-journal.ts';

const undoSql: Undo = {
  by: 'operation',
  summary: 'run the undo',
  lossy: false,
  kind: 'applySql',
  input: { store: 'db', source: { digest: 'd' }, transactional: true, expand: false },
  effects: [],
};
const outlined = outlinedPlan(
  'shop',
  '/stack',
  ['one', 'two', 'three'].map((id) => ({
    id,
    operations: [
      { stage: 'backup', kind: 'backupStore', input: { store: 'db', point: `${id}-db` } },
      { stage: 'apply', kind: 'applySql', input: { store: 'db' }, undo: undoSql },
      { stage: 'cutover', kind: 'applyCheckpoint' },
    ],
  })),
);
/** SQL on the database's host, the rest on that of the application; the journal is at home. */
const hostOf = ({ kind }: Operation) => (kind === 'applyCheckpoint' ? 'app-host' : 'db-host');
const plan: CompiledPlan = {
  ...outlined,
  homeHost: 'home-host',
  phases: outlined.phases.map((phase) => ({
    ...phase,
    stages: phase.stages.map((stage) => ({
      ...stage,
      operations: stage.operations.map((operation) => ({ ...operation, host: hostOf(operation) })),
    })),
  })),
};
const told = (...phases: string[]) => {
  const journal = new ToldJournal();
  journal.run('r1', plan, phases);
  return journal;
};

describe('a rollback of operations on several hosts', () => {
  it('takes each back on the host where it was done', () => {
    const { operations } = told('one', 'two').plan('baseline');
    const undos = operations.filter(({ undoes }) => undoes !== undefined);
    expect(undos.map(({ kind, host }) => [kind, host])).toEqual([
      ['applyCheckpoint', 'app-host'],
      ['applySql', 'db-host'],
      ['applyCheckpoint', 'app-host'],
      ['applySql', 'db-host'],
    ]);
  });

  it('verifies from the home of the target, where the plan is', () => {
    const { operations } = told('one').plan('baseline');
    expect(operations.at(-1)).toMatchObject({ kind: 'runChecks', host: 'home-host' });
  });
});

describe('the scope of a rollback', () => {
  it.each([
    ['baseline' as const, ['three', 'two', 'one']],
    ['previous' as const, ['three']],
    [{ phase: 'two' }, ['three']],
    [{ phase: 'one' }, ['three', 'two']],
  ])('to %j takes back what came after it, and never that phase too', (to, phases) => {
    const rollback = told('one', 'two', 'three').plan(to);
    expect(rollback.phases.map(({ id }) => id)).toEqual(phases);
    const touched = new Set(rollback.operations.flatMap(({ undoes = [] }) => undoes.map((key) => key.split('/')[1])));
    expect([...touched].sort()).toEqual([...phases].sort());
  });
});
