import { describe, expect, it } from '@jest/globals';
import type { Effect, Undo } from '../../runbook/operations.ts';
import { changedBeside, isBesideDatabase, serverOf, staysBeside } from '../../runbook/beside-database.ts';
import { outlinedPlan } from '../workflows/compiled-plan.ts';
import { ToldJournal } from './told-journal.ts';

const undone: Undo = {
  by: 'operation',
  summary: 'drop the role',
  lossy: false,
  kind: 'applySql',
  input: { store: 'db', source: { digest: 'd' }, transactional: true, expand: false },
  effects: [],
};
const impossible: Undo = { by: 'impossible', summary: 'cannot be taken back', cause: 'it has no undo' };
const server: Effect = { resource: 'server:db', change: 'update' };
const inside: Effect = { resource: 'store:db', change: 'update' };

function rollback(effects: Effect[], undo: Undo, method?: 'physical') {
  const outlined = outlinedPlan('shop', '/stack', [
    {
      id: 'one',
      operations: [
        { stage: 'backup', kind: 'backupStore', input: { store: 'db', point: 'one-db', ...(method && { method }) } },
        { stage: 'apply', kind: 'applySql', input: { store: 'db' }, undo },
        { stage: 'cutover', kind: 'applyCheckpoint' },
      ],
    },
  ]);
  const phases = outlined.phases.map((phase) => ({
    ...phase,
    stages: phase.stages.map((stage) => ({
      ...stage,
      operations: stage.operations.map((each) => (each.kind === 'applySql' ? { ...each, effects } : each)),
    })),
  }));
  const told = new ToldJournal();
  told.run('r1', { ...outlined, phases });
  const plan = told.plan('baseline', { restoreData: true });
  return { kinds: plan.operations.map(({ kind }) => kind), why: plan.kept.map(({ why }) => why).join('\n') };
}

describe('[K7] what SQL changes beside the database, when the database is restored', () => {
  it('is taken back by its undo, where there is nothing else to it', () => {
    const { kinds, why } = rollback([server], undone);
    expect(kinds).toContain('applySql');
    expect(why).not.toContain('takes this back too');
  });

  it('is said to stay where it has no undo', () => {
    const { kinds, why } = rollback([server], impossible);
    expect(kinds).not.toContain('applySql');
    expect(why).toContain('in the server this stays changed: roles, memberships or settings');
  });

  it('is said to stay where the rest of the step goes with the restore', () => {
    const { kinds, why } = rollback([inside, server], undone);
    expect(kinds).not.toContain('applySql');
    expect(why).toMatch(/takes this back too; in the server this stays changed/);
  });

  it('goes with a restore of the whole server', () => {
    expect(rollback([inside, server], undone, 'physical').why).not.toContain('stays changed');
    expect(rollback([inside], undone).why).not.toContain('stays changed');
  });
});

describe('what lies beside a database', () => {
  const record = (effects: Effect[], globals?: unknown) =>
    ({ operation: { effects }, ...(globals === undefined ? {} : { receipt: { facts: { globals } } }) }) as never;

  it('is named by the receipt, and otherwise only known to be there', () => {
    expect(serverOf('db')).toBe('server:db');
    expect(changedBeside(record([inside, server]))).toEqual(['roles, memberships or settings']);
    expect(changedBeside(record([inside]))).toEqual([]);
    expect(changedBeside(record([server], ['role a', 7, 'role b']))).toEqual(['role a', 'role b']);
    expect(changedBeside(record([server], []))).toEqual([]);
    expect(changedBeside(record([server], 'role a'))).toEqual(['roles, memberships or settings']);
    expect(staysBeside(['role a', 'role b'])).toContain('stays changed: role a, role b;');
  });

  it('is all that a step changes only where it changes nothing else', () => {
    const is = (effects: Effect[]) => isBesideDatabase({ effects });
    expect([is([server]), is([server, inside]), is([inside]), is([])]).toEqual([true, false, false, false]);
  });
});
