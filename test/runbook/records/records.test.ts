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
      'Data: left in place: nothing that was written is lost',
      'Incident: incident-1.md',
    ]) {
      expect(log).toContain(line);
    }
    expect(formatRollbackLog({ ...rollbackRecord(), consistent: false }, 'x')).toContain('INCONSISTENT');
  });

  it('[L5] compare recovery times with objectives', () => {
    expect(recoveryTable(rollbackRecord()).split('\n').slice(2, 7)).toEqual([
      '| detection | < 1 min | not measured | — |',
      '| decision | < 2 min | 30 s | met |',
      '| execution | < 5 min | 6 min 40 s | MISSED |',
      '| verification | < 3 min | 20 s | met |',
      '| **total** | < 11 min | 7 min 30 s | met |',
    ]);
  });

  it('[M8] [M11] [H7] are an incident with what stayed and why, timeline, follow-up by date, and whom to ask', () => {
    const incident = formatIncident(rollbackRecord());
    for (const part of [
      '# Incident 1: shop went back to baseline',
      '| 1 | bring the stack back to v1-baseline | api |',
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
});
