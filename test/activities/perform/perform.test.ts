import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { EffectHandler, EffectHandlers, Observation } from '../../../activities/effect.ts';
import { openRun } from '../../../activities/control/open-run.ts';
import { performOperation } from '../../../activities/perform/perform.ts';
import { TargetAccess } from '../../../activities/perform/target-access.ts';
import { attemptVariable, operationVariable } from '../../../activities/processes/mark.ts';
import { readJournal, targetHome } from '../../../journal/index.ts';
import { SwitchbackError } from '../../../runbook/errors.ts';
import { operationVersion, type Operation, type OperationKind } from '../../../runbook/operations.ts';
import type { RunRef } from '../../../runbook/activities.ts';
import { outlinedPlan } from '../../workflows/compiled-plan.ts';

type Fenced = { fence(): Promise<void> };

let home: string;
let run: RunRef;
let log: string[];
let world: Observation;
let handler: EffectHandler<OperationKind>;
let operation: Operation;
const plan = () =>
  outlinedPlan('shop', home, [{ id: 'one', operations: [{ stage: 'cutover', kind: 'applyCheckpoint' }] }]);
const noSecrets = { environment: {}, allowed: [] };
const holder = { workflowId: 'migration/shop', workflowRunId: 'w1' };

/** A worker process of its own: it knows only what the journal says. */
const worker = () => new TargetAccess({ SWITCHBACK_HOME: home });
const open = (access: TargetAccess, runId: string, workflowRunId = 'w1') =>
  openRun(
    { target: 'shop', runId, holder: { ...holder, workflowRunId }, operator: 'me', plan: plan() },
    { access, stacks: [home], secrets: noSecrets, guard: () => Promise.resolve() },
  );
const surroundings = () => ({ signal: new AbortController().signal, progress: () => undefined, log: () => undefined });
const perform = (access = worker(), of = operation, as = run) =>
  performOperation(
    { run: as, operation: of },
    {
      access,
      handlers: Object.fromEntries(
        Object.keys(operationVersion).map((kind) => [kind, handler]),
      ) as unknown as EffectHandlers,
      secrets: noSecrets,
      worker: 'w',
    },
    surroundings(),
  );
const journal = async () => (await worker().open('shop')).journal.state;

beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), 'switchback-perform-'));
  log = [];
  world = 'absent';
  handler = {
    observe: () => Promise.resolve(world),
    prepare: (_input, context) =>
      Promise.resolve({ undo: context.operation.undo, facts: { prepared: context.attempt } }),
    perform: async (_input, context) => {
      await context.fence();
      log.push(`effect ${context.attempt}`);
      world = 'done';
      return { summary: 'done', facts: {}, effect: { same: true } };
    },
    adopt: (_input, context) => {
      log.push(`adopt ${context.attempt}`);
      return Promise.resolve({ summary: 'was done', facts: {}, effect: { same: true } });
    },
  };
  operation = plan().phases[0]!.stages[0]!.operations[0]!;
  run = { target: 'shop', runId: 'r1', epoch: (await open(worker(), 'r1')).epoch };
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

describe('performing an operation', () => {
  it('[T4] takes effect once, and answers with the receipt for ever after', async () => {
    const first = await perform();
    const again = await perform(worker());
    expect(again).toEqual(first);
    expect(log).toEqual(['effect 1']);
  });

  it('[T4] killed between the effect and its receipt: the next attempt adopts, with the undo prepared before', async () => {
    const killed = {
      ...handler,
      perform: () => {
        world = 'done';
        return new Promise<never>(() => undefined);
      },
    };
    const working = handler;
    handler = killed;
    void perform();
    while ((await journal()).operations.get('r1/one/cutover/01-applyCheckpoint') === undefined || world !== 'done')
      await new Promise(setImmediate);
    handler = working;
    const receipt = await perform();
    expect(receipt).toMatchObject({ outcome: 'adopted' });
    expect(log).toEqual(['adopt 2']);
    expect((await journal()).operations.get('r1/one/cutover/01-applyCheckpoint')?.prepared.facts).toEqual({
      prepared: 1,
    });
  });

  it.each([
    ['effect', async (context: Fenced) => context.fence().then(() => void log.push('zombie'))],
    ['report', async () => undefined],
  ])('[T4] refuses the %s of an attempt that was overtaken, and writes that down', async (_what, awake) => {
    let wake: () => void = () => undefined;
    const asleep = new Promise<void>((resolve) => (wake = resolve));
    const working = handler;
    handler = {
      ...handler,
      perform: async (_input, context) => {
        log.push('asleep');
        await asleep;
        await awake(context);
        return { summary: 'too late', facts: {}, effect: {} };
      },
    };
    const zombie = perform();
    while (!log.includes('asleep')) await new Promise(setImmediate);
    handler = working;
    await perform();
    wake();
    await expect(zombie).rejects.toMatchObject({ name: 'LeaseLost' });
    expect(log).toEqual(['asleep', 'effect 2']);
    const { records } = await readJournal(targetHome('shop', { SWITCHBACK_HOME: home }).journal);
    expect(records.filter(({ type }) => type === 'refused')).toMatchObject([
      { operation: operation.id, attempt: 1, reason: expect.stringContaining('overtaken by attempt 2') },
    ]);
    expect(records.filter(({ type }) => type === 'receipt')).toHaveLength(1);
  });

  it('refuses to act under an old lease', async () => {
    const target = await worker().open('shop');
    await target.journal.append({
      run: 'r1',
      epoch: run.epoch,
      entries: [
        { type: 'run-state', state: 'completed' },
        { type: 'lease-released', holder },
      ],
    });
    await open(worker(), 'r2', 'w2');
    await expect(perform()).rejects.toMatchObject({ name: 'LeaseLost' });
    expect(log).toEqual([]);
  });

  it('parks where nobody can tell whether it took effect', async () => {
    world = 'unknown';
    await expect(perform()).rejects.toMatchObject({ name: 'EffectUnknown' });
    expect(log).toEqual([]);
  });

  it('acts only after its fence was passed', async () => {
    const access = worker();
    handler = {
      ...handler,
      observe: async () => {
        // Another holder takes the target between the look and the effect.
        const target = await access.open('shop');
        const ended = [
          { type: 'run-state' as const, state: 'completed' as const },
          { type: 'lease-released' as const, holder },
        ];
        await target.journal.append({ run: 'r1', epoch: run.epoch, entries: ended });
        await open(worker(), 'r2', 'w2');
        return 'absent';
      },
      perform: () => {
        log.push('effect without a fence');
        return Promise.resolve({ summary: 'done', facts: {}, effect: {} });
      },
    };
    await expect(perform(access)).rejects.toMatchObject({ name: 'LeaseLost' });
    expect(log).toEqual([]);
  });

  it('ends what an earlier attempt left running before it looks', async () => {
    const left = spawn('sleep', ['60'], {
      env: { ...process.env, [operationVariable]: `shop/r1/${operation.id}`, [attemptVariable]: '0' },
    });
    const ended = once(left, 'exit');
    handler = {
      ...handler,
      observe: () => {
        log.push(left.exitCode === null && left.signalCode === null ? 'it still runs' : 'it has ended');
        return Promise.resolve('absent');
      },
    };
    await perform();
    await ended;
    expect(log).toEqual(['it has ended', 'effect 1']);
  });

  it('writes down a failure with its hint', async () => {
    handler = {
      ...handler,
      perform: () => Promise.reject(new SwitchbackError('Conflict', 'in the way', { hint: 'Remove it.' })),
    };
    await expect(perform()).rejects.toThrow('in the way');
    const target = await worker().open('shop');
    expect(target.journal.state.operations.get('r1/one/cutover/01-applyCheckpoint')?.status).toBe('intended');
  });
});

describe('taking back an operation that never reported', () => {
  const forward = 'r1/one/cutover/01-applyCheckpoint';
  const undo = (id = 'rollback-1/01-applyCheckpoint', kind: OperationKind = 'applyCheckpoint') =>
    ({ ...operation, kind, id, undoes: [forward] }) as Operation;
  const failing = () => Promise.reject(new SwitchbackError('StepFailed', 'it broke'));
  /** Of the forward operation and of its undo: both are asked by the same handler. */
  let seen: { forward: Observation; undo: Observation };

  beforeEach(async () => {
    seen = { forward: 'absent', undo: 'absent' };
    const working = handler;
    handler = { ...working, perform: failing };
    await expect(perform()).rejects.toMatchObject({ name: 'StepFailed' });
    handler = {
      ...working,
      observe: (_input, { operation: asked }) => Promise.resolve(asked.undoes === undefined ? seen.forward : seen.undo),
    };
  });

  it('finds nothing to take back where the world says that it never began', async () => {
    const receipt = await perform(worker(), undo());
    expect(receipt.summary).toContain('nothing to do');
    expect(log).toEqual([]);
    expect((await journal()).operations.get(forward)?.status).toBe('undone');
  });

  it.each<Observation>(['partial', 'done', 'unknown'])('takes it back where the world says %s', async (standing) => {
    seen.forward = standing;
    expect((await perform(worker(), undo())).summary).toBe('done');
    expect(log).toEqual(['effect 1']);
  });

  it('takes back what a person has done by hand, although the world looks untouched', async () => {
    const target = await worker().open('shop');
    const byHand = { type: 'done-by-hand' as const, operation, by: 'me', reason: 'r', proof: [] };
    await target.journal.append({ run: 'r1', epoch: run.epoch, entries: [byHand] });
    expect((await perform(worker(), undo())).summary).toBe('done');
    expect(log).toEqual(['effect 1']);
  });

  it('takes back what has reported, although the world looks untouched', async () => {
    const failed = handler;
    handler = { ...failed, perform: () => Promise.resolve({ summary: 'done after all', facts: {}, effect: {} }) };
    await perform();
    handler = failed;
    expect((await perform(worker(), undo())).summary).toBe('done');
    expect(log).toEqual(['effect 1']);
  });

  it('acts where the journal does not know what it takes back, and where that is one of several', async () => {
    const unknown = { ...undo(), undoes: ['r0/unknown'] } as Operation;
    expect((await perform(worker(), unknown)).summary).toBe('done');
    const both = { ...undo('rollback-2/01-applyCheckpoint'), undoes: [forward, 'r0/unknown'] } as Operation;
    seen.undo = 'absent';
    expect((await perform(worker(), both)).summary).toBe('done');
    expect(log).toEqual(['effect 1', 'effect 1']);
  });

  it('asks a handler that knows better than by what may be run now', async () => {
    handler = { ...handler, untouched: () => Promise.resolve(false) };
    await perform(worker(), undo());
    expect(log).toEqual(['effect 1']);
  });

  it('goes on with an undo that has begun, although files are back and look untouched', async () => {
    const working = handler;
    seen.forward = 'partial';
    handler = { ...working, perform: failing };
    await expect(perform(worker(), undo())).rejects.toMatchObject({ name: 'StepFailed' });
    handler = working;
    // What the first attempt has put back.
    seen.forward = 'absent';
    const receipt = await perform(worker(), undo());
    expect(receipt.summary).toBe('done');
    expect(log).toEqual(['effect 2']);
  });

  it('goes on also where another rollback had begun to take it back', async () => {
    const working = handler;
    seen.forward = 'partial';
    handler = { ...working, perform: failing };
    await expect(perform(worker(), undo())).rejects.toMatchObject({ name: 'StepFailed' });
    handler = working;
    seen.forward = 'absent';
    expect((await perform(worker(), undo('rollback-2/01-applyCheckpoint'))).summary).toBe('done');
    expect(log).toEqual(['effect 1']);
  });

  it('adopts an undo that was done, and does not call it nothing', async () => {
    const working = handler;
    seen.forward = 'partial';
    handler = { ...working, perform: failing };
    await expect(perform(worker(), undo())).rejects.toMatchObject({ name: 'StepFailed' });
    handler = working;
    seen = { forward: 'absent', undo: 'done' };
    expect(await perform(worker(), undo())).toMatchObject({ outcome: 'adopted', summary: 'was done' });
  });

  it('fences off a late attempt of what is being taken back', async () => {
    await perform(worker(), undo());
    await expect(perform()).rejects.toMatchObject({
      name: 'LeaseLost',
      message: expect.stringContaining('is being taken back'),
    });
    expect(log).toEqual([]);
  });
});

describe('the cutover of a phase with recovery points', () => {
  const proofAt = (at: number) => ({ proof: { at: new Date(at).toISOString() } });
  const backedUp = () =>
    outlinedPlan('backed-up', home, [
      {
        id: 'one',
        operations: [
          { stage: 'backup', kind: 'proveBackup', input: { point: 'one-volume-data' } },
          { stage: 'cutover', kind: 'applyCheckpoint' },
          { stage: 'cutover', kind: 'runContainer' },
        ],
      },
    ]);
  const operations = () => backedUp().phases[0]!.stages.flatMap((stage) => stage.operations);
  let as: RunRef;

  beforeEach(async () => {
    const opened = await openRun(
      { target: 'backed-up', runId: 'r1', holder, operator: 'me', plan: backedUp() },
      { access: worker(), stacks: [home], secrets: noSecrets, guard: () => Promise.resolve() },
    );
    as = { target: 'backed-up', runId: 'r1', epoch: opened.epoch };
  });
  const prove = async (at: number) => {
    const working = handler;
    handler = { ...handler, perform: () => Promise.resolve({ summary: 'proven', facts: proofAt(at), effect: {} }) };
    await perform(worker(), operations()[0], as);
    handler = working;
  };

  it.each([
    ['never proven', undefined, 'one-volume-data was never proven'],
    ['a proof of the day before yesterday', 48 * 3_600_000, 'one-volume-data was proven 48.0 h ago'],
  ])('[K10] is refused with %s, before it has any effect', async (_what, age, says) => {
    if (age !== undefined) await prove(Date.now() - age);
    await expect(perform(worker(), operations()[1], as)).rejects.toMatchObject({
      name: 'ProofExpired',
      message: expect.stringContaining(says),
    });
    expect(log).toEqual([]);
  });

  it('[K10] goes on within the limit, and is finished after it once it has begun', async () => {
    await prove(Date.now() - 23 * 3_600_000);
    await perform(worker(), operations()[1], as);
    world = 'absent';
    await perform(worker(), operations()[2], as);
    expect(log).toEqual(['effect 1', 'effect 1']);
  });
});

describe('opening a run', () => {
  it('continues for the same holder, and refuses another run beside it with a pointer', async () => {
    expect((await open(worker(), 'r1')).resumed).toBe(true);
    await expect(open(worker(), 'r2', 'w2')).rejects.toMatchObject({
      name: 'Conflict',
      message: expect.stringContaining('run r1'),
      hint: expect.stringContaining('switchback reconcile'),
    });
  });

  it('lets one of two that open at the same moment have the lease', async () => {
    const target = await worker().open('shop');
    await target.journal.append({
      run: 'r1',
      epoch: run.epoch,
      entries: [
        { type: 'run-state', state: 'completed' },
        { type: 'lease-released', holder },
      ],
    });
    const outcomes = await Promise.allSettled([open(worker(), 'r2', 'w2'), open(worker(), 'r3', 'w3')]);
    expect(outcomes.map((outcome) => outcome.status).sort()).toEqual(['fulfilled', 'rejected']);
  });

  it('refuses a rollback that has nothing to do before anything is open', async () => {
    const target = await worker().open('shop');
    const ended = [
      { type: 'run-state' as const, state: 'completed' as const },
      { type: 'lease-released' as const, holder },
    ];
    await target.journal.append({ run: 'r1', epoch: run.epoch, entries: ended });
    const rollback = { to: 'baseline' as const, restoreData: false, discardData: false };
    const request = { target: 'shop', runId: 'r2', holder, operator: 'me', rollback };
    const deps = { access: worker(), stacks: [home], secrets: noSecrets, guard: () => Promise.resolve() };
    await expect(openRun(request, deps)).rejects.toMatchObject({ name: 'PreconditionFailed' });
    expect((await journal()).runs.map(({ id }) => id)).toEqual(['r1']);
  });

  it('refuses a stack that the worker does not serve, and files outside of it', async () => {
    const elsewhere = { ...plan(), target: 'other', stack: { ...plan().stack, directory: tmpdir() } };
    const deps = { access: worker(), stacks: [home], secrets: noSecrets, guard: () => Promise.resolve() };
    await expect(
      openRun({ target: 'other', runId: 'r1', holder, operator: 'me', plan: elsewhere }, deps),
    ).rejects.toMatchObject({ name: 'AccessDenied' });
    const outside = { ...plan(), target: 'third', files: ['../../../../etc/hostname'] };
    await expect(
      openRun({ target: 'third', runId: 'r1', holder, operator: 'me', plan: outside }, deps),
    ).rejects.toMatchObject({ name: 'PlanInvalid' });
  });
});
