import { describe, expect, it } from '@jest/globals';
import { statusFromJournal } from '../../../client/runs/status-from-journal.ts';
import type { JournalEntry, JournalRecord } from '../../../runbook/journal.ts';
import { applyRecord, emptyTargetState } from '../../../runbook/target-state.ts';
import { at, recordedRun, runId } from '../history/recorded-run.ts';

const status = (until: number) => statusFromJournal({ target: 'shop', ...recordedRun(until) }, undefined)!;

describe('the status that the journal tells', () => {
  it('is none for a target without a run', () => {
    expect(statusFromJournal({ target: 'shop', records: [], state: emptyTargetState() }, undefined)).toBeUndefined();
  });

  it('knows the operation that was under way', () => {
    expect(status(2)).toMatchObject({
      target: 'shop',
      runId,
      state: 'running',
      startedAt: at(0),
      phases: [{ id: 'orders', state: 'running', stage: 'apply', done: 0, total: 1 }],
      operation: { id: 'orders/apply/01-runContainer', startedAt: at(2) },
    });
  });

  it('knows why it stands still, and what may be said', () => {
    const parked = status(4.1);
    expect(parked.state).toBe('awaiting-operator');
    expect(parked.operation).toBeUndefined();
    expect(parked.waiting).toMatchObject({
      for: 'operator',
      since: at(4.1),
      operation: { summary: 'expand the orders table' },
      error: { message: 'relation exists', hint: 'Look.' },
      accepts: expect.arrayContaining(['retry', 'skip', 'rollback']),
    });
  });

  it('knows the gate that it waits at, and the one at which somebody said no', () => {
    const gate = { type: 'gate' as const, phase: 'orders', stage: 'cutover', role: 'dba', quorum: 1 };
    const asked: JournalEntry[] = [
      { ...gate, state: 'asked' },
      { type: 'run-state', state: 'awaiting-approval' },
    ];
    const rejected: JournalEntry[] = [
      { ...gate, state: 'rejected', by: 'bo', reason: 'friday' },
      { type: 'run-state', state: 'awaiting-operator' },
    ];
    const records: JournalRecord[] = [];
    const state = emptyTargetState();
    const write = (...entries: JournalEntry[]) => {
      for (const entry of entries) {
        records.push({ seq: records.length + 1, at: at(records.length), run: 'r', epoch: 1, ...entry });
        applyRecord(state, records.at(-1)!);
      }
    };
    write({
      ...{ type: 'run-sealed', plan: 'p', planDigest: 'd', manifest: 'm', phases: ['orders'], operator: 'ada' },
    });
    const waiting = () => statusFromJournal({ target: 'shop', state, records }, undefined)?.waiting;
    write(...asked);
    expect(waiting()).toMatchObject({ for: 'approval', approval: { role: 'dba', given: [] } });
    write(...rejected);
    expect(waiting()).toMatchObject({
      ...{ for: 'operator', gate: { phase: 'orders', role: 'dba' } },
      error: { message: 'bo said no as dba: friday' },
    });
    expect(waiting()?.accepts).toEqual(['retry', 'resume', 'skip', 'rollback', 'abort']);
    // Asked again, and then something failed: it is that at which the run stands.
    write({ ...gate, state: 'approved', by: 'cy' });
    write({ type: 'failure', operation: 'o', attempt: 1, error: { name: 'StepFailed', message: 'no' } });
    write({ type: 'run-state', state: 'awaiting-operator' });
    expect(waiting()).toMatchObject({ for: 'operator', error: { message: 'no' } });
    expect(waiting()).not.toHaveProperty('gate');
  });

  it('knows rollbacks, and how the run ended', () => {
    expect(status(84).rollbacks).toMatchObject([{ ordinal: 1, to: 'baseline', state: 'running', done: 0, total: 1 }]);
    const over = status(100);
    expect(over).toMatchObject({
      state: 'rolled-back',
      finishedAt: at(87),
      rollbacks: [{ state: 'done', done: 1, finishedAt: at(86.5) }],
      inconsistent: false,
    });
    expect(over.waiting).toBeUndefined();
    expect(over.timeline.at(-1)).toEqual({ at: at(87), text: 'the run is rolled-back: errors doubled' });
  });
});
