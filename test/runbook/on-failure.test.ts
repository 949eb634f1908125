import { describe, expect, it } from '@jest/globals';
import { firedTrigger } from '../../runbook/checks.ts';
import { wayBackOnFailure, type TriggerDecision } from '../../runbook/on-failure.ts';
import { stages, type Stage } from '../../runbook/operations.ts';

const now = '2026-01-01T00:00:00Z';
const failure = { name: 'CheckFailed' as const, message: 'too slow' };
const wayBack = (onFailure: 'park' | 'rollback', stage: Stage, decide?: TriggerDecision) =>
  wayBackOnFailure(onFailure, { stage, summary: 'watch' }, { ...failure, ...(decide && { decide }) }, now);

describe('a failure', () => {
  it('leads back by itself only once something has moved, and only where the plan says so', () => {
    const from = stages.filter((stage) => wayBack('rollback', stage) !== undefined);
    expect(from).toEqual(['cutover', 'verify', 'bake']);
    for (const stage of stages) expect(wayBack('park', stage)).toBeUndefined();
    expect(wayBack('rollback', 'rollback')).toBeUndefined();
  });

  it('leads to the checkpoint before, and leaves data alone', () => {
    expect(wayBack('rollback', 'verify')).toEqual({
      request: { to: 'previous', restoreData: false, discardData: false },
      ...{ reason: 'watch: too slow', by: 'the plan (onFailure: rollback)', detectedAt: now, decidedAt: now },
    });
  });

  it('leads where the trigger that fired says, whatever onFailure says', () => {
    const to = (decide: TriggerDecision, onFailure: 'park' | 'rollback') =>
      wayBack(onFailure, 'bake', decide)?.request.to ?? 'parks';
    for (const onFailure of ['park', 'rollback'] as const) {
      expect(to('assess', onFailure)).toBe('parks');
      expect(to('freeze', onFailure)).toBe('parks');
      expect(to('quick', onFailure)).toBe('previous');
      expect(to('full', onFailure)).toBe('baseline');
      expect(to('emergency', onFailure)).toBe('baseline');
    }
    expect(wayBack('park', 'bake', 'full')?.by).toBe('the plan (trigger: full)');
  });
});

describe('the trigger that fires', () => {
  const triggers = [
    { healthFailures: 5, decide: 'full' as const },
    { healthFailures: 2, decide: 'assess' as const },
    { healthFailures: 2, decide: 'quick' as const },
  ];

  it('has its own count; of several, the one that takes back most', () => {
    expect(firedTrigger(triggers, 1)).toBeUndefined();
    expect(firedTrigger(triggers, 2)?.decide).toBe('quick');
    expect(firedTrigger(triggers, 4)?.decide).toBe('quick');
    expect(firedTrigger(triggers, 5)?.decide).toBe('full');
  });
});
