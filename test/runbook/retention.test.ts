import { describe, expect, it } from '@jest/globals';
import { decideRetention, neededPoints, type RetainedPoint, type Retention } from '../../runbook/retention.ts';
import { emptyTargetState, applyRecord, type TargetState } from '../../runbook/target-state.ts';
import type { JournalEntry } from '../../runbook/journal.ts';
import { knownPoints, lostPoints } from '../../runbook/lost-points.ts';
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

  it('says of each point why it stays, or why it may go', () => {
    const why = (points: RetainedPoint[], retention: Retention, needed: [string, string][] = []) =>
      Object.fromEntries(
        decideRetention(points, retention, new Map(needed), now).map((one) => [
          one.point.id,
          `${one.keep ? 'stays' : 'may go'}: ${one.why}`,
        ]),
      );
    const points = [
      point('failed-last', 0, { state: 'failed' }),
      point('new', 1),
      point('second', 2),
      point('failed', 3, { state: 'failed' }),
      point('proven', 4, { state: 'restore-tested' }),
      point('archive', 5, { kind: 'postgres-tables' }),
      point('damaged', 6, { state: 'damaged' }),
      point('pinned', 7, { pinned: true }),
      point('needed', 8, { pinned: true }),
      point('old', 9),
    ];
    const needed: [string, string][] = [['needed', 'phase one may need it']];
    const always = {
      new: 'stays: the newest good one of its resource',
      proven: 'stays: the last of its resource that was restored as a test',
      archive: 'stays: it holds what an undo took away, and nothing else does',
      damaged: 'stays: its manifest is damaged: look at it before anybody removes it',
      pinned: 'stays: it is pinned',
      needed: 'stays: phase one may need it',
    };
    expect(why(points, { keepLast: 2 }, needed)).toEqual({
      ...always,
      'failed-last': 'stays: it failed, and nothing good has come after it',
      second: 'stays: one of the last 2',
      failed: 'may go: it failed, and a good one came after it',
      old: 'may go: older than what is kept, and nothing needs it',
    });
    expect(why(points, { keepWithinSeconds: 3 * 86_400 }, needed)).toEqual({
      ...always,
      'failed-last': 'stays: young enough',
      second: 'stays: young enough',
      failed: 'stays: young enough',
      old: 'may go: older than what is kept, and nothing needs it',
    });
    expect(why(points, {}, needed)['old']).toBe('stays: no retention was asked for');
    expect(why(points, {}, needed)['failed']).toBe('stays: no retention was asked for');
  });

  it('keeps the newest good one, whatever is asked', () => {
    expect(kept([point('one', 9), point('other', 10)], { keepWithinSeconds: 1 })).toEqual(['one']);
    expect(kept([point('one', 9), point('other', 10)], { keepLast: 0 })).toEqual(['one']);
  });

  it('tells points of one moment apart in the same way each time, and kinds and resources always', () => {
    const twins = [point('a', 1), point('c', 1), point('b', 1)];
    for (const points of [twins, [...twins].reverse()]) expect(kept(points, { keepLast: 1 })).toEqual(['c']);
    const failed = point('z', 1, { state: 'failed' });
    // A good one of the same moment has not come after it.
    expect(kept([failed, ...twins], { keepLast: 1 })).toEqual(['c', 'z']);
    const others = [point('tables', 2, { kind: 'tables' }), point('store', 3, { resource: 'store:b' })];
    expect(kept([point('a', 1), ...others], { keepLast: 1 })).toEqual(['a', 'store', 'tables']);
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

  it('tells which ones an undo may need, in whatever way it names them, also of a phase that was taken back without it', () => {
    const state = emptyTargetState();
    const phase = (id: string, phaseState: 'running' | 'rolled-back'): JournalEntry => ({
      ...{ type: 'phase-state', phase: id, ordinal: 1, title: id, state: phaseState },
    });
    const archived = (id: string, of: string, undoPoint?: string, facts = {}): JournalEntry => {
      const input = (undoPoint === undefined ? {} : { point: undoPoint }) as never;
      const undo = { by: 'operation', summary: '', lossy: true, kind: 'restoreTables', input, effects: [] } as never;
      return { type: 'intent', operation: operation(id, 'applySql', of, {} as never), attempt: 1, undo, facts };
    };
    tell(
      state,
      'r1',
      phase('one', 'running'),
      archived('one/01', 'one', 'r1/tables'),
      archived('one/02', 'one', 'own-name', { point: 'prepared' }),
      archived('one/03', 'one', ''),
      archived('one/04', 'one'),
      ...done(operation('one/05', 'backupVolume', 'one', { volume: 'd', point: 'planned', quiesce: 'stop' }), 'r1', {
        point: 'r1/really-written',
      }),
      phase('two', 'running'),
      archived('two/01', 'two', 'r1/of-two', { point: 'prepared-of-two' }),
      phase('two', 'rolled-back'),
      // Not of a phase: a task's.
      archived('task/01', '', 'r1/of-a-task'),
    );
    const ids = ['r1/tables', 'r1/own-name', 'r1/prepared', 'r1/really-written', 'r1/planned', 'r1/of-two'];
    const needed = neededPoints(state);
    expect([...needed.keys()].sort()).toEqual([...ids].sort());
    expect(needed.get('r1/of-two')).toBe('taking back phase two may need it');
    expect(needed.get('r1/tables')).toBe('taking back phase one may need it');
  });

  it('tells what a restore that was left out would have restored, until somebody has made that right', () => {
    const state = journalled();
    const restore = (id: string, stage: 'rollback' | 'apply', point: unknown, kind: OperationKind = 'restoreVolume') =>
      ({ ...operation(id, kind, 'one', { volume: 'data', point } as never), stage }) as Operation;
    const skipped = (one: Operation): JournalEntry => ({ type: 'skipped', operation: one, by: 'me', reason: 'r' });
    tell(
      state,
      'r2',
      skipped(restore('rollback-1/02', 'rollback', 'r0/old')),
      skipped(restore('rollback-1/03', 'rollback', 7, 'startUsers')),
    );
    expect(neededPoints(state).get('r0/old')).toBe('rollback-1/02 was left out');
    expect(neededPoints(state).size).toBe(2);
    // One that stands by an undo which was left out is no restore, whatever it names.
    const forward = restore('one/cutover/09', 'apply', 'r0/forward', 'applySql');
    tell(
      state,
      'r2',
      ...done(forward, 'r2', {}),
      skipped({ ...restore('rollback-2/01', 'rollback', undefined, 'applySql'), undoes: ['r2/one/cutover/09'] }),
    );
    expect([...neededPoints(state).keys()]).not.toContain('r0/forward');
    tell(state, 'r2', { type: 'reconciled', by: 'me', reason: 'r', proof: [] });
    expect([...neededPoints(state).keys()]).toEqual(['r1/one-volume-data']);
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
    expect(lostPoints(journalled(), new Set(['r1/one-volume-data', 'backup-1/volume-data']))).toEqual([]);
  });

  it('knows of each what it is of, who took it, and its seal where it got one', () => {
    const state = journalled();
    const store = { store: 'db', point: 'db' } as const;
    const volume = { volume: 'other', point: 'never', quiesce: 'stop' } as const;
    const never = operation('backup/03', 'backupVolume', '', volume);
    tell(
      state,
      'backup-2',
      ...done(operation('backup/01', 'backupStore', '', store), 'backup-2', { point: 'backup-2/db' }),
      // It names a point, and is no backup.
      ...done(operation('backup/02', 'proveBackup', '', { point: 'x' }), 'backup-2', { point: 'backup-2/x' }),
      // It has not reported, so that nobody knows what it has written.
      { type: 'intent', operation: never, attempt: 1, undo: never.undo, facts: {} },
      ...done(operation('backup/04', 'backupVolume', '', volume), 'backup-2', {}),
    );
    expect([...knownPoints(state).values()].slice(-2)).toStrictEqual([
      { id: 'backup-1/volume-data', run: 'backup-1', operation: 'backup/01', resource: 'volume:data', seal: 's3' },
      { id: 'backup-2/db', run: 'backup-2', operation: 'backup/01', resource: 'store:db' },
    ]);
    expect([...knownPoints(state).keys()]).toEqual([
      ...['r1/one-volume-data', 'r1/two-volume-data', 'backup-1/volume-data', 'backup-2/db'],
    ]);
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
