import { describe, expect, it } from '@jest/globals';
import type { CompiledPlan } from '../../runbook/compiled-plan.ts';
import type { JournalEntry } from '../../runbook/journal.ts';
import type { Operation, Undo } from '../../runbook/operations.ts';
import { planRollback } from '../../runbook/rollback.ts';
import { applyRecord, emptyTargetState, standingOperations, type TargetState } from '../../runbook/target-state.ts';
import { outlinedPlan } from '../workflows/compiled-plan.ts';

const plan = outlinedPlan('shop', '/stack', [
  {
    id: 'one',
    operations: [
      { stage: 'backup', kind: 'backupStore', input: { store: 'db', point: 'one-db' } },
      { stage: 'apply', kind: 'applySql', input: { store: 'db' } },
      { stage: 'cutover', kind: 'applyCheckpoint' },
    ],
  },
  { id: 'two', operations: [{ stage: 'cutover', kind: 'applyCheckpoint' }] },
]);
/** A target in which everything was done, with the undos that are given by operation id. */
function stateAfter(
  undos: Record<string, Undo> = {},
  unfinished: string[] = [],
  of = plan,
  { run, state }: { run: string; state: TargetState } = { run: 'r1', state: emptyTargetState() },
) {
  const operations = of.phases.flatMap((phase) => phase.stages.flatMap((stage) => stage.operations));
  enter(state, run, of, 'completed');
  for (const operation of operations) {
    const undo = undos[operation.id] ?? operation.undo;
    if (unfinished.includes(operation.id))
      write(state, run, { type: 'intent', operation, attempt: 1, undo, facts: {} });
    else report(state, run, operation, undo);
  }
  return state;
}

const write = (state: TargetState, run: string, entry: JournalEntry) =>
  applyRecord(state, { seq: state.seq + 1, at: '2026-01-01T00:00:00Z', run, epoch: 1, ...entry });

function report(state: TargetState, run: string, operation: Operation, undo = operation.undo): void {
  write(state, run, { type: 'intent', operation, attempt: 1, undo, facts: {} });
  const facts = operation.kind === 'backupStore' ? { point: `${run}/one-db` } : {};
  const { id, kind } = operation;
  const told = { operation: id, kind: `${kind}@1`, outcome: 'done' as const, summary: '', effectDigest: '' };
  const receipt = { ...told, undo, facts, startedAt: '', finishedAt: '' };
  write(state, run, { type: 'receipt', operation: id, attempt: 1, receipt });
}

function enter(state: TargetState, run: string, of: CompiledPlan, reached: 'completed' | 'rolled-back'): void {
  for (const { id, ordinal, title } of of.phases)
    write(state, run, { type: 'phase-state', phase: id, ordinal, title, state: reached });
}

const takeBack = (state: TargetState) => enter(state, 'r1', plan, 'rolled-back');

const request = { to: 'baseline' as const, restoreData: false, discardData: false };
const plain = (list: readonly Operation[]) => list.map((operation) => operation.kind);
const sql = 'one/apply/02-applySql';
const undoSql: Undo = {
  by: 'operation',
  summary: 'run the undo',
  lossy: false,
  kind: 'applySql',
  input: { store: 'db', source: { digest: 'd' }, transactional: true, expand: false },
  effects: [],
};

const by = 'operation' as const;
const undoTag: Undo = {
  by,
  summary: 'take the tag back',
  lossy: false,
  kind: 'removeTag',
  input: { tag: 't', object: 'o', pushed: false },
  effects: [],
};
const undoRun: Undo = {
  by,
  summary: 'run the undo',
  lossy: false,
  kind: 'runContainer',
  input: { service: 'api', argv: ['undo'], timeoutSeconds: 60 },
  effects: [],
};
const undoImage: Undo = {
  by,
  summary: 'back to a:1',
  lossy: false,
  kind: 'switchImage',
  input: { service: 'api', image: 'a:1' },
  effects: [],
};

describe('planning a rollback', () => {
  it('[K6] goes back one phase for `previous`, newest first', () => {
    const rollback = planRollback(stateAfter(), { request: { ...request, to: 'previous' }, plan, ordinal: 1 });
    expect(rollback).toMatchObject({ to: 'one', scope: 'quick', phases: [{ id: 'two' }] });
    expect(plain(rollback.operations)).toEqual(['applyCheckpoint']);
  });

  it('[K7] goes back in the reverse order of the effects, and verifies the baseline', () => {
    const rollback = planRollback(stateAfter({ [sql]: undoSql }), { request, plan, ordinal: 1 });
    expect(rollback.scope).toBe('full');
    expect(plain(rollback.operations)).toEqual(['applyCheckpoint', 'applySql', 'runChecks']);
    // The two checkpoints collapse: only the older state is started, and both are marked.
    expect(rollback.operations[0]?.undoes).toEqual([
      'r1/two/cutover/01-applyCheckpoint',
      'r1/one/cutover/03-applyCheckpoint',
    ]);
  });

  it('[K8] keeps what was added, and what only a lossy undo would remove, and says why', () => {
    const lossy = stateAfter({ [sql]: { ...undoSql, lossy: true } });
    const kept = planRollback(lossy, { request, plan, ordinal: 1 });
    const harmless = planRollback(stateAfter({ [sql]: undoSql }), { request, plan, ordinal: 1 });
    expect(harmless.operations.find(({ kind }) => kind === 'applySql')).toMatchObject({ keepsData: true });
    expect(plain(kept.operations)).not.toContain('applySql');
    expect(kept.kept[0]).toMatchObject({ operation: sql, why: expect.stringContaining('discard data') });
    expect(kept).not.toHaveProperty('discards');
    const discarding = planRollback(lossy, { request: { ...request, discardData: true }, plan, ordinal: 1 });
    expect(plain(discarding.operations)).toContain('applySql');
    expect(discarding.discards).toEqual([undoSql.summary]);
    expect(discarding.operations.find(({ kind }) => kind === 'applySql')).not.toHaveProperty('keepsData');
  });

  it('[L7] restores data first when asked, and leaves out the undos that the restore takes back', () => {
    const rollback = planRollback(stateAfter({ [sql]: undoSql }), {
      request: { ...request, restoreData: true },
      plan,
      ordinal: 3,
    });
    expect(plain(rollback.operations)).toEqual(['stopUsers', 'restoreStore', 'applyCheckpoint', 'runChecks']);
    expect(rollback.operations[0]).toMatchObject({ input: { stores: ['db'], volumes: [] } });
    expect(rollback.operations[1]).toMatchObject({
      id: 'rollback-3/02-restoreStore',
      input: { store: 'db', point: 'r1/one-db' },
    });
    expect(rollback.restored).toEqual(['store:db']);
  });

  it('[L7] never goes back to data of a life of the phase that is over', () => {
    const state = stateAfter({ [sql]: undoSql });
    takeBack(state);
    const again = stateAfter({ [sql]: undoSql }, [], plan, { run: 'r2', state });
    const { operations } = planRollback(again, { request: { ...request, restoreData: true }, plan, ordinal: 2 });
    const restored = operations.filter(({ kind }) => kind === 'restoreStore').map(({ input }) => input);
    expect(restored).toMatchObject([{ store: 'db', point: 'r2/one-db' }]);
  });

  it('[K7] [L7] takes back by a restore what was done after its point was taken, once, and nothing that was in the data before', () => {
    const lossy = { ...undoSql, lossy: true };
    const state = stateAfter({ [sql]: lossy });
    takeBack(state);
    // The second life finds what the first one left, and its backup holds it.
    const again = stateAfter({ [sql]: lossy }, [], plan, { run: 'r2', state });
    const data = { ...request, restoreData: true };
    const kept = planRollback(again, { request: data, plan, ordinal: 2 });
    expect(kept.operations.find(({ kind }) => kind === 'restoreStore')?.covers).toEqual([`r2/${sql}`]);
    expect(kept.kept.map(({ why }) => why)).toEqual([
      'store:db is restored from its recovery point, which takes this back too',
      expect.stringContaining('would discard data'),
    ]);
    const discarding = planRollback(again, { request: { ...data, discardData: true }, plan, ordinal: 2 });
    expect(discarding.operations.map(({ kind, undoes }) => [kind, ...(undoes ?? [])])).toContainEqual([
      'applySql',
      `r1/${sql}`,
    ]);
    for (const operation of kept.operations) report(again, 'r2', operation);
    takeBack(again);
    expect(standingOperations(again).filter(({ operation }) => operation.kind === 'applySql')).toMatchObject([
      { run: 'r1', operation: { id: sql } },
    ]);
  });

  it('[L7] starts what was stopped for a restore itself where no checkpoint goes back', () => {
    const state = stateAfter({
      'one/cutover/03-applyCheckpoint': { by: 'nothing', summary: 'never came to it' },
      'two/cutover/01-applyCheckpoint': { by: 'nothing', summary: 'never came to it' },
    });
    const rollback = planRollback(state, { request: { ...request, restoreData: true }, plan, ordinal: 1 });
    expect(plain(rollback.operations)).toEqual(['stopUsers', 'restoreStore', 'startUsers', 'runChecks']);
    expect(rollback.operations[2]).toMatchObject({ input: { stoppedBy: rollback.operations[0]?.id } });
  });

  it('[K7] never visits a checkpoint between, but where an undo needs its services', () => {
    const between = outlinedPlan('shop', '/stack', [
      { id: 'one', operations: [{ stage: 'cutover', kind: 'applyCheckpoint' }] },
      {
        id: 'two',
        operations: [
          { stage: 'apply', kind: 'runContainer', undo: undoRun },
          { stage: 'cutover', kind: 'applyCheckpoint' },
          { stage: 'complete', kind: 'tagCheckpoint', undo: undoTag },
        ],
      },
      {
        id: 'three',
        operations: [
          { stage: 'apply', kind: 'switchImage', undo: undoImage },
          { stage: 'cutover', kind: 'applyCheckpoint' },
        ],
      },
    ]);
    const rollback = planRollback(stateAfter({}, [], between), { request, plan: between, ordinal: 1 });
    expect(plain(rollback.operations)).toEqual([
      'removeTag',
      'applyCheckpoint',
      'runContainer',
      'applyCheckpoint',
      'runChecks',
    ]);
    expect(rollback.operations[1]?.undoes).toEqual([
      'r1/three/cutover/02-applyCheckpoint',
      'r1/three/apply/01-switchImage',
      'r1/two/cutover/02-applyCheckpoint',
    ]);
  });

  it('refuses at a point of no return with its cause, unless a restore covers it', () => {
    const gone = stateAfter({ [sql]: { by: 'impossible', summary: 'dropped', cause: 'the column was dropped' } });
    expect(() => planRollback(gone, { request, plan, ordinal: 1 })).toThrow('the column was dropped');
    expect(
      plain(planRollback(gone, { request: { ...request, restoreData: true }, plan, ordinal: 1 }).operations),
    ).toContain('restoreStore');
  });

  it('takes back an operation that never reported', () => {
    const rollback = planRollback(stateAfter({}, ['two/cutover/01-applyCheckpoint']), {
      request: { ...request, to: 'previous' },
      plan,
      ordinal: 1,
    });
    expect(rollback.operations[0]?.undoes).toEqual(['r1/two/cutover/01-applyCheckpoint']);
  });

  it('does not take back twice', () => {
    const state = stateAfter();
    takeBack(state);
    expect(() => planRollback(state, { request, plan, ordinal: 2 })).toThrow('nothing to roll back');
  });
});
