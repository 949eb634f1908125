import { describe, expect, it } from '@jest/globals';
import type { CompiledPlan } from '../../runbook/compiled-plan.ts';
import { describeStanding, standingPhases, workOf, type Sealed } from '../../runbook/same-work.ts';
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

describe('the work of a phase', () => {
  type Steps = Parameters<typeof outlinedPlan>[2][number]['operations'];
  const work = (operations: Steps, more: Partial<CompiledPlan> = {}, digests: Record<string, string> = {}) => {
    const plan = { ...outlinedPlan('shop', '/stack', [{ id: 'one', operations }]), ...more };
    return workOf(plan.phases[0]!, { plan, files: digests } satisfies Sealed);
  };
  const sql = (store: string) => ({ stage: 'apply', kind: 'applySql', input: { store } }) as const;
  const check = { stage: 'verify', kind: 'runChecks' } as const;
  const backup = { stage: 'backup', kind: 'backupStore', input: { store: 'db', point: 'p' } } as const;

  it('is its effects in order: not what it looks at, waits for or keeps beside them', () => {
    expect(work([backup, sql('db'), check])).toBe(work([sql('db')]));
    expect(work([sql('db'), sql('other')])).not.toBe(work([sql('other'), sql('db')]));
    expect(work([{ ...sql('db'), stage: 'cutover' }])).not.toBe(work([sql('db')]));
    expect(work([{ ...sql('db'), kind: 'runContainer' }])).not.toBe(work([sql('db')]));
  });

  it('is what it keeps where that is all that it does', () => {
    expect(work([backup, check])).toBe(work([backup]));
    expect(work([backup])).not.toBe(work([{ ...backup, input: { store: 'db', point: 'q' } }]));
    expect(work([check])).toBe('[]');
  });

  it('is done with the contents of its files, wherever they are named', () => {
    const deep = (path: string) => [{ ...sql('db'), input: { list: [{ path }, null, 7], store: 'db' } }];
    expect(work(deep('a.sql'), {}, { 'a.sql': '1' })).not.toBe(work(deep('a.sql'), {}, { 'a.sql': '2' }));
    expect(work(deep('a.sql'), {}, { 'a.sql': '1' })).not.toBe(work(deep('b.sql'), {}, { 'b.sql': '1' }));
    expect(work(deep('a.sql'), {}, { 'other.sql': '1' })).toBe(work(deep('a.sql')));
    expect(JSON.parse(work(deep('a.sql')))).toMatchObject([{ input: { list: [{ path: 'a.sql' }, null, 7] } }]);
    // A name that every object has is no file.
    expect(work(deep('toString'))).toContain('"toString"');
  });

  it('is done to the databases that its stores are: another password is no other place', () => {
    const stores = (more: object) => ({ stores: { db: { kind: 'postgres', url: 'u', ...more } } }) as never;
    const at = (more: object) => work([sql('db')], stores(more));
    expect(at({ password: 'a' })).toBe(at({ password: 'b' }));
    for (const more of [{ url: 'v' }, { service: 's' }, { database: 'd' }]) expect(at(more)).not.toBe(at({}));
    expect(work([{ ...sql('db'), input: {} }], stores({}))).not.toContain('"at"');
    expect(work([sql('unknown')], stores({}))).not.toContain('"at"');
  });
});

describe('what is said of phases that stand', () => {
  const told = () => {
    const journal = new ToldJournal();
    journal.run('r0', { ...upgrade('march'), phases: prove('march').phases });
    journal.run('r1', upgrade('march'));
    return journal;
  };
  const standing = (next: CompiledPlan, sealedOf?: (run: string) => Sealed | undefined, journal = told()) =>
    standingPhases(
      { plan: next, files },
      journal.state,
      sealedOf ?? ((run) => ({ plan: journal.plans.get(run)!, files })),
    );
  const thrown = (next: CompiledPlan) => {
    try {
      return standing(next);
    } catch (error) {
      return error;
    }
  };

  it('is which run did it, by which plan', () => {
    const another = standing(upgrade('june', 'r3.yml'));
    expect(another).toEqual([{ phase: 'upgrade', run: 'r1', plan: 'march', verdict: 'another' }]);
    expect(describeStanding(another[0]!)).toBe(
      'phase upgrade is carried out: what run r1 did under that id belongs to plan march, and stands below it',
    );
    expect(standing(upgrade('march'))).toEqual([{ phase: 'upgrade', run: 'r1', plan: 'march', verdict: 'complete' }]);
  });

  it('is why it is refused, and the way out', () => {
    expect(thrown(upgrade('march', 'r3.yml'))).toMatchObject({
      ...{ name: 'Conflict', hint: expect.stringContaining('take it back first: `switchback rollback`') },
      facts: { phase: 'upgrade', run: 'r1' },
    });
    expect(thrown(upgrade('spring'))).toMatchObject({
      ...{ name: 'Conflict', hint: expect.stringContaining('If spring is a new name of march') },
      facts: { phase: 'upgrade', run: 'r1' },
    });
  });

  it('goes by the plan of its own name, also below another one', () => {
    const journal = told();
    journal.run('r2', upgrade('june', 'r3.yml'));
    expect(standing(upgrade('march'), undefined, journal)).toMatchObject([{ run: 'r1', verdict: 'complete' }]);
    expect(standing(upgrade('july', 'r4.yml'), undefined, journal)).toMatchObject([{ run: 'r2', verdict: 'another' }]);
  });

  it('is never that it is the same where nobody has the plan that did it, or that plan has no such phase', () => {
    expect(() => standing(upgrade('march'), () => undefined)).toThrow('with other work');
    expect(() => standing(upgrade('march'), () => ({ plan: prove('march'), files }))).toThrow('with other work');
    expect(standing(upgrade('june'), () => undefined)).toMatchObject([{ verdict: 'another' }]);
  });

  it('is nothing of phases of other ids', () => {
    expect(standing({ ...upgrade('march'), phases: [] })).toEqual([]);
    expect(standing(prove('march')).map(({ run }) => run)).toEqual(['r0']);
  });
});
