import { describe, expect, it } from '@jest/globals';
import { needsPerson, nextSteps } from '../../../client/runs/next-steps.ts';
import { outcomeOf } from '../../../client/runs/outcome.ts';
import { verbs } from '../../../client/verbs/index.ts';
import { acceptedCommands, type RunState } from '../../../runbook/run-state.ts';
import { parked, runStatus } from './run-status.ts';

const states = Object.keys(acceptedCommands) as RunState[];

describe('what to type next', () => {
  it.each(states)('is something in every state: %s', (state) => {
    const steps = nextSteps({ state });
    expect(steps.length).toBeGreaterThan(0);
    const known = new Set(verbs.map((verb) => verb.name));
    expect(steps.filter((step) => !known.has(/^switchback ([\w-]+)/.exec(step.type)?.[1] ?? ''))).toEqual([]);
  });

  it('names each command that the state accepts, and no other', () => {
    const typed = nextSteps({ state: 'awaiting-operator', waiting: parked }).map((step) => step.type.split(' ')[1]);
    expect(typed).toEqual(['retry', 'skip', 'done-by-hand', 'rollback', 'abort']);
    expect(nextSteps({ state: 'rollback-paused' }).map((step) => step.type.split(' ')[1])).toEqual([
      'watch',
      'resume',
      'skip',
      'done-by-hand',
      'abort',
    ]);
  });

  it('fills in the role that is asked for', () => {
    const waiting = {
      ...parked,
      for: 'approval' as const,
      approval: { role: 'shop-lead', given: [] },
      accepts: ['approve' as const, 'reject' as const],
    };
    expect(nextSteps({ state: 'awaiting-approval', waiting }).map((step) => step.type)).toEqual([
      'switchback approve --role shop-lead',
      'switchback reject --role shop-lead --reason "…"',
    ]);
  });

  it('repeats how the target was named, right after the verb', () => {
    expect(nextSteps({ state: 'paused' }, ' --target shop').map((step) => step.type)).toContain(
      'switchback rollback --target shop --reason "…"',
    );
  });
});

describe('exit codes of a run', () => {
  it('are 7 while a person is needed', () => {
    expect(states.filter((state) => needsPerson({ state, inconsistent: false }))).toEqual([
      'paused',
      'awaiting-operator',
      'awaiting-approval',
      'rollback-paused',
      'failed',
    ]);
    expect(needsPerson({ state: 'rolled-back', inconsistent: true })).toBe(true);
  });

  it.each([
    ['completed', 0],
    ['rolled-back', 6],
    ['aborted', 7],
    ['failed', 7],
    ['awaiting-operator', 7],
    ['awaiting-approval', 7],
    ['rollback-paused', 7],
    ['paused', 7],
    ['running', undefined],
    ['rolling-back', undefined],
  ] as const)('following ends on %s with %s', (state, code) => {
    expect(outcomeOf({ status: runStatus({ state }) }, false)).toBe(code);
  });

  it('go on through waiting with --until-done, but not past the end of the workflow', () => {
    expect(outcomeOf({ status: runStatus({ state: 'awaiting-operator' }) }, true)).toBeUndefined();
    expect(outcomeOf({ status: runStatus({ state: 'running' }), ended: 'TERMINATED' }, true)).toBe(7);
    expect(outcomeOf({ status: runStatus({ state: 'rolled-back', inconsistent: true }) }, true)).toBe(7);
  });
});
