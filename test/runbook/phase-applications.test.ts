import { describe, expect, it } from '@jest/globals';
import type { JournalEntry } from '../../runbook/journal.ts';
import {
  applicationsInPlay,
  completedApplications,
  completedBelow,
  isInPlay,
} from '../../runbook/phase-applications.ts';
import { checkpointBelow } from '../../runbook/rollback.ts';
import type { PhaseState } from '../../runbook/run-state.ts';
import { outlinedPlan } from '../workflows/compiled-plan.ts';
import { ToldJournal } from './told-journal.ts';

const plan = outlinedPlan('shop', '/s', [{ id: 'one', operations: [{ stage: 'cutover', kind: 'applyCheckpoint' }] }]);
const operation = plan.phases[0]!.stages[0]!.operations[0]!;
const enter = (phase: string, state: PhaseState, more: object = {}): JournalEntry => ({
  ...{ type: 'phase-state', phase, ordinal: 1, title: phase, state, ...more },
});
const intent: JournalEntry = { type: 'intent', operation, attempt: 1, undo: operation.undo, facts: {} };
const planned: JournalEntry = {
  ...{ type: 'rollback-planned', rollback: 1, to: 'baseline', operations: 1, reason: 'r', restoreData: false },
};
const undo = { ...operation, id: 'rollback-1/01', stage: 'rollback' } as typeof operation;
const effect: JournalEntry = { ...intent, operation: undo };
const finished: JournalEntry = { type: 'rollback-finished', rollback: 1, phases: [], consistent: true };
/** Tells lines; `RUN:` before a line's phase says of which run it is. */
const after = (...lines: (JournalEntry | [string, JournalEntry])[]) => {
  const journal = new ToldJournal();
  for (const line of lines) {
    const [run, entry] = Array.isArray(line) ? line : (['r1', line] as const);
    journal.write(run, entry);
  }
  return journal.state;
};
const one = (...lines: (JournalEntry | [string, JournalEntry])[]) => after(...lines).applications.get('r1/one');

describe('a phase as a run carried it out', () => {
  it.each<[PhaseState, boolean]>([
    ...([
      ['pending', false],
      ['running', true],
      ['completed', true],
      ['failed', true],
    ] as [PhaseState, boolean][]),
    ...([
      ['rolling-back', true],
      ['rolled-back', false],
      ['skipped', false],
    ] as [PhaseState, boolean][]),
    ['aborted', true],
  ])('that is %s has effects, or may have: %j', (state, inPlay) => {
    expect(isInPlay({ state })).toBe(inPlay);
  });

  it('began with its first operation, or with its first line, whichever came before', () => {
    expect(one(enter('one', 'running'), intent)).toMatchObject({ since: 1, state: 'running' });
    expect(one(intent, enter('one', 'running'))).toMatchObject({ since: 1 });
    expect(one(enter('two', 'running'), intent, enter('one', 'running'))).toMatchObject({ since: 2 });
    // Operations of another run, or of another phase, are none of its own.
    expect(one(['r2', intent], enter('one', 'running'))).toMatchObject({ since: 2 });
    expect(after(intent, enter('two', 'running')).applications.get('r1/two')).toMatchObject({ since: 2 });
  });

  it('says when it was completed and taken back the last time, and why it is as it is', () => {
    const failed = one(enter('one', 'running'), enter('one', 'failed', { reason: 'it broke' }));
    expect(failed).toStrictEqual({
      ...{ id: 'one', run: 'r1', ordinal: 1, title: 'one', state: 'failed', reason: 'it broke', since: 1 },
      changedAt: '2026-01-01T00:00:00Z',
    });
    const done = one(
      enter('one', 'running'),
      enter('one', 'failed', { reason: 'it broke' }),
      enter('one', 'completed'),
    );
    expect(done).toMatchObject({ state: 'completed', completedAt: 3, since: 1 });
    expect(done).not.toHaveProperty('reason');
    const back = one(enter('one', 'completed'), enter('one', 'rolling-back'), enter('one', 'rolled-back'));
    expect(back).toMatchObject({ state: 'rolled-back', completedAt: 1, takenBackAt: 3 });
    expect(back).not.toHaveProperty('stoodAs');
  });

  it('begins once more where it was taken back and runs again, and only there', () => {
    const again = [enter('one', 'completed'), enter('one', 'rolled-back'), enter('one', 'running')];
    expect(one(...again)).toMatchObject({ since: 3, state: 'running' });
    expect(one(enter('one', 'failed'), enter('one', 'running'))).toMatchObject({ since: 1 });
    expect(one(enter('one', 'completed'), enter('one', 'rolled-back'), enter('one', 'completed'))).toMatchObject({
      since: 1,
    });
  });

  it('is meant by its run, or by its id alone in older journals, which means all that stand under it', () => {
    const two = [enter('one', 'completed'), ['r2', enter('one', 'completed')] as [string, JournalEntry]];
    const states = (...lines: (JournalEntry | [string, JournalEntry])[]) =>
      [...after(...two, ...lines).applications].map(([key, { state }]) => `${key} ${state}`);
    expect(states(['r3', enter('one', 'rolled-back', { of: 'r2' })])).toEqual([
      'r1/one completed',
      'r2/one rolled-back',
    ]);
    expect(states(['r3', enter('one', 'rolling-back')])).toEqual(['r1/one rolling-back', 'r2/one rolling-back']);
    expect(states(['r3', enter('one', 'rolled-back')])).toEqual(['r1/one rolled-back', 'r2/one rolled-back']);
    expect(states(['r3', enter('one', 'running')])).toEqual(['r1/one completed', 'r2/one completed', 'r3/one running']);
    expect(states(['r3', enter('two', 'rolled-back')])).toEqual([
      ...['r1/one completed', 'r2/one completed', 'r3/two rolled-back'],
    ]);
  });
});

describe('the order of phases', () => {
  const state = after(
    enter('one', 'completed'),
    ['r2', enter('two', 'failed')],
    ['r3', enter('three', 'completed')],
    ['r4', enter('four', 'skipped')],
  );

  it('is that in which they began', () => {
    expect(applicationsInPlay(state).map(({ id }) => id)).toEqual(['three', 'two', 'one']);
    expect(completedApplications(state).map(({ id }) => id)).toEqual(['one', 'three']);
    expect([1, 2, 3, 4].map((line) => completedBelow(state, line)?.id)).toEqual([undefined, 'one', 'one', 'three']);
  });

  it('by id is that in which they changed', () => {
    const { phases } = after(enter('one', 'completed'), enter('two', 'completed'), enter('one', 'rolled-back'));
    expect([...phases.keys()]).toEqual(['two', 'one']);
  });
});

describe('a rollback that comes to nothing', () => {
  const begun = [enter('one', 'completed'), planned, enter('one', 'rolling-back')];

  it('leaves a phase as it stood, as long as it had no effect', () => {
    expect(one(...begun)).toMatchObject({ state: 'rolling-back', stoodAs: 'completed' });
    expect(one(...begun, finished)).toMatchObject({ state: 'completed' });
    expect(one(...begun, finished)).not.toHaveProperty('stoodAs');
    expect(one(enter('one', 'failed'), planned, enter('one', 'rolling-back'), finished)?.state).toBe('failed');
    // Said twice, it stood as it did before the first time.
    expect(one(...begun, enter('one', 'rolling-back'), finished)?.state).toBe('completed');
    // Other phases are as they are.
    expect(one(...begun, enter('one', 'rolled-back'), finished)?.state).toBe('rolled-back');
    expect(after(...begun, enter('two', 'running'), finished).applications.get('r1/two')?.state).toBe('running');
  });

  it('leaves it half back once it had one, also for the rollbacks that follow', () => {
    expect(one(...begun, effect)).not.toHaveProperty('stoodAs');
    expect(one(...begun, effect, finished)?.state).toBe('rolling-back');
    // What is said to go back only after the first effect may be touched as well.
    expect(one(enter('one', 'completed'), planned, effect, enter('one', 'rolling-back'), finished)?.state).toBe(
      'rolling-back',
    );
    expect(one(...begun, effect, finished, planned, enter('one', 'rolling-back'), finished)?.state).toBe(
      'rolling-back',
    );
    // A later one that touches nothing says so of itself alone.
    const later = [enter('two', 'completed'), planned, enter('two', 'rolling-back'), finished];
    expect(after(...begun, effect, finished, ...later).applications.get('r1/two')?.state).toBe('completed');
  });
});

describe('the baseline once nothing stands', () => {
  it('is that of the oldest phase that went back', () => {
    const baseline = (...lines: (JournalEntry | [string, JournalEntry])[]) => after(...lines).baselineRun;
    const back = (run: string, phase: string): [string, JournalEntry] => [
      'b',
      enter(phase, 'rolled-back', { of: run }),
    ];
    const two = [enter('one', 'completed'), ['r2', enter('two', 'completed')] as [string, JournalEntry]];
    expect(baseline(...two)).toBeUndefined();
    expect(baseline(...two, back('r2', 'two'))).toBeUndefined();
    expect(baseline(...two, back('r2', 'two'), back('r1', 'one'))).toBe('r1');
    // The older one may go back first: what is newer says nothing of the baseline.
    expect(baseline(...two, back('r1', 'one'))).toBe('r1');
    const state = after(...two, back('r2', 'two'), back('r1', 'one'));
    expect(checkpointBelow(99, state, plan)).toMatchObject({ name: 'baseline', run: 'r1' });
  });
});
