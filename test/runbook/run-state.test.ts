import { describe, expect, it } from '@jest/globals';
import { childAtWork, runStates, withReport, type ChildReport } from '../../runbook/child-report.ts';
import {
  acceptedCommands,
  finalRunStates,
  refusal,
  waitingRunStates,
  type CommandName,
  type RunState,
  type RunStatus,
} from '../../runbook/run-state.ts';

const commands = 'pause resume retry skip doneByHand approve reject rollback abort'.split(' ') as CommandName[];

describe('a run takes', () => {
  it.each<[RunState, string]>([
    ['starting', 'abort'],
    ['running', 'pause, rollback, abort'],
    ['paused', 'resume, rollback, abort'],
    ['awaiting-operator', 'retry, resume, skip, doneByHand, rollback, abort'],
    ['awaiting-approval', 'approve, reject, pause, rollback, abort'],
    ['rolling-back', 'pause'],
    ['rollback-paused', 'resume, retry, skip, doneByHand, abort'],
    ['completed', ''],
    ['rolled-back', ''],
    ['aborted', ''],
    ['failed', ''],
  ])('in state %s: %s', (state, accepted) => {
    const possible = accepted === '' ? 'nothing, it is over' : accepted;
    for (const command of commands) {
      const refused = `${command} is not possible while the run is ${state}; possible: ${possible}`;
      expect(refusal(state, command)).toBe(accepted.split(', ').includes(command) ? undefined : refused);
    }
  });

  it('nothing once it is over, and something always while it waits', () => {
    expect(finalRunStates).toEqual(['completed', 'rolled-back', 'aborted', 'failed']);
    expect(finalRunStates.map((state) => acceptedCommands[state])).toEqual([[], [], [], []]);
    expect(waitingRunStates).toEqual(['paused', 'awaiting-operator', 'awaiting-approval', 'rollback-paused']);
  });
});

describe('the status of a run', () => {
  const phase = (id: string, state: 'pending' | 'running' | 'completed', more = {}) => ({
    ...{ id, ordinal: 1, title: id, risk: 'low', state, done: 0, total: 2, ...more },
  });
  const rollback = (ordinal: number, more = {}) => ({
    ...{ ordinal, workflowId: `rollback-${ordinal}`, to: 'baseline', reason: 'r', state: 'running' as const },
    ...{ done: 0, total: 1, startedAt: '', restoreData: false, ...more },
  });
  const wayBack = { known: 'yes' };
  const status = {
    ...{ target: 't', runId: 'r', plan: 'p', planDigest: 'd', state: 'running', startedAt: '', contacts: [] },
    ...{ reason: 'an old reason', waiting: { for: 'resume' }, operation: { id: 'old' }, inconsistent: false },
    phases: [phase('one', 'completed', { wayBack }), phase('two', 'running', { workflowId: 'phase-two' })],
    rollbacks: [rollback(1, { finishedAt: 'then' })],
    timeline: [{ at: '1', text: 'first' }],
  } as unknown as RunStatus;
  const report = (more: Partial<ChildReport>): ChildReport => ({
    ...{ workflowId: 'child', version: 1, state: 'running', news: [], inconsistent: false, ...more },
  });

  it('is that of its child, in its own words', () => {
    expect(runStates.phase).toEqual({
      ...{ running: 'running', paused: 'paused' },
      ...{ 'awaiting-operator': 'awaiting-operator', 'awaiting-approval': 'awaiting-approval' },
    });
    expect(runStates.rollback).toEqual({
      ...{ running: 'rolling-back', paused: 'rollback-paused' },
      ...{ 'awaiting-operator': 'rollback-paused', 'awaiting-approval': 'rollback-paused' },
    });
  });

  it('takes over what a phase says, and forgets what is over', () => {
    const now = phase('one', 'running', { done: 1 });
    const told = withReport(status, report({ phase: now, news: [{ at: '2', text: 'second' }] }));
    expect(told).toStrictEqual({
      ...{ target: 't', runId: 'r', plan: 'p', planDigest: 'd', state: 'running', startedAt: '', contacts: [] },
      phases: [{ ...now, wayBack }, status.phases[1]],
      rollbacks: status.rollbacks,
      timeline: [...status.timeline, { at: '2', text: 'second' }],
      inconsistent: false,
    });
    const other = phase('two', 'completed');
    expect(withReport(status, report({ phase: other })).phases).toStrictEqual([status.phases[0], other]);
  });

  it('says what it waits for, and why', () => {
    const waiting = {
      for: 'operator',
      since: '',
      accepts: [],
      error: { name: 'StepFailed', message: 'it broke' },
    } as const;
    const operation = { id: 'x', summary: 's', stage: 'apply', workflowId: '', startedAt: '' } as const;
    const told = withReport(status, report({ state: 'awaiting-operator', waiting, operation, inconsistent: true }));
    expect(told).toMatchObject({
      ...{ state: 'awaiting-operator', reason: 'it broke', waiting, inconsistent: true, phases: status.phases },
      operation: { ...operation, workflowId: 'child' },
    });
    const { error: _error, ...resuming } = waiting;
    expect(withReport(status, report({ waiting: resuming }))).not.toHaveProperty('reason');
    expect(withReport({ ...status, inconsistent: true }, report({})).inconsistent).toBe(true);
  });

  it('has each rollback once, as it was told last', () => {
    const second = rollback(2);
    const told = withReport(status, report({ state: 'paused', rollback: second }));
    expect(told.state).toBe('rollback-paused');
    expect(told.rollbacks).toEqual([...status.rollbacks, second]);
    const done = rollback(2, { done: 1 });
    expect(withReport(told, report({ rollback: done })).rollbacks).toEqual([...status.rollbacks, done]);
    expect(childAtWork(told)).toBe('rollback-2');
    expect(childAtWork(status)).toBe('phase-two');
    expect(childAtWork({ ...status, phases: [status.phases[0]!] })).toBeUndefined();
  });
});
