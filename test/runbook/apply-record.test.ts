import { describe, expect, it } from '@jest/globals';
import { isBeingTakenBack } from '../../runbook/being-taken-back.ts';
import type { JournalEntry } from '../../runbook/journal.ts';
import type { Operation } from '../../runbook/operations.ts';
import { applyRecord, emptyTargetState, openRun, openTask } from '../../runbook/target-state.ts';
import { outlinedPlan } from '../workflows/compiled-plan.ts';
import { ToldJournal } from './told-journal.ts';
import { undoSql } from './undos.ts';

const at = '2026-01-01T00:00:00Z';
const [sql] = outlinedPlan('shop', '/s', [
  { id: 'one', operations: [{ stage: 'apply', kind: 'applySql', input: { store: 'db' }, undo: undoSql }] },
]).phases[0]!.stages[0]!.operations as [Operation];
const of = (id: string, more: object = {}): Operation => ({ ...sql, id, ...more });
const undoOf = (key: string, more: object = {}) => of('rollback-1/01', { stage: 'rollback', undoes: [key], ...more });
const sealed: JournalEntry = {
  ...{ type: 'run-sealed', plan: 'p', planDigest: 'd', manifest: 'm', phases: ['one'], operator: 'ada' },
};
const task: JournalEntry = { type: 'task-sealed', task: 'create', plan: 'p', manifest: 'tm', operator: 'bob' };
const intent = (operation: Operation): JournalEntry => ({
  ...{ type: 'intent', operation, attempt: 1, undo: operation.undo, facts: { prepared: true } },
});
const after = (...lines: [run: string, entry: JournalEntry][]) => {
  const journal = new ToldJournal();
  for (const [run, entry] of lines) journal.write(run, entry);
  return journal.state;
};
const runState = (state: 'running' | 'completed' | 'aborted' | 'paused', reason?: string): JournalEntry => ({
  ...{ type: 'run-state', state, ...(reason !== undefined && { reason }) },
});

describe('a line of the journal', () => {
  it('about the lease tells who has it, until it is given back', () => {
    const holder = { workflowId: 'w', workflowRunId: '1' };
    const state = emptyTargetState();
    applyRecord(state, { seq: 1, at, run: 'r', epoch: 7, type: 'lease-taken', holder });
    expect(state).toMatchObject({ seq: 1, epoch: 7, holder });
    applyRecord(state, { seq: 2, at, run: 'r', epoch: 7, type: 'lease-released', holder });
    expect(state).not.toHaveProperty('holder');
    expect(state.epoch).toBe(7);
  });

  it('with a key is known by it, and one without has none', () => {
    const state = emptyTargetState();
    applyRecord(state, { seq: 1, at, run: 'r', epoch: 1, key: 'k', ...sealed });
    applyRecord(state, { seq: 2, at, run: 'r', epoch: 1, ...runState('running') });
    expect([...state.keys]).toEqual(['k']);
  });

  it('opens a run or a task, and says how it went', () => {
    const state = after(['r1', sealed], ['b1', task]);
    expect(state.runs).toStrictEqual([
      {
        ...{ id: 'r1', plan: 'p', planDigest: 'd', manifest: 'm', state: 'starting', operator: 'ada' },
        ...{ startedAt: at, changedAt: at },
      },
    ]);
    expect(state.tasks).toStrictEqual([
      {
        ...{ id: 'b1', task: 'create', manifest: 'tm', state: 'running', operator: 'bob' },
        ...{ startedAt: at, changedAt: at },
      },
    ]);
    const moved = after(['r1', sealed], ['r1', runState('paused', 'lunch')], ['r1', runState('running')]);
    expect(moved.runs[0]).toMatchObject({ state: 'running' });
    expect(moved.runs[0]).not.toHaveProperty('reason');
    expect(after(['r1', sealed], ['r1', runState('paused', 'lunch')]).runs[0]).toMatchObject({ reason: 'lunch' });
    // About a run that nobody has opened: nothing to tell.
    expect(after(['r9', runState('running')]).runs).toEqual([]);
  });

  it('tells which run and which task is open', () => {
    expect(openRun(emptyTargetState())).toBeUndefined();
    expect(openTask(emptyTargetState())).toBeUndefined();
    const state = after(['r1', sealed], ['b1', task], ['r2', sealed], ['b2', task]);
    expect(openRun(state)?.id).toBe('r2');
    expect(openTask(state)?.id).toBe('b2');
    const over = after(['r1', sealed], ['b1', task], ['r1', runState('completed')], ['b1', runState('aborted')]);
    expect([openRun(over), openTask(over)]).toEqual([undefined, undefined]);
  });

  it('keeps sets, identities and rehearsals', () => {
    const set = { points: [], earliest: at, latest: at, skewSeconds: 0 };
    const rehearsal = { phase: 'one', outcome: 'held' } as never;
    const state = after(
      ['b1', { type: 'set-taken', set }],
      ['r1', { type: 'identity', resource: 'store:db', identity: 'x/y' }],
      ['r1', { type: 'rehearsed', rehearsal }],
    );
    expect(state.sets.get('b1')).toEqual(set);
    expect(state.identities.get('store:db')).toBe('x/y');
    expect(state.rehearsals.get('one')).toBe(rehearsal);
  });

  it.each<JournalEntry>([
    { type: 'failure', operation: sql.id, attempt: 1, error: { name: 'StepFailed', message: 'm' } },
    { type: 'refused', operation: sql.id, attempt: 1, reason: 'late' },
    { type: 'decision', command: 'pause', by: 'ada' },
    { type: 'attempt', operation: 'unknown', attempt: 2, worker: 'w' },
    { type: 'receipt', operation: 'unknown', attempt: 2, receipt: {} as never },
  ])('of type $type changes nothing of what was done', (entry) => {
    const before = after(['r1', sealed], ['r1', intent(sql)]);
    const state = after(['r1', sealed], ['r1', intent(sql)], ['r1', entry]);
    expect({ ...state, seq: 0 }).toEqual({ ...before, seq: 0 });
  });
});

describe('an operation', () => {
  const key = 'r1/one/apply/01-applySql';
  const known = (...entries: JournalEntry[]) =>
    after(...entries.map((entry): [string, JournalEntry] => ['r1', entry])).operations;

  it('is intended once, however often that is told, and counts its newest attempt', () => {
    const attempt = (nth: number): JournalEntry => ({ type: 'attempt', operation: sql.id, attempt: nth, worker: 'w' });
    expect(known(intent(sql)).get(key)).toEqual({
      ...{ run: 'r1', operation: sql, seq: 1, attempt: 1, status: 'intended', undo: sql.undo },
      prepared: { undo: sql.undo, facts: { prepared: true } },
    });
    const twice = known(intent(sql), { ...intent(sql), attempt: 5, facts: {} } as JournalEntry);
    expect(twice.get(key)).toMatchObject({ seq: 1, attempt: 1, prepared: { facts: { prepared: true } } });
    expect(known(intent(sql), attempt(3), attempt(2)).get(key)?.attempt).toBe(3);
  });

  it('that a person settled before it began has its compiled undo, or the one that was worked out', () => {
    const byHand = { type: 'done-by-hand' as const, operation: sql, by: 'ada', reason: 'r', proof: [] };
    expect(known(byHand).get(key)).toEqual({
      ...{ run: 'r1', operation: sql, seq: 1, attempt: 0, status: 'by-hand', undo: sql.undo },
      prepared: { undo: sql.undo, facts: {} },
    });
    const undo = { by: 'nothing', summary: 'worked out' } as const;
    expect(known({ ...byHand, undo }).get(key)?.undo).toEqual(undo);
    expect(known(intent(sql), byHand).get(key)).toMatchObject({ seq: 1, attempt: 1, status: 'by-hand' });
    const skipped = { type: 'skipped', operation: sql, by: 'ada', reason: 'r' } as const;
    expect(known(intent(sql), skipped).get(key)).toMatchObject({ seq: 1, status: 'skipped', undo: sql.undo });
  });

  it('is undone by its undo, by what covers it, and is left standing by one that was skipped', () => {
    const undo = undoOf(key);
    const cover = of('rollback-1/02', { stage: 'rollback', covers: [key, 'r0/unknown'] });
    const skipped = (operation: Operation): JournalEntry => ({ type: 'skipped', operation, by: 'a', reason: 'r' });
    const byHand = (operation: Operation): JournalEntry => ({
      ...{ type: 'done-by-hand', operation, by: 'a', reason: 'r', proof: [] },
    });
    const status = (...entries: JournalEntry[]) => known(intent(sql), ...entries).get(key);
    expect(status(byHand(undo))).toMatchObject({ status: 'undone', stoodAs: 'intended' });
    expect(status(byHand(cover))).toMatchObject({ status: 'undone', stoodAs: 'intended' });
    expect(status(skipped(undo))).toMatchObject({ status: 'undo-skipped', stoodAs: 'intended' });
    expect(status(skipped(cover))).toMatchObject({ status: 'undo-skipped' });
    // What it stood as is noted once, while it stood.
    expect(status(skipped(undo), byHand(undo))).toMatchObject({ status: 'undone', stoodAs: 'intended' });
    expect(status(byHand(undo), byHand(cover))).toMatchObject({ status: 'undone', stoodAs: 'intended' });
    expect(status(byHand(of('x')))).toMatchObject({ status: 'intended' });
  });

  it('that was left out is right again once a person has said so; others are as they were', () => {
    const skipped = (operation: Operation): JournalEntry => ({ type: 'skipped', operation, by: 'a', reason: 'r' });
    const restore = of('rollback-1/03', { stage: 'rollback' });
    const operations = known(
      intent(sql),
      skipped(undoOf(key)),
      skipped(restore),
      skipped(of('one/apply/02')),
      intent(of('one/apply/03')),
      intent(of('rollback-1/04', { stage: 'rollback' })),
      { type: 'reconciled', by: 'ada', reason: 'r', proof: [] },
    );
    const statuses = Object.fromEntries([...operations].map(([id, { status }]) => [id.slice(3), status]));
    expect(statuses).toEqual({
      ...{ 'one/apply/01-applySql': 'undone', 'rollback-1/01': 'by-hand', 'rollback-1/03': 'by-hand' },
      ...{ 'one/apply/02': 'skipped', 'one/apply/03': 'intended', 'rollback-1/04': 'intended' },
    });
  });
});

describe('whether an operation is being taken back', () => {
  const key = 'r1/one/apply/01-applySql';
  const state = (...entries: JournalEntry[]) =>
    after(['r1', intent(sql)], ...entries.map((entry): [string, JournalEntry] => ['r2', entry]));

  it('is so once an undo of it has begun, or a restore that covers it', () => {
    expect(isBeingTakenBack(state(), key)).toBe(false);
    for (const more of [{ undoes: ['r0/x', key] }, { undoes: undefined, covers: [key] }])
      expect(isBeingTakenBack(state(intent(undoOf(key, more))), key)).toBe(true);
    expect(isBeingTakenBack(state(intent(undoOf('r1/other')), intent(of('plain'))), key)).toBe(false);
    expect(isBeingTakenBack(state(intent(undoOf('x', { undoes: undefined, covers: ['r1/other'] }))), key)).toBe(false);
  });

  it('is not by an undo that has not begun, nor by the one that asks', () => {
    const skipped: JournalEntry = { type: 'skipped', operation: undoOf(key), by: 'a', reason: 'r' };
    expect(isBeingTakenBack(state(skipped), key)).toBe(false);
    expect(isBeingTakenBack(state(intent(undoOf(key))), key, 'r2/rollback-1/01')).toBe(false);
    const two = state(intent(undoOf(key)), intent({ ...undoOf(key), id: 'rollback-2/01' }));
    expect(isBeingTakenBack(two, key, 'r2/rollback-1/01')).toBe(true);
  });
});

describe('consistency is decided', () => {
  const phase = (state: 'running' | 'completed' | 'rolling-back' | 'rolled-back'): JournalEntry => ({
    ...{ type: 'phase-state', phase: 'one', ordinal: 1, title: '', state, of: 'r1' },
  });
  const planned: JournalEntry = {
    ...{ type: 'rollback-planned', rollback: 1, to: 'baseline', operations: 1, reason: 'r', restoreData: false },
  };
  const finished: JournalEntry = { type: 'rollback-finished', rollback: 1, phases: [], consistent: true };
  const story = (...entries: JournalEntry[]) => {
    const journal = new ToldJournal();
    journal.write('r1', sealed, phase('running'), intent(sql), phase('completed'), runState('completed'));
    const seen = [];
    for (const entry of entries) {
      journal.write('r2', entry);
      seen.push(`${entry.type} ${journal.state.consistent}`);
    }
    return seen;
  };
  const undo = undoOf('r1/one/apply/01-applySql');

  it('by each line that a rollback moves it with', () => {
    expect(story(sealed, planned, phase('rolling-back'), intent(undo))).toEqual([
      ...['run-sealed true', 'rollback-planned true', 'phase-state false', 'intent false'],
    ]);
    // Given up before any effect, it is as it was; after one, it is not.
    expect(story(sealed, planned, phase('rolling-back'), finished).at(-1)).toBe('rollback-finished true');
    expect(story(sealed, planned, phase('rolling-back'), runState('aborted')).at(-1)).toBe('run-state true');
    expect(story(sealed, planned, phase('rolling-back'), planned).at(-1)).toBe('rollback-planned true');
    for (const last of [finished, runState('aborted'), planned])
      expect(story(sealed, planned, phase('rolling-back'), intent(undo), last).at(-1)).toContain('false');
    // A look alone is no effect.
    const look = of('rollback-1/00', { stage: 'rollback', kind: 'runChecks' });
    expect(story(sealed, planned, phase('rolling-back'), intent(look), finished).at(-1)).toContain('true');
    // Neither is what goes forward meanwhile, nor the end of a task.
    expect(story(sealed, planned, phase('rolling-back'), intent(of('x')), finished).at(-1)).toContain('true');
    expect(story(sealed, planned, phase('rolling-back'), intent(undo), phase('rolled-back')).at(-1)).toContain('true');
  });

  it('not by the end of a task, nor by a pause', () => {
    const journal = new ToldJournal();
    journal.write('r1', sealed, phase('running'), intent(sql), phase('completed'), runState('completed'));
    journal.write('b1', task);
    journal.write('r2', sealed, planned, phase('rolling-back'));
    journal.write('b1', runState('completed'));
    journal.write('r2', runState('paused'));
    expect(journal.state.consistent).toBe(false);
    expect(journal.state.applications.get('r1/one')?.state).toBe('rolling-back');
  });

  it('by a person who skips, settles or reconciles, and by the receipt of an undo', () => {
    const skipped: JournalEntry = { type: 'skipped', operation: undo, by: 'a', reason: 'r' };
    const byHand: JournalEntry = { type: 'done-by-hand', operation: undo, by: 'a', reason: 'r', proof: [] };
    const reconciled: JournalEntry = { type: 'reconciled', by: 'a', reason: 'r', proof: [] };
    expect(story(skipped, byHand)).toEqual(['skipped false', 'done-by-hand true']);
    expect(story(skipped, reconciled)).toEqual(['skipped false', 'reconciled true']);
    const told = { operation: undo.id, kind: 'applySql@1', outcome: 'done' as const, summary: '', effectDigest: '' };
    const receipt = { ...told, undo: undo.undo, facts: {}, startedAt: '', finishedAt: '' };
    const done: JournalEntry = { type: 'receipt', operation: undo.id, attempt: 1, receipt };
    expect(story(intent(undo), skipped, done)).toEqual(['intent true', 'skipped false', 'receipt true']);
  });
});
