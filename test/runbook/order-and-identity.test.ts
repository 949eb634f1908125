import { describe, expect, it } from '@jest/globals';
import type { CompiledPlan } from '../../runbook/compiled-plan.ts';
import type { Undo } from '../../runbook/operations.ts';
import { checkpointBelow } from '../../runbook/rollback.ts';
import { completedPhases } from '../../runbook/target-state.ts';
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
const of = (name: string, ...phases: string[]): CompiledPlan => {
  const plan = outlinedPlan(
    'shop',
    '/stack',
    phases.map((id) => ({
      id,
      operations: [
        { stage: 'backup', kind: 'backupStore', input: { store: 'db', point: `${id}-db` } },
        { stage: 'apply', kind: 'applySql', input: { store: 'db' }, undo: undoSql },
        { stage: 'cutover', kind: 'applyCheckpoint' },
      ],
    })),
  );
  const check = (url: string) => ({ kind: 'http' as const, url, status: 200, underMs: 1 });
  return {
    ...plan,
    name,
    baseline: { ...plan.baseline, verify: [check(`http://${name}/baseline`)] },
    phases: plan.phases.map((phase) => ({ ...phase, verify: [check(`http://${name}/${phase.id}`)] })),
  };
};
const taken = (plan: { operations: readonly { undoes?: string[] }[] }) =>
  plan.operations.flatMap(({ undoes = [] }) => undoes);
const verified = (plan: { operations: readonly { kind: string; input: unknown; of?: string }[] }) =>
  plan.operations
    .filter(({ kind }) => kind === 'runChecks')
    .map(({ input, of: run }) => [run, (input as { checks: { url: string }[] }).checks[0]?.url]);

describe('phases of several plans', () => {
  const two = () => {
    const told = new ToldJournal();
    told.run('r1', of('a', 'to-r2', 'to-r3'));
    told.run('r2', of('b', 'to-r4'));
    return told;
  };

  it('[K6] go back in the order in which they were carried out, to the checkpoint and by the checks of their own plans', () => {
    const told = two();
    const rollback = told.plan('previous');
    expect(rollback).toMatchObject({ to: 'to-r3', of: { plan: 'a', run: 'r1' }, phases: [{ id: 'to-r4', run: 'r2' }] });
    expect(taken(rollback).every((key) => key.startsWith('r2/'))).toBe(true);
    expect(verified(rollback)).toEqual([['r1', 'http://a/to-r3']]);
    told.rollBack('previous');
    expect(told.plan('previous')).toMatchObject({ to: 'to-r2', phases: [{ id: 'to-r3', run: 'r1' }] });
  });

  it('[K7] all go back to the baseline of the plan that the oldest of them was of', () => {
    const rollback = two().plan('baseline');
    expect(rollback.phases.map(({ id }) => id)).toEqual(['to-r4', 'to-r3', 'to-r2']);
    expect(rollback).toMatchObject({ to: 'baseline', of: { plan: 'a', run: 'r1' }, scope: 'full' });
    expect(verified(rollback)).toEqual([['r1', 'http://a/baseline']]);
  });

  it('a rollback to a phase leaves that phase alone, with all that is below it', () => {
    const rollback = two().plan({ phase: 'to-r2' });
    expect(rollback.phases.map(({ id }) => id)).toEqual(['to-r4', 'to-r3']);
    expect(taken(rollback).filter((key) => key.includes('/to-r2/'))).toEqual([]);
    expect(rollback.to).toBe('to-r2');
  });

  it('are told apart where they share an id, and what is meant is asked', () => {
    const told = new ToldJournal();
    told.run('r1', of('march', 'upgrade'));
    told.run('r2', of('june', 'upgrade'));
    told.run('r3', of('july', 'other'));
    expect(() => told.plan({ phase: 'upgrade' })).toThrow(/r2\/upgrade \(plan june\), r1\/upgrade \(plan march\)/);
    expect(told.plan({ phase: 'r1/upgrade' }).phases.map(({ run }) => run)).toEqual(['r3', 'r2']);
    expect(told.plan({ phase: 'june/upgrade' }).phases.map(({ run }) => run)).toEqual(['r3']);
    told.rollBack('previous');
    expect(told.rollBack('previous')).toMatchObject({ to: 'upgrade', of: { run: 'r1' }, phases: [{ run: 'r2' }] });
    expect(completedPhases(told.state).map(({ run }) => run)).toEqual(['r1']);
  });

  it('that were left out at first and ran over their successors are the newest, whatever their place', () => {
    const told = new ToldJournal();
    const plan = of('a', 'one', 'two', 'three');
    told.run('r1', plan, ['one', 'three']);
    told.run('r2', plan, ['two']);
    expect(checkpointBelow(Infinity, told.state, plan)).toMatchObject({ name: 'two', run: 'r2' });
    expect(told.plan('previous')).toMatchObject({ to: 'three', phases: [{ id: 'two' }] });
    expect(told.plan({ phase: 'one' }).phases.map(({ id }) => id)).toEqual(['two', 'three']);
  });

  it('that failed above a checkpoint go back with what came after them', () => {
    const told = new ToldJournal();
    told.run('r1', of('a', 'one'));
    told.seal('r2', of('b', 'broken'));
    told.phase('r2', 'broken', {}, 'failed');
    told.run('r3', of('c', 'three'));
    expect(told.plan('previous')).toMatchObject({ to: 'one', phases: [{ id: 'three' }, { id: 'broken' }] });
  });

  it('name the baseline by the last that went back once nothing stands', () => {
    const told = two();
    told.rollBack('baseline');
    const planOf = (run: string) => told.plans.get(run);
    expect(checkpointBelow(Infinity, told.state, of('b', 'to-r4'), planOf)).toMatchObject({
      name: 'baseline',
      plan: 'a',
    });
  });

  it('of older journals, which name them by their ids alone, are taken back under all runs that did them', () => {
    const told = new ToldJournal();
    told.seal('r1', of('a', 'one'));
    told.phase('r1', 'one', {}, 'failed');
    told.run('r2', of('a', 'one'));
    for (const state of ['rolling-back', 'rolled-back'] as const)
      told.write('r3', { type: 'phase-state', phase: 'one', ordinal: 1, title: '', state });
    expect(() => told.plan('baseline')).toThrow('nothing to roll back');
  });
});

describe('operations of a rollback', () => {
  it('are never taken back: not by what they restored, and not by what they stopped', () => {
    const told = new ToldJournal();
    told.run('r1', of('a', 'one'));
    told.rollBack('baseline', { restoreData: true });
    told.run('r2', of('a', 'one'));
    const keys = taken(told.plan('baseline', { discardData: true }));
    expect(keys.length).toBeGreaterThan(0);
    expect(keys.every((key) => key.startsWith('r2/'))).toBe(true);
  });

  it('run on the host of what they take back, and by its plan', () => {
    const told = new ToldJournal();
    const plan = of('a', 'one');
    const stages = plan.phases[0]!.stages.map((stage) => ({
      ...stage,
      operations: stage.operations.map((operation) => ({ ...operation, host: `host-of-${operation.kind}` })),
    }));
    told.run('r1', { ...plan, phases: [{ ...plan.phases[0]!, stages }] });
    const { operations } = told.plan('baseline', { restoreData: true });
    expect(operations.map(({ kind, host, of: run }) => [kind, host, run])).toEqual([
      ['stopUsers', 'host-of-backupStore', 'r1'],
      ['restoreStore', 'host-of-backupStore', 'r1'],
      ['applyCheckpoint', 'host-of-applyCheckpoint', 'r1'],
      ['runChecks', plan.homeHost, 'r1'],
    ]);
  });
});
