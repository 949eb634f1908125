import { describe, expect, it } from '@jest/globals';
import type { OpenRunRequest } from '../../runbook/activities.ts';
import { breakGlassHolder } from '../../runbook/break-glass/index.ts';
import type { JournalEntry } from '../../runbook/journal.ts';
import { conflictWith, leftOut, overtaken, sameHolder } from '../../runbook/lease-conflict.ts';
import { outlinedPlan, type Outline } from '../workflows/compiled-plan.ts';
import { ToldJournal } from './told-journal.ts';
import { undoSql } from './undos.ts';

const sql = { stage: 'apply', kind: 'applySql', input: { store: 'db' }, undo: undoSql } as const;
const planOf = (...outlines: Partial<Outline>[]) =>
  outlinedPlan(
    'shop',
    '/s',
    outlines.map((outline, index) => ({ id: `phase-${index + 1}`, operations: [sql], ...outline })),
  );
const plan = planOf({});
const holder = { workflowId: 'migration/shop', workflowRunId: 'w1' };
const asking = (more: Partial<OpenRunRequest> = {}): OpenRunRequest => ({
  ...{ target: 'shop', runId: 'r2', operator: 'me', holder, plan, ...more },
});
const alone = (runId = 'r2') => {
  const { plan: _plan, ...rest } = asking({ runId });
  return rest;
};
const task = (id: string): JournalEntry => ({
  ...{ type: 'task-sealed', task: 'create', plan: 'p', manifest: 'm', operator: id },
});
/** A target by what happened to it last. */
const targets = {
  fresh: () => new ToldJournal(),
  idle: () => {
    const journal = new ToldJournal();
    journal.run('r1', plan);
    return journal;
  },
  running: () => {
    const journal = new ToldJournal();
    journal.seal('r1', plan);
    journal.write('r1', { type: 'run-state', state: 'awaiting-operator' });
    return journal;
  },
  backingUp: () => {
    const journal = targets.idle();
    journal.write('backup-1', task('backup-1'));
    return journal;
  },
  backedUp: () => {
    const journal = targets.backingUp();
    journal.write('backup-1', { type: 'run-state', state: 'completed' });
    return journal;
  },
  leftOut: () => {
    const journal = targets.idle();
    journal.rollBack('baseline', {}, Infinity, { applySql: 'skipped' });
    return journal;
  },
  half: () => {
    const journal = targets.idle();
    journal.run('r1b', planOf({ id: 'more' }));
    journal.rollBack('baseline', {}, 1);
    return journal;
  },
  brokenGlass: () => {
    const journal = targets.idle();
    journal.write('by-hand', {
      ...{ type: 'lease-taken', holder: { workflowId: breakGlassHolder, workflowRunId: 'x' } },
    });
    return journal;
  },
};
type Named = keyof typeof targets;
const answer = (name: Named, request: OpenRunRequest) => conflictWith(targets[name]().state, request)?.message;

const open = 'run r1 of shop has not ended (it is awaiting-operator)';
const busy = 'backup-1 is at work on the recovery points of shop';
const inconsistent = expect.stringContaining('shop is inconsistent: an undo was skipped');
const half = expect.stringContaining('shop is inconsistent: half taken back: more (run r1b), phase-1 (run r1)');
const glass = 'a break-glass script has worked on shop';

describe('the lease of a target', () => {
  const cases = (answers: Partial<Record<Named, unknown>>) => Object.entries(answers) as [Named, unknown][];

  it.each(
    cases({
      ...{ fresh: undefined, idle: undefined, backedUp: undefined, running: open },
      ...{ backingUp: busy, leftOut: inconsistent, half, brokenGlass: glass },
    }),
  )('for a new run, where it is %s: %s', (name, conflict) => {
    expect(answer(name, asking())).toEqual(conflict);
  });

  it.each(
    cases({
      ...{ idle: undefined, running: undefined, backingUp: undefined },
      ...{ leftOut: undefined, half: undefined, brokenGlass: glass },
    }),
  )('for a rollback alone, which waits for nobody, where it is %s: %s', (name, conflict) => {
    expect(answer(name, alone())).toEqual(conflict);
  });

  it.each(cases({ idle: undefined, running: open, backingUp: undefined, leftOut: undefined, brokenGlass: glass }))(
    'for a task, where it is %s: %s',
    (name, conflict) => {
      expect(answer(name, asking({ task: 'create' }))).toEqual(conflict);
    },
  );

  it('is for the run that is open, however it asks, and not for one that has ended', () => {
    const ended = 'run r1 of shop is not open any more';
    for (const request of [asking({ runId: 'r1' }), asking({ runId: 'r1', goOn: true }), alone('r1')]) {
      expect(answer('running', request)).toBeUndefined();
      expect(answer('idle', request)).toBe(ended);
    }
    expect(answer('running', asking({ runId: 'r9', goOn: true }))).toBe('run r9 of shop is not open any more');
    expect(answer('running', asking({ runId: 'r1', task: 'create' }))).toBeUndefined();
    expect(answer('backingUp', asking({ runId: 'backup-1' }))).toBeUndefined();
  });

  it('is refused with what to do, and what is in the way', () => {
    const error = (name: Named, request: OpenRunRequest) => conflictWith(targets[name]().state, request);
    const since = '2026-01-01T00:00:00Z';
    expect(error('running', asking())).toMatchObject({
      ...{ name: 'Conflict', hint: expect.stringContaining('`switchback reconcile` shows the ways on') },
      facts: { run: 'r1', state: 'awaiting-operator' },
    });
    expect(error('running', asking({ task: 'create' }))).toMatchObject({
      hint: expect.stringContaining('`switchback status` shows where it stands'),
    });
    expect(error('backingUp', asking())).toMatchObject({
      ...{ name: 'Conflict', hint: expect.stringContaining('backup/shop') },
      facts: { task: 'backup-1', since },
    });
    expect(error('half', asking())).toMatchObject({ name: 'Conflict', hint: expect.stringContaining('rollback') });
    expect(error('brokenGlass', asking())).toMatchObject({
      ...{ name: 'Conflict', hint: expect.stringContaining('break-glass --accept --target shop') },
    });
    expect(error('idle', alone('r1'))).toMatchObject({
      ...{ name: 'Conflict', hint: 'Type `switchback status`.', facts: { run: 'r1', open: null } },
    });
    expect(error('running', asking({ runId: 'r9', goOn: true }))?.facts).toEqual({ run: 'r9', open: 'r1' });
  });

  it('is lost to whoever was faster, and otherwise asked for once more as it is now', () => {
    const { state } = targets.running();
    state.epoch = 7;
    expect(overtaken(6, state, asking())).toMatchObject({
      ...{ name: 'Conflict', message: 'the lease of shop was taken by somebody else just now' },
    });
    expect(overtaken(7, state, asking())?.message).toBe(open);
    expect(overtaken(7, state, alone())).toBeUndefined();
  });

  it('is that of one execution of one workflow', () => {
    const { state } = targets.fresh();
    expect(sameHolder(state, asking())).toBe(false);
    state.holder = { ...holder };
    expect(sameHolder(state, asking())).toBe(true);
    expect(sameHolder(state, asking({ holder: { ...holder, workflowRunId: 'w2' } }))).toBe(false);
    expect(sameHolder(state, asking({ holder: { ...holder, workflowId: 'backup/shop' } }))).toBe(false);
  });
});

describe('phases that are left out', () => {
  const own = planOf({ id: 'a', optional: true }, { id: 'b' }, { id: 'c', optional: true });

  it('are those that are named, if they are optional', () => {
    expect(leftOut(asking(), own)).toEqual([]);
    expect(leftOut(asking({ without: ['c', 'a'] }), own)).toEqual(['c', 'a']);
  });

  it('are refused otherwise, with those that may be', () => {
    for (const id of ['b', 'nowhere'])
      expect(() => leftOut(asking({ without: ['a', id] }), own)).toThrow(
        expect.objectContaining({
          ...{ name: 'PlanInvalid', message: `phase ${id} is not an optional phase of the plan` },
          hint: 'Phases that may be left out: a, c.',
        }),
      );
    expect(() => leftOut(asking({ without: ['b'] }), planOf({ id: 'b' }))).toThrow(
      expect.objectContaining({ hint: 'Phases that may be left out: none.' }),
    );
  });
});
