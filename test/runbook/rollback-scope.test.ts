import { describe, expect, it } from '@jest/globals';
import { checkpointBelow, phasesToTakeBack, planNameOf, runsInPlay } from '../../runbook/rollback-scope.ts';
import { emptyTargetState } from '../../runbook/target-state.ts';
import { outlinedPlan, type Outline } from '../workflows/compiled-plan.ts';
import { ToldJournal } from './told-journal.ts';
import { lossySql } from './undos.ts';

const checkpoint: Outline['operations'][number] = { stage: 'cutover', kind: 'applyCheckpoint' };
const planOf = (name: string, ...ids: string[]) => ({
  ...outlinedPlan(
    'shop',
    '/s',
    ids.map((id) => ({ id, operations: [checkpoint] })),
  ),
  ...{ name, homeHost: `home-of-${name}` },
});
const check = (url: string) => ({ kind: 'http' as const, url, status: 200, underMs: 1 });

describe('the phase that a rollback goes back to', () => {
  it('is refused where it is not completed, with those that are', () => {
    const journal = new ToldJournal();
    journal.run('r1', planOf('a', 'one', 'two'));
    journal.seal('r2', planOf('b', 'three'));
    journal.phase('r2', 'three', {}, 'failed');
    const refusal = (phase: string) => ({
      ...{ name: 'PreconditionFailed', message: `phase ${phase} is not a completed phase of this target` },
      hint: 'Completed phases: two, one.',
    });
    for (const phase of ['nowhere', 'three', 'r2/three', 'b/one', 'r2/one', ''])
      expect(() => phasesToTakeBack(journal.state, { phase })).toThrow(expect.objectContaining(refusal(phase)));
    for (const phase of ['one', 'r1/one', 'a/one'])
      expect(phasesToTakeBack(journal.state, { phase }).map(({ id }) => id)).toEqual(['three', 'two']);
  });

  it('is refused where there is none', () => {
    expect(() => phasesToTakeBack(emptyTargetState(), { phase: 'one' })).toThrow(
      expect.objectContaining({ hint: 'Completed phases: none.' }),
    );
    expect(phasesToTakeBack(emptyTargetState(), 'previous')).toEqual([]);
    expect(phasesToTakeBack(emptyTargetState(), 'baseline')).toEqual([]);
  });

  it('is asked for where it may be one of two, with words that tell them apart', () => {
    const journal = new ToldJournal();
    journal.run('r1', planOf('a', 'one'));
    journal.run('r2', planOf('b', 'one'));
    expect(() => phasesToTakeBack(journal.state, { phase: 'one' })).toThrow(
      expect.objectContaining({
        name: 'PreconditionFailed',
        message: 'phase one was completed more than once: r2/one (plan b), r1/one (plan a)',
        hint: 'Say which one, newest first: `--to r2/one`.',
      }),
    );
  });
});

describe('the checkpoint below a line', () => {
  it('is the newest phase that was completed before it, by the checks of its own plan', () => {
    const journal = new ToldJournal();
    const own = planOf('a', 'one', 'two');
    own.phases[0]!.verify = [check('http://one')];
    journal.run('r1', own);
    const now = planOf('now', 'one');
    const second = [...journal.state.applications.values()][1]!;
    const planned = (run: string) => journal.plans.get(run);
    const expected = { plan: 'a', run: 'r1', homeHost: 'home-of-a' };
    expect(checkpointBelow(second.since, journal.state, now, planned)).toStrictEqual({
      ...{ name: 'one', ...expected, checks: [check('http://one')] },
    });
    expect(checkpointBelow(second.since + 1, journal.state, now, planned)).toStrictEqual({
      ...{ name: 'two', ...expected, checks: [] },
    });
    // Where nobody has the plan of that run, the one that is followed now stands for it.
    expect(checkpointBelow(second.since, journal.state, now)).toStrictEqual({
      ...{ name: 'one', plan: 'now', run: 'r1', homeHost: 'home-of-now', checks: [] },
    });
    expect(checkpointBelow(second.since + 1, journal.state, now)).toMatchObject({ name: 'two', checks: [] });
  });

  it('is the baseline of the oldest plan that stands, then of the last that went back, then of the newest run', () => {
    const now = planOf('now');
    now.baseline.verify = [check('http://now')];
    expect(checkpointBelow(0, emptyTargetState(), now)).toStrictEqual({
      ...{ name: 'baseline', plan: 'now', homeHost: 'home-of-now', checks: [check('http://now')] },
    });
    const journal = new ToldJournal();
    const baseline = () => checkpointBelow(0, journal.state, now, (run) => journal.plans.get(run)).run;
    journal.seal('r0', planOf('z', 'zero'));
    journal.seal('r1', planOf('a', 'one'));
    expect(baseline()).toBe('r1');
    journal.phase('r1', 'one');
    journal.run('r2', planOf('b', 'two'));
    journal.run('r3', planOf('c', 'three'));
    expect(baseline()).toBe('r1');
    journal.rollBack('baseline');
    expect(baseline()).toBe('r1');
    const sealed = new ToldJournal();
    for (const run of ['r1', 'r2', 'r3']) sealed.seal(run, planOf('a', 'one'));
    expect(checkpointBelow(0, sealed.state, now).run).toBe('r3');
  });
});

describe('what is known of plans', () => {
  it('is their name, or that nobody knows it', () => {
    const journal = new ToldJournal();
    journal.seal('r1', planOf('a', 'one'));
    journal.seal('r1', planOf('edited', 'one'));
    expect(planNameOf(journal.state, 'r1')).toBe('edited');
    expect(planNameOf(journal.state, 'r9')).toBe('unknown');
  });

  it('is needed of the runs whose phases stand, whose effects stand, and of the baseline, each once', () => {
    expect(runsInPlay(emptyTargetState())).toEqual([]);
    const journal = new ToldJournal();
    journal.run(
      'r0',
      outlinedPlan('shop', '/s', [{ id: 'zero', operations: [{ stage: 'apply', kind: 'runChecks' }] }]),
    );
    expect(runsInPlay(journal.state)).toEqual(['r0']);
    journal.rollBack('baseline');
    const kept = { stage: 'apply', kind: 'applySql', input: { store: 'db' }, undo: lossySql } as const;
    journal.run('r1', outlinedPlan('shop', '/s', [{ id: 'one', operations: [kept] }]));
    journal.rollBack('baseline');
    journal.run('r2', planOf('b', 'two'));
    journal.run('r3', planOf('c', 'three'));
    // `zero` left nothing, `one` its SQL.
    expect(runsInPlay(journal.state)).toEqual(['r3', 'r2', 'r1']);
    journal.rollBack('baseline');
    expect(runsInPlay(journal.state)).toEqual(['r1', 'r2']);
    // A task's operation stands, and is of no run.
    journal.perform('task', { ...planOf('x', 'x').phases[0]!.stages[0]!.operations[0]!, phase: '' });
    expect(runsInPlay(journal.state)).toEqual(['r1', 'r2']);
  });
});
