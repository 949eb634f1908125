import { describe, expect, it } from '@jest/globals';
import { statusPage } from '../../../client/rendering/status-page.ts';
import type { Restorable } from '../../../client/runs/restorable.ts';
import { plainPage, plainStyle } from '../../../client/rendering/style.ts';
import { parked, runStatus } from '../runs/run-status.ts';

const now = new Date('2026-03-01T10:02:00.000Z');
const page = (report: Partial<Parameters<typeof statusPage>[0]>, live?: string[], restorable?: readonly Restorable[]) =>
  statusPage({ source: 'run', asOf: now.toISOString(), ui: 'http://ui', status: runStatus(), ...report }, plainPage, {
    now,
    ...(live && { live }),
    ...(restorable && { restorable }),
  }).join('\n');

describe('the status page', () => {
  it('is a table of phases with their stage and how far they are', () => {
    const text = page({});
    expect(text).toContain('shop  run 20260301-100000-abcd of shop-v2 (dddddddddddd)  running');
    expect(text).toMatch(/1 +baseline +Prove what we start from +low +completed +6\/6 +12\.3 s/);
    expect(text).toMatch(/2 +orders +orders_v2 beside orders +medium +running +backup +2\/11/);
    expect(text).toMatch(/3 +api-v2 .* pending +0\/9/);
    expect(text).toContain('http://ui');
  });

  it('shows what is under way, with live progress', () => {
    const operation = {
      id: 'o',
      summary: 'back up orders',
      stage: 'backup' as const,
      workflowId: 'w',
      startedAt: '2026-03-01T10:01:47.700Z',
    };
    const text = page({ status: runStatus({ operation }) }, ['dumping 40 MiB']);
    expect(text).toContain('under way  back up orders (backup, for 12.3 s)\n  dumping 40 MiB');
  });

  it('says where a run stands still, why, and whom to call', () => {
    const contacts = [{ role: 'dba', name: 'Ada', contact: '+1 555' }];
    const text = page({ status: runStatus({ state: 'awaiting-operator', waiting: parked, contacts }) });
    expect(text).toContain('waiting for you, since ');
    expect(text).toContain('stopped at  apply schemas/002.sql to orders (orders/apply/01-applySql)');
    expect(text).toContain('because     relation "orders_v2" already exists');
    expect(text).toContain('hint        Look at the database.');
    expect(text).toContain('dba: Ada, +1 555');
  });

  it('says who has approved already, and that this is not authenticated', () => {
    const waiting = {
      ...parked,
      for: 'approval' as const,
      approval: { role: 'lead', given: [{ by: 'ada@x', at: '', comment: 'fine' }] },
    };
    const text = page({ status: runStatus({ state: 'awaiting-approval', waiting }) });
    expect(text).toContain('waiting for the approval of lead');
    expect(text).toContain('given by ada@x ("fine") (recorded, not authenticated)');
  });

  it('says that it comes from the journal, how old that is, and why', () => {
    const text = page({ source: 'journal', asOf: '2026-03-01T10:01:50.000Z', because: 'the server is away' });
    expect(text).toMatch(/from the journal, as of \S+ \S+ \(10\.0 s ago\): the server is away/);
  });

  it('[M12] promises how long a restore takes, with the age of what was measured, or says that nobody has tried', () => {
    const promise = {
      point: 'r1/orders-store-orders',
      takenAt: '2026-02-28T09:00:00.000Z',
      provenAt: '2026-02-28T10:02:00.000Z',
      tookMs: 3400,
      expired: false,
    };
    const text = page({}, undefined, [
      { resource: 'store:orders', promise },
      { resource: 'volume:shop_uploads', promise: { ...promise, expired: true } },
      { resource: 'volume:shop_cache' },
    ]);
    expect(text).toMatch(
      /data\n {2}store:orders: restored in 3\.4 s when it was tested, 1d 00h ago {2}r1\/orders-store/,
    );
    expect(text).toMatch(/volume:shop_uploads: .*: the proof has expired/);
    expect(text).toContain('volume:shop_cache: no recovery point of it was ever restored as a test');
    expect(page({})).not.toContain('\ndata\n');
  });

  it('says when the workflow is over although the run is not', () => {
    expect(page({ ended: 'TERMINATED' })).toContain('its workflow has ended (TERMINATED) although the run has not');
  });

  it('shows rollbacks and an inconsistent target', () => {
    const rollback = {
      ordinal: 1,
      workflowId: 'w',
      to: 'baseline',
      reason: 'errors',
      state: 'running' as const,
      done: 1,
      total: 4,
      startedAt: '2026-03-01T10:01:00.000Z',
      restoreData: false,
    };
    const text = page({ status: runStatus({ state: 'rolling-back', rollbacks: [rollback], inconsistent: true }) });
    expect(text).toContain('rollback 1 to baseline: running, 1/4 undone, for 1m 00s, data left alone: errors');
    expect(text).toContain('the target is inconsistent');
  });

  it('keeps within the width of the terminal', () => {
    const long = runStatus({ phases: [{ ...runStatus().phases[0]!, title: 'x'.repeat(300) }] });
    const lines = statusPage(
      { source: 'run', asOf: '', ui: '', status: long },
      { style: plainStyle, width: 100 },
      { now },
    );
    expect(Math.max(...lines.filter((line) => line.includes('xxx')).map((line) => line.length))).toBeLessThanOrEqual(
      100,
    );
  });
});
