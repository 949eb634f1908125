import { describe, expect, it } from '@jest/globals';
import { expiredProofs, proofsOf } from '../../runbook/fresh-proof.ts';
import { momentOf, formatSkew, pointSet } from '../../runbook/point-set.ts';
import { recoveryOf } from '../../runbook/recovery.ts';
import type { Operation, Receipt } from '../../runbook/operations.ts';
import { outlinedPlan } from '../workflows/compiled-plan.ts';
import { ToldJournal } from './told-journal.ts';

const plan = {
  ...outlinedPlan('shop', '/stack', [
    {
      id: 'one',
      operations: [
        { stage: 'backup', kind: 'backupVolume', input: { volume: 'data', point: 'p1', quiesce: 'stop' } },
        { stage: 'backup', kind: 'backupStore', input: { store: 'db', point: 'p2' } },
        { stage: 'backup', kind: 'proveBackup', input: { point: 'p1' } },
        { stage: 'backup', kind: 'proveBackup', input: { point: 'p2' } },
        { stage: 'cutover', kind: 'applyCheckpoint' },
        { stage: 'cutover', kind: 'switchImage', input: { service: 'api', image: 'a:2' } },
      ],
    },
    { id: 'two', operations: [{ stage: 'apply', kind: 'applySql', input: { store: 'db' } }] },
  ]),
  proofAgeSeconds: 3600,
};
const operations = plan.phases.flatMap(({ stages }) => stages.flatMap((stage) => stage.operations));
const [, , proof1, proof2, cutover, image] = operations as [
  Operation,
  Operation,
  Operation,
  Operation,
  Operation,
  Operation,
];

describe('what must be restorable', () => {
  it('is what phases back up and what the plan protects, each once', () => {
    const protect = [
      { volume: 'data', kind: 'protected' },
      { volume: 'kept' },
      { store: 'db', tables: ['*'] },
      { path: 'schemas' },
    ] as unknown as typeof plan.protect;
    expect(recoveryOf({ ...plan, protect })).toEqual({
      resources: ['volume:data', 'store:db', 'volume:kept'],
      proofAgeSeconds: 3600,
    });
  });
});

describe('proofs that a cutover rests on', () => {
  const at = '2026-01-01T00:00:00.000Z';
  const then = Date.parse(at);
  const told = () => {
    const journal = new ToldJournal();
    journal.seal('r1', plan);
    return journal;
  };
  const prove = (journal: ToldJournal, operation: Operation, facts: Receipt['facts'], run = 'r1') =>
    journal.write(
      run,
      { type: 'intent', operation, attempt: 1, undo: operation.undo, facts: {} },
      {
        type: 'receipt',
        operation: operation.id,
        attempt: 1,
        receipt: {
          ...{ operation: operation.id, kind: 'proveBackup@1', outcome: 'done', summary: '', effectDigest: '' },
          ...{ undo: operation.undo, facts, startedAt: '', finishedAt: at },
        },
      },
    );
  const expired = (journal: ToldJournal, now: number, operation = cutover) =>
    expiredProofs(plan, operation, 'r1', journal.state, now);

  it('are those of its phase', () => {
    expect(proofsOf(plan.phases[0]!).map(({ id }) => id)).toEqual([proof1.id, proof2.id]);
    expect(proofsOf(plan.phases[1]!)).toEqual([]);
  });

  it('count as long as the plan says, to the second, from when they were made', () => {
    const journal = told();
    prove(journal, proof1, { proof: { at } });
    prove(journal, proof2, {});
    expect(expired(journal, then + 3_600_000)).toEqual([]);
    expect(expired(journal, then + 3_600_001)).toEqual([
      { point: 'p1', at },
      { point: 'p2', at },
    ]);
  });

  it('are of the moment that they name, where they name one', () => {
    const journal = told();
    const early = '2025-12-31T00:00:00.000Z';
    prove(journal, proof1, { proof: { at: early } });
    prove(journal, proof2, {});
    expect(expired(journal, then)).toEqual([{ point: 'p1', at: early }]);
  });

  it('are missing where the journal knows none, or one of another run or another point', () => {
    const journal = told();
    prove(journal, proof1, { proof: { at } }, 'r0');
    expect(expired(journal, then)).toEqual([{ point: 'p1' }, { point: 'p2' }]);
    prove(journal, proof2, { proof: { at } });
    expect(expired(journal, then)).toEqual([{ point: 'p1' }]);
  });

  it('are settled where a person left one out or gave it by hand, and not by one that has only begun', () => {
    const journal = told();
    journal.perform('r1', proof1, 'skipped');
    journal.perform('r1', proof2, 'by-hand');
    expect(expired(journal, then)).toEqual([]);
    const begun = told();
    begun.perform('r1', proof1, 'intended');
    begun.perform('r1', proof2, 'skipped');
    expect(expired(begun, then)).toEqual([{ point: 'p1' }]);
  });

  it('are asked for by the first operation of the cutover alone', () => {
    expect(expired(told(), then, image)).toEqual([]);
    expect(expired(told(), then, proof1)).toEqual([]);
    expect(expired(told(), then, { ...cutover, phase: 'gone' })).toEqual([]);
    expect(expired(told(), then, operations.at(-1))).toEqual([]);
  });
});

describe('the moment of a point', () => {
  const manifest = {
    ...{ run: 'r', point: 'p', source: { resource: 'volume:x' }, quiesce: 'stop', canary: {} },
    startedAt: '2026-03-01T00:00:00.000Z',
    sealedAt: '2026-03-01T00:01:00.000Z',
  };
  const span = (more: Partial<Parameters<typeof momentOf>[0]>) => {
    const { from, to } = momentOf({ ...manifest, ...more });
    return [from.slice(14, 19), to.slice(14, 19)];
  };

  it('is when it was begun, for what was kept still', () => {
    expect(momentOf(manifest)).toEqual({
      point: 'r/p',
      resource: 'volume:x',
      from: manifest.startedAt,
      to: manifest.startedAt,
    });
  });

  it('is any until it was sealed, for what was not', () => {
    expect(span({ quiesce: 'none' })).toEqual(['00:00', '01:00']);
    const { sealedAt: _sealedAt, ...unsealed } = manifest;
    expect(momentOf({ ...unsealed, quiesce: 'none' }).to).toBe(manifest.startedAt);
  });

  it('is what was read in it, where it says so, to the end of what was copied', () => {
    const takenAt = '2026-03-01 00:00:30+00';
    expect(span({ canary: { takenAt } })).toEqual(['00:30', '00:30']);
    expect(span({ quiesce: 'none', canary: { takenAt } })).toEqual(['00:30', '00:30']);
    expect(span({ canary: { takenAt, endedAt: '2026-03-01T00:00:40.000Z' } })).toEqual(['00:30', '00:40']);
    // A clock that was put back in between says nothing.
    expect(span({ canary: { takenAt, endedAt: '2026-03-01T00:00:20.000Z' } })).toEqual(['00:30', '00:30']);
    expect(span({ canary: { takenAt: 'yesterday' } })).toEqual(['00:00', '00:00']);
    expect(span({ canary: { takenAt: 7, endedAt: 8 } })).toEqual(['00:00', '00:00']);
  });

  it('makes a set as far apart as its earliest and latest content, in whatever order', () => {
    const moment = (point: string, from: string, to = from) => ({ point, resource: 'x', from, to });
    const [a, b, c] = [
      moment('a', '2026-01-01T00:00:10.000Z'),
      moment('b', '2026-01-01T00:00:05.000Z', '2026-01-01T00:00:30.250Z'),
      moment('c', '2026-01-01T00:00:20.000Z'),
    ];
    const apart = { earliest: b.from, latest: b.to, skewSeconds: 25.3 };
    for (const order of [
      [a, b, c],
      [b, a, c],
      [c, a, b],
    ])
      expect(pointSet(order)).toEqual({ points: order, ...apart });
    expect(formatSkew(pointSet([a, b])!)).toBe('the 2 points of the set are up to 25.3 s apart');
    expect(formatSkew(pointSet([a])!)).toBe('a set of one: nothing to be apart from');
    expect(pointSet([])).toBeUndefined();
  });
});
