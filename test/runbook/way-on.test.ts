import { describe, expect, it } from '@jest/globals';
import type { GoingBack } from '../../runbook/going-back.ts';
import type { JournalEntry } from '../../runbook/journal.ts';
import type { Operation } from '../../runbook/operations.ts';
import { applyRecord, emptyTargetState } from '../../runbook/target-state.ts';
import { objectionToForward, wayOn } from '../../runbook/way-on.ts';

const sealed: JournalEntry = {
  ...{ type: 'run-sealed', plan: 'p', planDigest: 'd', manifest: 'm', phases: ['one', 'two'], operator: 'ada' },
};
const goingBack: GoingBack = {
  request: { to: 'previous', restoreData: true, discardData: true },
  ...{ reason: 'too slow', by: 'ada', detectedAt: '2026-01-01T00:00:00Z', decidedAt: '2026-01-01T00:00:01Z' },
};
const asked: JournalEntry = { type: 'decision', command: 'rollback', by: 'ada', reason: 'too slow', goingBack };
const planned = (more: object = {}): JournalEntry => ({
  ...{ type: 'rollback-planned', rollback: 1, to: 'one', operations: 2, reason: 'too slow', restoreData: true },
  ...more,
});
const phase = (id: string, state: 'completed' | 'rolling-back' | 'rolled-back'): JournalEntry => ({
  ...{ type: 'phase-state', phase: id, ordinal: 2, title: id, state },
});
const finished = (more: object = {}): JournalEntry => ({
  ...{ type: 'rollback-finished', rollback: 1, phases: ['two'], consistent: true },
  ...more,
});

function after(...entries: JournalEntry[]) {
  const state = emptyTargetState();
  for (const entry of entries) {
    applyRecord(state, { seq: state.seq + 1, at: '2026-01-01T00:00:00Z', run: 'r1', epoch: 1, ...entry });
  }
  return { state, run: state.runs.at(-1)! };
}
const wayAfter = (...entries: JournalEntry[]) => {
  const { state, run } = after(...entries);
  return wayOn(state, run);
};

describe('a run goes on', () => {
  it('forward, without the phases that were left out at its start and since', () => {
    const without = { ...sealed, without: ['analytics'] } as JournalEntry;
    expect(wayAfter(without, { type: 'run-state', state: 'running', without: ['search', 'analytics'] })).toEqual({
      way: 'forward',
      without: ['analytics', 'search'],
    });
    expect(wayAfter(sealed)).toEqual({ way: 'forward', without: [] });
  });

  it('back as it was asked, also while nothing is planned, and by the newest word', () => {
    expect(wayAfter(sealed, asked)).toEqual({ way: 'back', goingBack });
    expect(wayAfter(sealed, { type: 'run-state', state: 'rolling-back', goingBack })).toEqual({
      way: 'back',
      goingBack,
    });
    const further: GoingBack = { ...goingBack, request: { to: 'baseline', restoreData: false, discardData: false } };
    expect(wayAfter(sealed, asked, { ...asked, goingBack: further })).toEqual({
      way: 'back',
      goingBack: further,
    });
  });

  it('back to where it was planned: the phase before is not taken back as well', () => {
    const way = wayAfter(sealed, asked, planned({ phases: ['two'] }), phase('two', 'rolling-back'));
    expect(way).toEqual({
      way: 'back',
      goingBack: { ...goingBack, request: { to: { phase: 'one' }, restoreData: true, discardData: true } },
    });
  });

  it('to its end, where all is back: not forward', () => {
    const end = { way: 'end', state: 'rolled-back', reason: 'too slow' };
    const phases = ['two'];
    expect(wayAfter(sealed, asked, planned(), phase('two', 'rolled-back'), finished())).toEqual(end);
    // Killed between the two lines.
    expect(wayAfter(sealed, asked, planned({ phases }), phase('two', 'rolled-back'))).toEqual(end);
  });

  it('to its end, where the rollback was given up: the run is not back', () => {
    const gaveUp = finished({ consistent: false, gaveUp: 'ada: enough' });
    expect(wayAfter(sealed, asked, planned(), phase('two', 'rolling-back'), gaveUp)).toEqual({
      ...{ way: 'end', state: 'aborted', reason: 'rollback given up: ada: enough' },
    });
    expect(wayAfter(sealed, planned(), phase('two', 'rolling-back'), finished({ consistent: false }))).toMatchObject({
      state: 'aborted',
    });
  });

  it('back by an older journal, which says where it was planned to', () => {
    expect(wayAfter(sealed, planned({ to: 'baseline' }))).toMatchObject({
      ...{ way: 'back', goingBack: { request: { to: 'baseline', restoreData: true, discardData: false } } },
    });
  });

  it('back by an older journal with when and by whom, as far as that is known', () => {
    const at = '2026-01-01T00:00:00Z';
    expect(wayAfter(sealed, planned())).toEqual({
      way: 'back',
      goingBack: {
        request: { to: { phase: 'one' }, restoreData: true, discardData: false },
        ...{ reason: 'too slow', by: 'the journal', detectedAt: at, decidedAt: at },
      },
    });
  });

  it('back while one of its phases is not', () => {
    const back = planned({ phases: ['one', 'two'] });
    expect(wayAfter(sealed, back, phase('two', 'rolled-back'))).toMatchObject({ way: 'back' });
    expect(wayAfter(sealed, back, phase('two', 'rolled-back'), phase('one', 'rolled-back'))).toMatchObject({
      way: 'end',
    });
  });

  it('nowhere where an older journal does not say how far back', () => {
    for (const state of ['rolling-back', 'rollback-paused'] as const)
      expect(() => wayAfter(sealed, { type: 'run-state', state })).toThrow(
        expect.objectContaining({
          ...{ name: 'PreconditionFailed', message: expect.stringContaining('does not say how far') },
          hint: expect.stringContaining('--to baseline'),
        }),
      );
  });

  it('as the newest line that says it: the word, the plan, and how that ended', () => {
    const { run } = after(sealed, asked, planned({ goingBack: { ...goingBack, by: 'bob' } }), finished({ phases: [] }));
    expect(run).toMatchObject({ goingBack: { by: 'bob' }, rollback: { ordinal: 1, to: 'one', phases: [], ended: {} } });
    expect(run.rollback?.ended).toStrictEqual({});
    // The end of another rollback says nothing of this one, and neither does one that was never planned.
    const other = after(sealed, planned(), finished({ rollback: 2, phases: ['two'] })).run;
    expect(other.rollback).not.toHaveProperty('ended');
    expect(other.rollback).not.toHaveProperty('phases');
    expect(after(sealed, finished()).run).not.toHaveProperty('rollback');
    // A decision without a way back, or a state without one, takes none away.
    const kept = after(
      sealed,
      asked,
      { type: 'decision', command: 'pause', by: 'x' },
      { type: 'run-state', state: 'paused' },
    );
    expect(kept.run.goingBack).toEqual(goingBack);
  });
});

describe('an operation that goes forward', () => {
  const operation = {
    ...{ id: 'two/cutover/01-applyCheckpoint', kind: 'applyCheckpoint', version: 1, phase: 'two', stage: 'cutover' },
    ...{ host: 'h', summary: 's', input: {}, effects: [], undo: { by: 'nothing', summary: '' }, timeoutSeconds: 1 },
  } as unknown as Operation;
  const undo = { ...operation, id: 'rollback-1/01', stage: 'rollback', undoes: [`r1/${operation.id}`] } as Operation;
  const intent = (of: Operation): JournalEntry => ({
    ...{ type: 'intent', operation: of, attempt: 1, undo: of.undo, facts: {} },
  });
  const objection = (of: Operation, ...entries: JournalEntry[]) =>
    objectionToForward(after(sealed, ...entries).state, 'r1', of)?.message;

  it('is performed while its run goes forward, also once more', () => {
    expect(objection(operation)).toBeUndefined();
    expect(objection(operation, intent(operation))).toBeUndefined();
  });

  it('is refused once a way back was asked for or planned; an undo is not', () => {
    expect(objection(operation, asked)).toContain('run r1 goes back (too slow)');
    expect(objection(operation, planned())).toContain('run r1 goes back (too slow)');
    expect(objection(undo, asked, planned())).toBeUndefined();
  });

  it('is refused where it was taken back, whatever receipt it has', () => {
    const skipped: JournalEntry = { type: 'skipped', operation: undo, by: 'ada', reason: 'r' };
    const byHand: JournalEntry = { type: 'done-by-hand', operation: undo, by: 'ada', reason: 'r', proof: [] };
    expect(objection(operation, intent(operation), skipped)).toContain('was taken back');
    expect(objection(operation, intent(operation), byHand)).toContain('was taken back');
  });

  it('is refused with a name, and with what to do', () => {
    const error = (...entries: JournalEntry[]) => objectionToForward(after(sealed, ...entries).state, 'r1', operation);
    expect(error(asked)).toMatchObject({ name: 'Conflict', hint: expect.stringContaining('`switchback status`') });
    const byHand: JournalEntry = { type: 'done-by-hand', operation: undo, by: 'ada', reason: 'r', proof: [] };
    expect(error(intent(operation), byHand)).toMatchObject({
      ...{ name: 'Conflict', hint: expect.stringContaining('Start the plan again') },
    });
  });

  it('is refused by what its own run was told, whatever run came after it', () => {
    const { state } = after(sealed, asked);
    for (const entry of [sealed, { type: 'run-state', state: 'running' } as const])
      applyRecord(state, { seq: state.seq + 1, at: '2026-01-02T00:00:00Z', run: 'r2', epoch: 2, ...entry });
    expect(objectionToForward(state, 'r1', operation)?.message).toContain('run r1 goes back (too slow)');
    expect(objectionToForward(state, 'r2', operation)).toBeUndefined();
    // A word to the older run is no word to the newer one.
    applyRecord(state, { seq: state.seq + 1, at: '2026-01-02T00:00:00Z', run: 'r1', epoch: 2, ...asked });
    expect(state.runs.map(({ goingBack: back }) => back !== undefined)).toEqual([true, false]);
  });

  it('is not refused for what other runs did', () => {
    const { state } = after(sealed, asked, { ...sealed });
    expect(objectionToForward(state, 'r2', operation)).toBeUndefined();
  });
});
