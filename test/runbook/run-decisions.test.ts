import { describe, expect, it } from '@jest/globals';
import { undoOfByHand } from '../../runbook/by-hand.ts';
import type { CompiledPhase } from '../../runbook/compiled-plan.ts';
import type { Operation, OperationKind } from '../../runbook/operations.ts';
import { endOfRollback, headingOf, phasesAhead, stopOf } from '../../runbook/run-decisions.ts';

const now = '2026-01-01T00:00:00Z';
const request = { to: 'baseline' as const, restoreData: false, discardData: true };
const goingBack = { request, reason: 'r', by: 'ada', detectedAt: now, decidedAt: now };

describe('where a run is heading', () => {
  it('is what the journal says, whatever was asked', () => {
    const told = { way: 'end', state: 'rolled-back', reason: 'r' } as const;
    expect(headingOf(told, { without: ['x'], operator: 'ada', rollback: { request, reason: 'r' } }, now)).toBe(told);
  });

  it('is what was asked where the worker is older', () => {
    expect(headingOf(undefined, { without: ['x'], operator: 'ada' }, now)).toEqual({ way: 'forward', without: ['x'] });
    expect(headingOf(undefined, { without: [], operator: 'ada', rollback: { request, reason: 'r' } }, now)).toEqual({
      ...{ way: 'back', goingBack },
    });
  });

  it('stops it unless it is forward', () => {
    expect(stopOf({ way: 'forward', without: [] })).toBeUndefined();
    expect(stopOf({ way: 'back', goingBack })).toEqual({ outcome: 'rollback', ...goingBack });
    expect(stopOf({ way: 'end', state: 'aborted', reason: 'r' })).toEqual({
      ...{ outcome: 'ended', state: 'aborted', reason: 'r' },
    });
  });

  it('ends it as its rollback has ended', () => {
    expect(endOfRollback({}, 'slow')).toEqual({ state: 'rolled-back', reason: 'slow' });
    expect(endOfRollback({ gaveUp: 'ada' }, 'slow')).toEqual({ state: 'aborted', reason: 'rollback given up: ada' });
  });
});

describe('the phases that still go forward', () => {
  const phases = ['one', 'two', 'three'].map((id) => ({ id, stages: [] }) as unknown as CompiledPhase);
  const before = [{ id: 'before/01' } as Operation];
  const ahead = (states: Record<string, 'pending' | 'completed' | 'skipped'>, first = before) =>
    phasesAhead(
      { phases, before: first },
      Object.entries(states).map(([id, state]) => ({ id, state })),
    ).map(({ id, stages }) => (stages.length === 0 ? id : `before+${id}`));

  it('are those that are pending, in the order of the plan', () => {
    expect(ahead({ one: 'completed', two: 'pending', three: 'pending' })).toEqual(['two', 'three']);
    expect(ahead({ one: 'completed', two: 'skipped', three: 'pending' })).toEqual(['three']);
    expect(ahead({ one: 'completed', two: 'completed', three: 'skipped' })).toEqual([]);
  });

  it('begin with what is recorded before, unless a phase was complete', () => {
    expect(ahead({ one: 'pending', two: 'pending', three: 'pending' })).toEqual(['before+one', 'two', 'three']);
    expect(ahead({ one: 'skipped', two: 'pending', three: 'pending' })).toEqual(['before+two', 'three']);
    expect(ahead({ one: 'pending', two: 'completed', three: 'pending' })).toEqual(['one', 'three']);
    expect(ahead({ one: 'pending', two: 'pending', three: 'pending' }, [])).toEqual(['one', 'two', 'three']);
  });
});

describe('an operation that a person has done before any attempt began', () => {
  const undoOf = (kind: OperationKind, by: 'operation' | 'nothing' | 'keeping' | 'impossible') =>
    undoOfByHand({ id: 'one/01', kind, undo: { by, summary: '' } as Operation['undo'] });

  it('is taken back as compiled where that needs nothing of the world', () => {
    for (const by of ['nothing', 'keeping', 'impossible'] as const)
      expect(undoOf('applyCheckpoint', by)).toBe('compiled');
  });

  it('has its way back worked out where that does not depend on what stood before', () => {
    expect(undoOf('applySql', 'operation')).toBe('prepare');
    expect(undoOf('runContainer', 'operation')).toBe('prepare');
  });

  it('is refused where only what stood before would tell the way back', () => {
    for (const kind of ['applyCheckpoint', 'switchImage', 'restoreFiles', 'tagCheckpoint'] as const)
      expect(() => undoOf(kind, 'operation')).toThrow(
        expect.objectContaining({
          ...{ name: 'PreconditionFailed', message: expect.stringContaining('is not written down') },
          hint: expect.stringContaining('then no rollback takes it back'),
        }),
      );
  });
});
