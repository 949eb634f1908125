import { describe, expect, it } from '@jest/globals';

import type { JournalEntry, JournalRecord } from '../../../runbook/journal.ts';
import type { Operation } from '../../../runbook/operations.ts';
import {
  decisionsOf,
  formatBytes,
  formatDecision,
  formatIncident,
  formatLesson,
  formatProgress,
  formatRollbackLog,
  formatSeconds,
  lessonsOf,
  markdownTable,
  measuredRecovery,
  outcomesOf,
  recoveryTable,
  textTable,
} from '../../../runbook/records/index.ts';
import { rollbackRecord } from './rollback-fixture.ts';

const operation = (id: string, summary: string) => ({ id, phase: id.split('/')[0], summary }) as unknown as Operation;
const journal = (...entries: JournalEntry[]): JournalRecord[] =>
  entries.map((entry, index) => ({
    seq: index + 1,
    at: `2026-02-09T10:00:0${index}.000Z`,
    run: 'run-1',
    epoch: 1,
    ...entry,
  }));
const began = (id: string, summary: string): JournalEntry => ({
  type: 'intent',
  operation: operation(id, summary),
  attempt: 1,
  undo: { by: 'nothing', summary: '' },
  facts: {},
});
const running: JournalEntry = { type: 'phase-state', phase: 'api', ordinal: 3, title: 'API v2', state: 'running' };
const failed = (id: string, name: 'StepFailed' | 'Unreachable', attempt = 1): JournalEntry => ({
  type: 'failure',
  operation: id,
  attempt,
  error: { name, message: 'migrate exited 1 | no column' },
});
const receipt = (id: string, attempt: number) =>
  ({ type: 'receipt', operation: id, attempt, receipt: {} }) as unknown as JournalEntry;

describe('figures for people', () => {
  it.each([
    [0.44, '0.4 s'],
    [9.96, '10 s'],
    [59.6, '1 min'],
    [200, '3 min 20 s'],
    [600, '10 min'],
    [7500, '2 h 5 min'],
  ])('%d s is %s', (seconds, text) => {
    expect(formatSeconds(seconds)).toBe(text);
  });

  it.each([
    [0, '0 B'],
    [1023, '1023 B'],
    [1536, '1.5 KiB'],
    [44 * 1024 ** 3, '44 GiB'],
  ])('%d bytes are %s', (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
  });

  it('stand in tables that no content can break', () => {
    expect(markdownTable(['a'], [['x | y\n<!-- hidden\\']])).toBe('| a |\n| --- |\n| x \\| y &lt;!-- hidden\\\\ |\n');
    expect(textTable(['NAME', 'N'], [['a-long-name', '1']])).toBe('NAME         N\na-long-name  1\n');
  });
});

describe('[K15] progress', () => {
  it('[K14] [K12] shows each phase once, with its newest state, and whether it fits its budget', () => {
    const row = { run: 'run-1', title: 'Redpanda', phase: 'redpanda', ordinal: 2 };
    const text = formatProgress([
      { ...row, key: '1', at: '2026-02-09T10:00:00Z', state: 'completed', tag: 'v2-phase-2-complete' },
      {
        ...row,
        key: '0',
        at: '2026-02-09T09:00:00Z',
        phase: 'baseline',
        ordinal: 1,
        title: 'Baseline',
        state: 'completed',
        budget: { cpus: 35, services: 17, over: 'warn' },
        resources: { cpus: 38.123, services: 20, memoryBytes: 48 * 1024 ** 3 },
      },
      { ...row, key: '2', at: '2026-02-09T11:00:00Z', state: 'rolled-back', reason: 'verification failed' },
    ]);
    const rows = text.split('\n').filter((line) => /^\| \d/.test(line));
    expect(rows).toEqual([
      '| 1 | Baseline (baseline) | completed | 2026-02-09 09:00:00 | 38.12 | 48 GiB | 20 | no: CPU over 35, services over 17 | — | — | run-1 |',
      '| 2 | Redpanda (redpanda) | rolled-back: verification failed | 2026-02-09 11:00:00 | — | — | — | — | — | — | run-1 |',
    ]);
    expect(text).toContain('**Status:** 1 of 2 recorded phases complete');
  });

  it('counts phases of the plan that have not begun, and tells phases of one name in two plans apart', () => {
    const row = (plan: string, phase: string, ordinal: number, state: 'completed' | 'rolled-back' = 'completed') => ({
      ...{
        key: `${plan}/${phase}/${state}`,
        at: '2026-02-09T10:00:00Z',
        run: 'r',
        title: phase,
        plan,
        phase,
        ordinal,
        state,
      },
      ...(state === 'completed' && { phasesOfPlan: plan === 'k2' ? 6 : 2 }),
    });
    const k2 = [row('k2', 'a', 1), row('k2', 'b', 2), row('k2', 'c', 3)];
    expect(formatProgress(k2)).toContain('**Status:** 3 of 6 phases of plan k2 complete');
    expect(formatProgress([...k2, row('k2', 'c', 3, 'rolled-back')])).toContain('2 of 6 phases of plan k2 complete');
    const both = formatProgress([...k2, row('next', 'a', 1)]);
    expect(both).toContain('**Status:** 1 of 2 phases of plan next complete');
    expect(both).toContain('| 1 | a (k2/a) | completed |');
    expect(both).toContain('| 1 | a (next/a) | completed |');
  });

  it('counts set-up jobs that have ended, as preflight does', () => {
    const text = formatProgress([
      {
        ...{ key: '1', at: '2026-02-09T10:00:00Z', run: 'r', title: 'A', phase: 'a', ordinal: 1, state: 'completed' },
        resources: { services: 22, finished: 1 },
      },
    ]);
    expect(text).toContain('| 22 running, 1 finished |');
  });
});

describe('[K15] decisions and deviations', () => {
  const records = journal(
    running,
    { type: 'decision', command: 'pause', by: 'ada', reason: 'lunch' },
    { type: 'skipped', operation: operation('api/apply/01-runContainer', 's'), by: 'bo', reason: 'ran it yesterday' },
    {
      type: 'done-by-hand',
      operation: operation('api/apply/02-applySql', 's'),
      by: 'bo',
      reason: 'lock',
      proof: [{ check: 'orders: select 1 gives 1', verdict: 'successful', detail: '', tookMs: 1 }],
    },
  );

  it('are what people said, with phase, reason and proof', () => {
    expect(decisionsOf(records, 'run-1').map(({ phase, decision, by, why }) => [phase, decision, by, why])).toEqual([
      ['api', 'pause', 'ada', 'lunch'],
      ['api', 'skipped api/apply/01-runContainer', 'bo', 'ran it yesterday'],
      ['api', 'done by hand: api/apply/02-applySql', 'bo', 'lock (proof: orders: select 1 gives 1: successful)'],
    ]);
    expect(decisionsOf(records, 'run-2')).toEqual([]);
    expect(formatDecision(decisionsOf(records, 'run-1')[0]!)).toBe(
      '| 2026-02-09 10:00:01 | api | pause | ada | lunch | run-1 |\n',
    );
  });
});

describe('[K15] decisions and deviations of every kind', () => {
  const request = { to: 'baseline' as const, restoreData: false, discardData: true };
  const back = {
    ...{ request, reason: 'wrong totals', by: 'ada' },
    ...{ detectedAt: '2026-02-09T09:00:00Z', decidedAt: '2026-02-09T09:01:00Z' },
  };
  const told = (...entries: JournalEntry[]) =>
    decisionsOf(journal(...entries), 'run-1').map(({ decision, by, why }) => [decision, by, why]);

  it('an approval has its role and comment', () => {
    const approval: JournalEntry = {
      type: 'decision',
      command: 'approve',
      by: 'cy',
      detail: { role: 'dba', comment: 'ok' },
    };
    expect(told(approval)).toEqual([['approve as dba', 'cy', 'ok']]);
  });

  it('a rollback of a run that had completed is one, and what was typed in a run is told once', () => {
    const planned: JournalEntry = {
      ...{
        type: 'rollback-planned',
        rollback: 1,
        to: 'baseline',
        operations: 1,
        reason: 'wrong totals',
        restoreData: false,
      },
      goingBack: back,
    };
    const going: JournalEntry = { type: 'run-state', state: 'rolling-back', goingBack: back };
    const said = ['rollback to baseline, data discarded', 'ada', 'wrong totals'];
    expect(told(going, going, planned)).toEqual([said]);
    const typed: JournalEntry = {
      type: 'decision',
      command: 'rollback',
      by: 'ada',
      reason: 'wrong totals',
      goingBack: back,
    };
    expect(told(typed, going, planned)).toEqual([['rollback', 'ada', 'wrong totals']]);
    const later = { ...going, goingBack: { ...back, by: 'bo', decidedAt: '2026-02-10T09:01:00Z' } };
    expect(told(typed, going, later)).toHaveLength(2);
  });

  it('an abort, and what was made right by hand, are', () => {
    expect(
      told(
        { type: 'decision', command: 'abort', by: 'ada', reason: 'not today' },
        { type: 'reconciled', by: 'bo', reason: 'put back', proof: [] },
      ),
    ).toEqual([
      ['abort', 'ada', 'not today'],
      ['made right by hand', 'bo', 'put back'],
    ]);
  });
});

describe('[K15] lessons learned', () => {
  const id = 'api/apply/01-runContainer';
  const lessons = (...entries: JournalEntry[]) =>
    lessonsOf(journal(running, began(id, 'migrate in a container'), ...entries), 'run-1');

  it('name problem, what is known of the cause, resolution, and leave the rest to people', () => {
    const [lesson, ...others] = lessons(
      failed(id, 'StepFailed'),
      { type: 'decision', command: 'retry', by: 'ada' },
      receipt(id, 2),
    );
    expect(others).toEqual([]);
    expect(formatLesson(lesson!)).toBe(
      '| api | 2026-02-09 | migrate in a container: migrate exited 1 \\| no column | _to be written_ (StepFailed: a step of the plan ran and failed by itself) | done at attempt 2 after retry by ada | _to be written_ |\n',
    );
  });

  it.each([
    [
      'skipped',
      { type: 'skipped', operation: operation(id, 's'), by: 'bo', reason: 'not needed' },
      'skipped by bo: not needed',
    ],
    [
      'done by hand',
      { type: 'done-by-hand', operation: operation(id, 's'), by: 'bo', reason: 'lock', proof: [] },
      'done by hand by bo: lock',
    ],
    [
      'rolled back',
      { type: 'rollback-planned', rollback: 1, to: 'baseline', operations: 3, reason: 'too risky', restoreData: false },
      'rolled back to baseline: too risky',
    ],
  ] satisfies [string, JournalEntry, string][])('tell that it was %s', (_name, entry, resolution) => {
    expect(lessons(failed(id, 'StepFailed'), entry)).toMatchObject([{ resolution }]);
  });

  it('are none from what a retry got over by itself, and none yet from what still stands', () => {
    expect(lessons(failed(id, 'Unreachable'), receipt(id, 2))).toEqual([]);
    expect(lessons(failed(id, 'StepFailed'))).toEqual([]);
  });

  it('count failures of one operation as one', () => {
    expect(lessons(failed(id, 'StepFailed'), failed(id, 'StepFailed', 2), receipt(id, 3))).toMatchObject([
      { issue: expect.stringContaining('(2 times)') },
    ]);
  });
});

describe('[M10] the records of a rollback', () => {
  it('say when, why, which phases, and what became of the data', () => {
    const log = formatRollbackLog(rollbackRecord(), 'incident-1.md');
    for (const line of [
      'Rollback performed: 2026-02-09 10:01:30 UTC, by ada',
      'Reason: p95 over 5 s',
      'Phases rolled back: 3 api, 2 orders',
      'Data: left in place; whether all of it is there was not looked up',
      'Incident: incident-1.md',
    ]) {
      expect(log).toContain(line);
    }
    expect(formatRollbackLog({ ...rollbackRecord(), consistent: false }, 'x')).toContain('INCONSISTENT');
  });

  it('say that nothing is lost only where it was looked up', () => {
    const data = (nothingLost: boolean, line: string) =>
      formatRollbackLog({ ...rollbackRecord(), data: { nothingLost, lines: [line] } }, 'x');
    expect(data(true, 'protected volume V: unchanged')).toContain(
      'Data: left in place: nothing that was written is lost (protected volume V: unchanged)',
    );
    const lost = data(false, 'protected volume V: changed: 2 entries differ (2 of 3 gone)');
    expect(lost).toContain('(protected volume V: changed: 2 entries differ (2 of 3 gone))');
    expect(lost).not.toContain('lost');
  });

  it('[L5] compare recovery times with objectives', () => {
    expect(recoveryTable(rollbackRecord()).split('\n').slice(2, 7)).toEqual([
      '| detection | < 1 min | not measured | — |',
      '| decision | < 2 min | 30 s | met |',
      '| execution | < 5 min | 6 min 40 s | MISSED |',
      '| verification | < 3 min | 20 s | met |',
      '| **total** | < 11 min | at least 7 min 30 s | — |',
    ]);
    const whole = { ...rollbackRecord(), recovery: { detection: 1, decision: 30, execution: 100, verification: 20 } };
    expect(recoveryTable(whole)).toContain('| **total** | < 11 min | 2 min 31 s | met |');
    expect(recoveryTable({ ...rollbackRecord(), recovery: { execution: 700 } })).toContain(
      '| **total** | < 11 min | at least 11 min 40 s | MISSED |',
    );
    expect(recoveryTable({ ...rollbackRecord(), recovery: {} })).not.toMatch(/met|MISSED/);
  });

  it('[L5] never call a part met that did not run, or whose end nobody saw', () => {
    const effect = { id: 'rollback-1/01-applyCheckpoint', kind: 'applyCheckpoint', undoes: ['r/x'] };
    const check = { id: 'rollback-1/02-runChecks', kind: 'runChecks' };
    const operations = [effect, check] as unknown as Operation[];
    const measured = { decision: 3, execution: 22, verification: 4 };
    const skipped: JournalEntry = { type: 'skipped', operation: operations[0]!, by: 'bo', reason: 'by hand later' };
    const byHand: JournalEntry = { type: 'done-by-hand', operation: operations[0]!, by: 'bo', reason: 'x', proof: [] };
    const of = (...entries: JournalEntry[]) =>
      measuredRecovery(measured, operations, outcomesOf(journal(...entries), operations));
    expect(of()).toEqual({ decision: 3 });
    expect(of(failed(effect.id, 'StepFailed'))).toEqual({ decision: 3 });
    expect(of(skipped, receipt(check.id, 1))).toEqual({ decision: 3 });
    expect(of(receipt(effect.id, 1))).toEqual({ decision: 3, execution: 22 });
    expect(of(receipt(effect.id, 1), failed(check.id, 'StepFailed'))).toEqual({ decision: 3, execution: 22 });
    expect(of(byHand, receipt(check.id, 1))).toEqual(measured);
    expect(measuredRecovery(measured, [operations[0]!], { [effect.id]: { how: 'done' } })).toEqual({
      ...{ decision: 3, execution: 22 },
    });
  });

  it('say of each operation what became of it, and of a rollback that was given up that it did not end', () => {
    const operations = ['01-applySql', '02-applySql', '03-applyCheckpoint', '04-runChecks'].map((name) =>
      operation(`rollback-1/${name}`, name),
    );
    const [done, hand, stuck] = operations.map(({ id }) => id) as [string, string, string];
    const outcomes = outcomesOf(
      journal(
        began(done, 's'),
        receipt(done, 1),
        began(hand, 's'),
        { type: 'done-by-hand', operation: operations[1]!, by: 'bo', reason: 'lock', proof: [] },
        began(stuck, 's'),
        failed(stuck, 'StepFailed'),
      ),
      operations,
    );
    const record = { ...rollbackRecord(), outcomes, gaveUp: 'ada: too late', consistent: false, recovery: {} };
    record.rollback.operations = operations;
    const incident = formatIncident(record);
    expect(incident.split('\n').filter((line) => /^\| \d \|/.test(line))).toEqual([
      '| 1 | 01-applySql | rollback-1 | done |',
      '| 2 | 02-applySql | rollback-1 | by hand, by bo |',
      '| 3 | 03-applyCheckpoint | rollback-1 | FAILED |',
      '| 4 | 04-runChecks | rollback-1 | DID NOT RUN |',
    ]);
    expect(incident).toContain('# Incident 1: shop did not get back to baseline');
    expect(incident).toContain('NOT FINISHED, given up: ada: too late');
    const log = formatRollbackLog(record, 'incident-1.md');
    expect(log).toContain('Rollback given up:');
    expect(log).toContain('Recovery time: not measured');
    expect(log).toMatch(/Result: INCONSISTENT: not finished, given up: ada: too late/);
    expect(`${incident}${log}`).not.toMatch(/\bmet\b|checks healthy|, verified/);
  });

  it('[M8] [M11] [H7] are an incident with what stayed and why, timeline, follow-up by date, and whom to ask', () => {
    const incident = formatIncident(rollbackRecord());
    for (const part of [
      '# Incident 1: shop went back to baseline',
      '| 1 | bring the stack back to v1-baseline | api | done |',
      '| expand orders | added columns do v1 no harm |',
      '| 2026-02-09 10:00:00 | verification failed \\| p95 6.1 s |',
      'Within 1 hour (by 2026-02-09 11:01:30 UTC)',
      'Within 1 week (by 2026-02-16 10:01:30 UTC)',
      '## Root cause',
      '## Fix plan',
      '## Retry',
      '| DBA | Bo | +49 1 |',
    ]) {
      expect(incident).toContain(part);
    }
  });

  it('say which data was restored', () => {
    const record = rollbackRecord();
    record.rollback.restored = ['store:orders'];
    expect(formatIncident(record)).toContain('store:orders restored from recovery points');
  });

  it('say which data was discarded, and never then that nothing is lost', () => {
    const record = rollbackRecord();
    record.rollback.discards = ['drop column orders.note'];
    expect(formatRollbackLog(record, 'x')).toContain('Data: discarded, archived first: drop column orders.note');
    expect(formatIncident(record)).not.toContain('nothing that was written is lost');
    expect(formatIncident({ ...record, gaveUp: 'x' })).toContain('partly taken back');
  });
});
