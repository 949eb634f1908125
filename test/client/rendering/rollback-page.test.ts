import { describe, expect, it } from '@jest/globals';
import { rollbackPage } from '../../../client/rendering/rollback-page.ts';
import { plainPage } from '../../../client/rendering/style.ts';
import { restoredPoints, type RollbackPreview } from '../../../client/runs/rollback-preview.ts';
import type { Operation } from '../../../runbook/operations.ts';
import type { RollbackPlan } from '../../../runbook/rollback.ts';
import { applyRecord, emptyTargetState } from '../../../runbook/target-state.ts';
import { at, operation, receipt, runId } from '../history/recorded-run.ts';

const now = new Date(at(3600));

const backup: Operation = {
  ...operation('orders/backup/01-backupStore', 'back up orders'),
  kind: 'backupStore',
  input: { store: 'orders', point: 'orders-store' },
};
const state = emptyTargetState();
applyRecord(state, {
  seq: 1,
  at: at(9),
  run: runId,
  epoch: 1,
  type: 'intent',
  operation: backup,
  attempt: 1,
  undo: backup.undo,
  facts: {},
});
applyRecord(state, {
  ...{ seq: 2, at: at(60), run: runId, epoch: 1, type: 'receipt', operation: backup.id, attempt: 1 },
  receipt: { ...receipt(backup.id, 'backed up orders', 10, 60), facts: { point: 'r1/orders-store', bytes: 2048 } },
});
const restore: Operation = {
  ...operation('rollback-1/01-restoreStore', 'restore store:orders from r1/orders-store'),
  kind: 'restoreStore',
  input: { store: 'orders', point: 'r1/orders-store' },
};

const plan = (parts: Partial<RollbackPlan>): RollbackPlan => ({
  ordinal: 1,
  to: 'baseline',
  scope: 'quick',
  phases: [{ id: 'orders', ordinal: 2, title: 'Orders' }],
  operations: [operation('rollback-1/01-applyCheckpoint', 'bring the stack back to baseline')],
  kept: [{ operation: 'o', summary: 'expand orders', why: 'the old version does not mind it' }],
  restored: [],
  ...parts,
});
const page = (
  rollback: RollbackPlan,
  standing = 0,
  waysBack: RollbackPreview['waysBack'] = {},
  points: RollbackPreview['points'] = restoredPoints(rollback, state),
) =>
  rollbackPage(
    { target: 'shop', plan: rollback, asOf: at(3590), points, standing, waysBack, data: [] },
    plainPage,
    now,
  ).join('\n');

describe('what a rollback would do', () => {
  it('is each operation in its order, and what stays with its reason', () => {
    const text = page(plan({}));
    expect(text).toContain('Rollback of shop to baseline (quick), as the journal stands (10.0 s ago)');
    expect(text).toContain(' 1  bring the stack back to baseline');
    expect(text).toContain('  expand orders\n      the old version does not mind it');
    expect(text).toContain('left alone; what is protected is looked at again on the way');
  });

  it('says what is discarded, and not then that nothing is lost', () => {
    const text = page(plan({ discards: ['drop column orders.note'] }));
    expect(text).toContain('discarded, archived first: drop column orders.note');
    expect(text).not.toContain('nothing that was written is lost');
  });

  it('says of undos of SQL that they stop where they would discard data, or what is archived once that is confirmed', () => {
    const sql: Operation = {
      ...operation('rollback-1/01-applySql', 'run the undo'),
      kind: 'applySql',
      input: { store: 'db', source: { statement: 'select 1' }, transactional: true, expand: false },
      undoes: ['r1/orders/apply/01-applySql'],
    };
    expect(page(plan({ operations: [{ ...sql, keepsData: true }] }))).toContain(
      'an undo of SQL that a trigger, rule or cascade makes discard data stops before its commit',
    );
    const confirmed = page(plan({ operations: [sql] }));
    expect(confirmed).toContain('1 undo of SQL may discard more by triggers, rules or cascades: it is archived first');
    expect(confirmed).not.toContain('nothing that was written is lost');
  });

  it('names the recovery point of each resource, its age and size, and says that later rows are lost', () => {
    const text = page(plan({ operations: [restore], restored: ['store:orders'] }));
    expect(text).toMatch(
      /store:orders is replaced by recovery point r1\/orders-store, taken .* \(59m 00s ago\), 2\.00 KiB/,
    );
    expect(text).toContain('what was written since is lost');
    expect(text).not.toContain('left alone');
  });

  it('[M12] promises the time that the test of each point took, or says that nobody knows it', () => {
    const restoring = plan({ operations: [restore], restored: ['store:orders'] });
    expect(page(restoring)).toContain('never restored as a test: how long a restore takes, nobody knows');
    const promise = { point: 'r1/orders-store', takenAt: at(60), provenAt: at(0), tookMs: 3400, expired: false };
    const [point] = restoredPoints(restoring, state);
    const tested = page(restoring, 0, {}, [{ ...point!, promise }]);
    expect(tested).toContain('      restored in 3.4 s when it was tested, 1h 00m ago\n');
    expect(tested).toContain('restoring takes 3.4 s on top of the way back');
  });

  it('says that all databases of a server go back, where the point is one of a whole server', () => {
    const record = [...state.operations.values()][0]!;
    const facts = record.receipt!.facts;
    facts['databases'] = ['billing', 'orders', 'postgres'];
    const text = page(plan({ operations: [restore], restored: ['store:orders'] }));
    delete facts['databases'];
    expect(text).toMatch(/the whole server goes back.*: billing, orders, postgres/);
    expect(text).not.toContain('the exact rows are counted');
  });

  it('says which other stores are on that server, and of which nobody knows', () => {
    const together = [{ resource: 'store:orders', stores: ['store:billing'], unseen: ['store:audit'] }];
    const text = page(plan({ operations: [restore], restored: ['store:orders', 'store:billing'], together }));
    expect(text).toContain('store:billing is on it and goes back too: what was written to it since is lost as well');
    expect(text).toContain('store:audit was not looked at yet: where it is on this server, it goes back too');
  });

  it('says what loses data because that was asked for, and then never that nothing is lost', () => {
    const text = page(plan({ discards: ['drop column note'] }));
    expect(text).toContain('discarded, archived first: drop column note');
    expect(text).not.toContain('nothing that was written is lost');
  });

  it('[M12] promises the time that a rehearsal measured, or says why nobody knows it', () => {
    const known = { phase: 'orders', at: at(0), planDigest: 'f' };
    expect(page(plan({}))).toContain('orders: not rehearsed: nobody asked for it');
    expect(page(plan({}), 0, { orders: { ...known, outcome: 'held', seconds: { build: 9, back: 12.3 } } })).toContain(
      'takes 12.3 s, as rehearsed',
    );
    expect(page(plan({}), 0, { orders: { ...known, outcome: 'not-rehearsed', why: 'too little memory' } })).toMatch(
      /orders: not rehearsed: too little memory, 1h 00m ago/,
    );
  });

  it('says when operations began and never reported', () => {
    expect(page(plan({}), 2)).toContain(
      '2 operations began and never reported: each is looked at before it is taken back',
    );
  });
});
