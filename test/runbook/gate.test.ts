import { describe, expect, it } from '@jest/globals';
import type { JournalEntry, JournalRecord } from '../../runbook/journal.ts';
import { gateId, gatesOf } from '../../runbook/gate.ts';

const gate = { type: 'gate' as const, phase: 'one', stage: 'cutover', role: 'dba', quorum: 1 };
const told = (run: string, ...entries: JournalEntry[]): JournalRecord[] =>
  entries.map((entry, index) => ({ seq: index + 1, at: `2026-01-01T00:00:0${index}Z`, run, epoch: 1, ...entry }));
const sealed: JournalEntry = {
  ...{ type: 'run-sealed', plan: 'p', planDigest: 'd1', manifest: 'm', phases: ['one'], operator: 'ada' },
};

describe('a gate', () => {
  it('has an id that tells it from gates of other roles, stages and phases', () => {
    const ids = [{}, { role: 'lead' }, { stage: 'gate' }, { phase: 'two' }].map((more) => gateId({ ...gate, ...more }));
    expect(new Set(ids).size).toBe(4);
    expect(ids[0]).toBe('one/cutover/approval-dba');
  });

  it('is for the plan that its run follows, and keeps every answer with who gave it and when', () => {
    const records = told(
      'r1',
      sealed,
      { ...gate, state: 'asked' },
      { ...gate, state: 'rejected', by: 'bo', reason: 'friday' },
      { ...gate, state: 'asked' },
      { ...gate, state: 'approved', by: 'cy', planDigest: 'd1' },
    );
    expect(gatesOf(records)).toEqual([
      {
        ...{ run: 'r1', phase: 'one', stage: 'cutover', role: 'dba', quorum: 1 },
        ...{ state: 'approved', askedAt: '2026-01-01T00:00:03Z', planDigest: 'd1' },
        answers: [
          { said: 'rejected', by: 'bo', at: '2026-01-01T00:00:02Z', reason: 'friday' },
          { said: 'approved', by: 'cy', at: '2026-01-01T00:00:04Z', planDigest: 'd1' },
        ],
      },
    ]);
  });

  it('stands last once it is spoken of again; gates of another run are others', () => {
    const other = { ...gate, role: 'lead' };
    const records = [
      ...told('r1', sealed, { ...gate, state: 'asked' }, { ...other, state: 'asked' }),
      ...told('r1', { ...gate, state: 'left-out', by: 'ada', reason: 'on holiday' }),
      ...told('r2', { ...other, state: 'asked' }),
    ];
    expect(gatesOf(records).map(({ run, role, state }) => [run, role, state])).toEqual([
      ['r1', 'lead', 'asked'],
      ['r1', 'dba', 'left-out'],
      ['r2', 'lead', 'asked'],
    ]);
    expect(gatesOf(records)[2]?.planDigest).toBe('');
  });
});
