import { describe, expect, it } from '@jest/globals';
import type { CompiledPlan } from '../../runbook/compiled-plan.ts';
import { standingPhases } from '../../runbook/same-work.ts';
import { outlinedPlan } from '../workflows/compiled-plan.ts';
import { ToldJournal } from './told-journal.ts';

const upgrade = (name: string, compose = 'r2.yml'): CompiledPlan => ({
  ...outlinedPlan('shop', '/stack', [
    {
      id: 'upgrade',
      operations: [
        { stage: 'backup', kind: 'backupVolume', input: { volume: 'data', point: 'upgrade-data', quiesce: 'stop' } },
        { stage: 'cutover', kind: 'applyCheckpoint', input: { checkpoint: 'upgrade', compose: { path: compose } } },
      ],
    },
  ]),
  name,
});
const prove = (name: string, point = 'prove-baseline-data'): CompiledPlan => ({
  ...outlinedPlan('shop', '/stack', [
    {
      id: 'prove-baseline',
      operations: [{ stage: 'backup', kind: 'backupVolume', input: { volume: 'data', point, quiesce: 'stop' } }],
    },
  ]),
  name,
});
const files = { 'r2.yml': '2'.repeat(64), 'r3.yml': '3'.repeat(64) };

/** What stands of a plan after another one, or the same, was completed. */
function after(done: CompiledPlan, next: CompiledPlan, nextFiles: Record<string, string> = files) {
  const told = new ToldJournal();
  told.run('r1', done);
  const sealedOf = (run: string) => ({ plan: told.plans.get(run)!, files });
  return standingPhases({ plan: next, files: nextFiles }, told.state, sealedOf).map(({ verdict }) => verdict);
}

describe('what stands of a plan', () => {
  it('is complete where the same plan did the same work', () => {
    expect(after(upgrade('march'), upgrade('march'))).toEqual(['complete']);
    const better = upgrade('march');
    better.phases[0]!.verify = [{ kind: 'services', count: 9, healthy: true }];
    expect(after(upgrade('march'), better)).toEqual(['complete']);
  });

  it('is other work where another plan has a phase of the same id', () => {
    expect(after(upgrade('march'), upgrade('june', 'r3.yml'))).toEqual(['another']);
  });

  it('is refused where a phase has other steps or files by now, or its plan another name', () => {
    expect(() => after(upgrade('march'), upgrade('march', 'r3.yml'))).toThrow(/upgrade .* with other work, and stands/);
    expect(() => after(upgrade('march'), upgrade('march'), { 'r2.yml': '9'.repeat(64) })).toThrow('with other work');
    expect(() => after(upgrade('march'), upgrade('spring'))).toThrow('is what plan march did in run r1');
  });

  it('is made again where it only keeps data, unless it is the very same', () => {
    expect(after(prove('march'), prove('march'))).toEqual(['complete']);
    expect(after(prove('march'), prove('june'))).toEqual(['another']);
    expect(after(prove('march'), prove('march', 'more'))).toEqual(['another']);
  });

  it('is nothing once it was taken back', () => {
    const told = new ToldJournal();
    told.run('r1', upgrade('march'));
    told.rollBack('baseline');
    expect(standingPhases({ plan: upgrade('march', 'r3.yml'), files }, told.state, () => undefined)).toEqual([]);
  });

  it('is refused where a restore has taken what it did out of the data', () => {
    const backup = { stage: 'backup', kind: 'backupStore', input: { store: 'db', point: 'db' } } as const;
    const sql = { stage: 'apply', kind: 'applySql', input: { store: 'db' } } as const;
    const plan = outlinedPlan('shop', '/stack', [{ id: 'orders', operations: [backup, sql] }]);
    const told = new ToldJournal();
    told.run('r1', plan);
    const standing = () => standingPhases({ plan, files }, told.state, () => ({ plan, files }));
    expect(standing()).toMatchObject([{ phase: 'orders', verdict: 'complete' }]);
    const [first] = plan.phases[0]!.stages[0]!.operations;
    told.perform('restore-1', {
      ...first!,
      id: 'r',
      kind: 'restoreStore',
      phase: '',
      input: { store: 'db', point: 'r1/db' },
    } as never);
    expect(standing).toThrow('a restore has taken orders/apply/02-applySql out of store:db since');
  });
});
