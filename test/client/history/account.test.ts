import { describe, expect, it } from '@jest/globals';
import { accountMarkdown } from '../../../client/history/account-markdown.ts';
import { accountPage } from '../../../client/history/account-page.ts';
import { accountOf } from '../../../client/history/account.ts';
import { storyLine } from '../../../client/history/story.ts';
import { workflowPage } from '../../../client/settings/settings.ts';
import { plainPage } from '../../../client/rendering/style.ts';
import { at, operation, recordedRun, runId } from './recorded-run.ts';

const account = (until?: number) => accountOf('shop', recordedRun(until).records, runId)!;

describe('the account of a run', () => {
  it('tells each operation with its attempts, failures and durations', () => {
    const [phase] = account().phases;
    expect(phase).toMatchObject({
      id: 'orders',
      state: 'rolled-back',
      startedAt: at(1),
      finishedAt: at(74),
      durationMs: 73_000,
    });
    expect(phase!.operations).toEqual([
      expect.objectContaining({
        summary: 'expand the orders table',
        outcome: 'done',
        result: 'expanded 4,900 rows',
        attempts: 2,
        durationMs: 70_000,
        workMs: 11_700,
        failures: [{ at: at(4), attempt: 1, error: { name: 'StepFailed', message: 'relation exists', hint: 'Look.' } }],
      }),
      expect.objectContaining({ summary: 'tag shop-phase-2', outcome: 'skipped', result: 'ada@desk: tagged by hand' }),
    ]);
  });

  it('tells rollbacks apart from the phases that they take back', () => {
    expect(account().rollbacks).toEqual([
      expect.objectContaining({
        to: 'baseline',
        reason: 'errors doubled',
        restoreData: false,
        durationMs: 4500,
        consistent: true,
        operations: [
          expect.objectContaining({ result: 'orders is as it was', undoes: [`${runId}/orders/apply/01-runContainer`] }),
        ],
      }),
    ]);
  });

  it('tells who decided what, and why', () => {
    expect(account().decisions).toEqual([
      { at: at(0), by: 'ada@desk', decision: 'start' },
      { at: at(60), by: 'ada@desk', decision: 'retry' },
      {
        ...{ at: at(73), by: 'ada@desk', decision: 'skipped orders/complete/02-runContainer' },
        reason: 'tagged by hand',
      },
      { at: at(80), by: 'bob@desk', decision: 'rollback', reason: 'errors doubled' },
    ]);
  });

  it('knows how a run stands that is not over', () => {
    expect(account(4.1)).toMatchObject({ state: 'awaiting-operator', reason: 'relation exists', durationMs: 4100 });
    expect(account(4.1).finishedAt).toBeUndefined();
    expect(account(2).phases[0]!.operations[0]!.outcome).toBe('open');
    expect(account(4).phases[0]!.operations[0]!.outcome).toBe('failed');
    expect(account(82).rollbacks[0]!.consistent).toBeUndefined();
  });

  it('knows no run that the journal does not know', () => {
    expect(accountOf('shop', recordedRun().records, 'other')).toBeUndefined();
    expect(accountOf('shop', [], runId)).toBeUndefined();
  });

  it('counts an attempt that failed before its intent was written, also of an undo', () => {
    const { records } = recordedRun(82);
    const at85 = { seq: 99, at: at(85), run: runId, epoch: 1 };
    const error = { name: 'Unreachable' as const, message: 'no engine' };
    const lost = { ...at85, type: 'failure' as const, operation: 'rollback-1/01-applyCheckpoint', attempt: 1, error };
    const known = accountOf('shop', [...records, lost], runId)!;
    expect(known.rollbacks[0]!.operations).toMatchObject([{ outcome: 'failed', failures: [{ attempt: 1, error }] }]);
    expect(accountPage(known, plainPage).at(-1)).toBe('1 phase, 2 failed attempts, 1 rollback');
  });

  it('names the execution that carried it out, which is not the newest of its workflow', () => {
    expect(account().workflows).toEqual([{ workflowId: 'migration/shop', workflowRunId: 'w' }]);
    const settings = { ui: 'http://127.0.0.1:8233', namespace: 'default' };
    expect(workflowPage(settings, 'migration/shop', 'w')).toBe(
      'http://127.0.0.1:8233/namespaces/default/workflows/migration%2Fshop/w/history',
    );
  });

  it('takes operations that only look from their receipt', () => {
    const { records } = recordedRun(1);
    const looked = { ...recordedRun().records.find((record) => record.type === 'receipt')!, seq: 99 };
    expect(accountOf('shop', [...records, looked], runId)!.phases[0]!.operations).toMatchObject([
      { outcome: 'done', kind: 'runContainer' },
    ]);
  });
});

describe('the account as text', () => {
  it('reads as the story, each line with how far into the run it was', () => {
    const text = accountPage(account(), plainPage).join('\n');
    expect(text).toContain('Run 20260301-100000-abcd of shop-v2 against shop: rolled-back');
    expect(text).toContain('Phase 1 orders: orders_v2 beside orders rolled-back after 1m 13s');
    expect(text).toMatch(/expand the orders table +done +2 attempts +1m 10s/);
    expect(text).toContain('+4.0 s  orders/apply/01-runContainer failed: relation exists');
    expect(text).toContain('+1m 12s  expanded 4,900 rows (11.7 s)');
    expect(text).toContain('ada@desk skipped tag shop-phase-2: tagged by hand');
    expect(text).toContain('Rollback 1 to baseline finished after 4.5 s: errors doubled');
    expect(text).toContain('1 phase, 1 failed attempt, 1 rollback');
  });

  it('is a Markdown page whose tables survive what people write', () => {
    const { records } = recordedRun();
    const tricky = operation('orders/apply/03-runContainer', 'a | b');
    records.splice(12, 0, {
      seq: 0,
      at: at(73.5),
      run: runId,
      epoch: 1,
      type: 'skipped',
      operation: tricky,
      by: 'x',
      reason: 'c | d\ne',
    });
    const text = accountMarkdown(accountOf('shop', records, runId)!, 'http://ui/w').join('\n');
    expect(text).toContain('# Run 20260301-100000-abcd of shop-v2: rolled-back');
    expect(text).toContain('Workflow: <http://ui/w>');
    expect(text).toContain('| `orders/apply/03-runContainer` | x: c \\| d e | skipped | 1 | 0 ms |');
    expect(text).toContain('## Rollback 1 to baseline');
  });
});

describe('the story', () => {
  it('has words for every kind of line that concerns people', () => {
    const silent = recordedRun().records.filter((record) => storyLine(record) === undefined);
    expect(silent.map((record) => record.type)).toEqual(['lease-taken']);
  });
});
