import { describe, expect, it } from '@jest/globals';
import { decideRetention, neededPoints, type RetainedPoint, type Retention } from '../../runbook/retention.ts';
import { emptyTargetState, applyRecord, type TargetState } from '../../runbook/target-state.ts';
import type { JournalEntry } from '../../runbook/journal.ts';
import { lostPoints } from '../../runbook/lost-points.ts';
import { momentOf, pointSet } from '../../runbook/point-set.ts';
import {
  operationVersion,
  type Operation,
  type OperationInputs,
  type OperationKind,
} from '../../runbook/operations.ts';
import { randomFrom } from './random.ts';

const day = 86_400_000;
const now = 100 * day;
const point = (id: string, daysOld: number, more: Partial<RetainedPoint> = {}): RetainedPoint => ({
  id,
  resource: 'volume:data',
  kind: 'volume',
  state: 'sealed',
  takenAt: now - daysOld * day,
  bytes: 1,
  pinned: false,
  ...more,
});
const kept = (points: RetainedPoint[], retention: Retention, needed: [string, string][] = []) =>
  decideRetention(points, retention, new Map(needed), now)
    .filter(({ keep }) => keep)
    .map(({ point: { id } }) => id)
    .sort();

describe('retention', () => {
  it('keeps the newest so many of each resource, and what is younger', () => {
    const points = [1, 2, 3, 4, 5].map((age) => point(`a${age}`, age));
    expect(kept(points, { keepLast: 2 })).toEqual(['a1', 'a2']);
    expect(kept(points, { keepWithinSeconds: 3.5 * 86_400 })).toEqual(['a1', 'a2', 'a3']);
    expect(kept(points, { keepLast: 4, keepWithinSeconds: 1 })).toEqual(['a1', 'a2', 'a3', 'a4']);
    expect(kept([...points, point('b9', 9, { resource: 'store:b' })], { keepLast: 1 })).toEqual(['a1', 'b9']);
    expect(kept(points, {})).toHaveLength(5);
  });

  it('never goes below the last one that was restored as a test', () => {
    const points = [
      point('new', 1),
      point('proven', 5, { state: 'restore-tested' }),
      point('older', 6, { state: 'restore-tested' }),
    ];
    expect(kept(points, { keepLast: 1 })).toEqual(['new', 'proven']);
  });

  it('counts failed points for nothing: however many there are, the good ones stay', () => {
    const failed = [1, 2, 3].map((age) => point(`f${age}`, age, { state: 'failed' }));
    const good = [4, 5].map((age) => point(`g${age}`, age));
    expect(kept([...failed, ...good], { keepLast: 1 })).toEqual(['f1', 'f2', 'f3', 'g4']);
    // Once a good one has come after them they may go.
    expect(kept([...failed, ...good, point('g0', 0)], { keepLast: 1 })).toEqual(['g0']);
  });

  it('keeps what is pinned, what a rollback needs, what an undo took away, and what nobody can read', () => {
    const points = [
      point('new', 0),
      point('pinned', 50, { pinned: true }),
      point('needed', 60),
      // Of its kind and resource there is a newer one, and a proven one: neither takes its place.
      point('archive', 70, { kind: 'postgres-tables' }),
      point('archive-proven', 65, { kind: 'postgres-tables', state: 'restore-tested' }),
      point('archive-new', 60, { kind: 'postgres-tables' }),
      point('damaged', 80, { state: 'damaged' }),
      point('old', 90),
    ];
    expect(kept(points, { keepLast: 1 }, [['needed', 'taking back phase x may need it']])).toEqual([
      'archive',
      'archive-new',
      'archive-proven',
      'damaged',
      'needed',
      'new',
      'pinned',
    ]);
  });

  it('whatever is asked, something good of each resource that has any stays, and what is proven, needed or pinned', () => {
    const below = randomFrom(7);
    const next = () => below(1_000_000) / 1_000_000;
    const states = ['sealed', 'verified', 'restore-tested', 'failed', 'damaged'] as const;
    for (let round = 0; round < 500; round += 1) {
      const points = Array.from({ length: 1 + Math.floor(next() * 12) }, (_, n) =>
        point(`p${n}`, Math.floor(next() * 90), {
          resource: `volume:${Math.floor(next() * 3)}`,
          state: states[Math.floor(next() * states.length)]!,
          pinned: next() < 0.1,
        }),
      );
      const needed = points.filter(() => next() < 0.1).map(({ id }): [string, string] => [id, 'needed']);
      const retention = {
        keepLast: 1 + Math.floor(next() * 3),
        ...(next() < 0.5 ? { keepWithinSeconds: next() * 90 * 86_400 } : {}),
      };
      const left = new Set(kept(points, retention, needed));
      expect(points.every(({ id, pinned }) => !pinned || left.has(id))).toBe(true);
      expect(needed.every(([id]) => left.has(id))).toBe(true);
      for (const resource of new Set(points.map((each) => each.resource))) {
        const mine = points.filter((each) => each.resource === resource);
        for (const wanted of [['restore-tested'], ['sealed', 'verified', 'restore-tested']]) {
          const good = mine.filter(({ state }) => wanted.includes(state));
          const youngest = Math.max(...good.map(({ takenAt }) => takenAt));
          if (good.length > 0) expect(good.some(({ id, takenAt }) => takenAt === youngest && left.has(id))).toBe(true);
        }
      }
    }
  });
});

let seq = 0;
const tell = (state: TargetState, run: string, ...entries: JournalEntry[]) => {
  for (const entry of entries)
    applyRecord(state, { seq: (seq += 1), at: '2026-03-01T00:00:00.000Z', run, epoch: 1, ...entry });
};
const operation = <K extends OperationKind>(id: string, kind: K, phase: string, input: OperationInputs[K]) =>
  ({
    id,
    kind,
    version: operationVersion[kind],
    phase,
    stage: 'backup',
    host: 'h',
    summary: id,
    input,
    effects: [],
    undo: { by: 'nothing', summary: '' },
    timeoutSeconds: 1,
  }) as unknown as Operation;
const done = (one: Operation, run: string, facts: { [key: string]: string }): JournalEntry[] => [
  { type: 'intent', operation: one, attempt: 1, undo: one.undo, facts: {} },
  {
    type: 'receipt',
    operation: one.id,
    attempt: 1,
    receipt: {
      operation: one.id,
      kind: `${one.kind}@1`,
      outcome: 'done',
      summary: run,
      effectDigest: '',
      undo: one.undo,
      facts,
      startedAt: '',
      finishedAt: '',
    },
  },
];

function journalled(): TargetState {
  const state = emptyTargetState();
  tell(state, 'r1', {
    type: 'run-sealed',
    plan: 'p',
    planDigest: 'd',
    manifest: 'm',
    phases: ['one', 'two'],
    operator: 'me',
  });
  const phase = (id: string, phaseState: 'completed' | 'rolled-back'): JournalEntry => ({
    type: 'phase-state',
    phase: id,
    ordinal: 1,
    title: id,
    state: phaseState,
  });
  tell(
    state,
    'r1',
    ...done(
      operation('one/backup/01', 'backupVolume', 'one', { volume: 'data', point: 'one-volume-data', quiesce: 'stop' }),
      'r1',
      { point: 'r1/one-volume-data', seal: 's1' },
    ),
    phase('one', 'completed'),
  );
  tell(
    state,
    'r1',
    ...done(
      operation('two/backup/01', 'backupVolume', 'two', { volume: 'data', point: 'two-volume-data', quiesce: 'stop' }),
      'r1',
      { point: 'r1/two-volume-data', seal: 's2' },
    ),
    phase('two', 'rolled-back'),
  );
  tell(state, 'backup-1', { type: 'task-sealed', task: 'create', plan: 'p', manifest: 'm', operator: 'me' });
  tell(
    state,
    'backup-1',
    ...done(
      operation('backup/01', 'backupVolume', '', { volume: 'data', point: 'volume-data', quiesce: 'stop' }),
      'backup-1',
      { point: 'backup-1/volume-data', seal: 's3' },
    ),
  );
  tell(
    state,
    'prune-1',
    ...done(operation('backup/01', 'prunePoints', '', { points: ['r1/two-volume-data'] }), 'prune-1', {}),
  );
  return state;
}

describe('what the journal knows of points', () => {
  it('tells which ones a rollback may need: those of phases that stand, in whichever run', () => {
    expect([...neededPoints(journalled())]).toEqual([['r1/one-volume-data', 'taking back phase one may need it']]);
  });

  it('holds nothing of a life of a phase that is over', () => {
    const state = journalled();
    const phase = { type: 'phase-state', phase: 'one', ordinal: 1, title: 'one' } as const;
    tell(state, 'r1', { ...phase, state: 'rolled-back' });
    const again = { volume: 'data', point: 'one-volume-data', quiesce: 'stop' } as const;
    tell(
      state,
      'r2',
      ...done(operation('one/backup/01', 'backupVolume', 'one', again), 'r2', { point: 'r2/one-volume-data' }),
      { ...phase, state: 'completed' },
    );
    expect([...neededPoints(state).keys()]).toEqual(['r2/one-volume-data']);
  });

  it('tells which ones are gone although nobody pruned them', () => {
    const lost = lostPoints(journalled(), new Set(['r1/one-volume-data']));
    expect(lost.map(({ id }) => id)).toEqual(['backup-1/volume-data']);
  });

  it('keeps tasks apart from runs: no rollback, and no status, takes one for a run', () => {
    const state = journalled();
    expect(state.runs.map(({ id }) => id)).toEqual(['r1']);
    tell(state, 'backup-1', { type: 'run-state', state: 'failed', reason: 'x' });
    expect(state.tasks).toMatchObject([{ id: 'backup-1', state: 'failed', reason: 'x' }]);
    expect(state.runs[0]?.state).toBe('starting');
  });
});

describe('a set', () => {
  const manifest = {
    run: 'r',
    point: 'p',
    source: { resource: 'volume:x' },
    startedAt: '2026-03-01T00:00:00.000Z',
    sealedAt: '2026-03-01T00:01:00.000Z',
    canary: {},
  };

  it('is as far apart as its earliest and its latest content', () => {
    const quiet = momentOf({ ...manifest, quiesce: 'stop' });
    const restless = momentOf({ ...manifest, quiesce: 'none' });
    const dumped = momentOf({ ...manifest, quiesce: 'snapshot', canary: { takenAt: '2026-03-01 00:00:30+00' } });
    expect(pointSet([quiet, dumped])).toMatchObject({ skewSeconds: 30, earliest: '2026-03-01T00:00:00.000Z' });
    expect(pointSet([restless])?.skewSeconds).toBe(60);
    expect(pointSet([])).toBeUndefined();
  });
});
