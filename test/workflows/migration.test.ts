import { EventEmitter, once } from 'node:events';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { SwitchbackError } from '../../runbook/errors.ts';
import { gatesOf } from '../../runbook/gate.ts';
import { Orchestra } from './orchestra.ts';

let orchestra: Orchestra;
let stopWorker: () => Promise<void>;
beforeAll(async () => {
  orchestra = await Orchestra.start();
  stopWorker = await orchestra.work();
});
afterAll(() => orchestra.stop());

let target: string;
let count = 0;
beforeEach(() => {
  count += 1;
  target = `target-${count}`;
  orchestra.quiet();
});

const two = () =>
  orchestra.plan(target, [
    {
      id: 'one',
      operations: [
        { stage: 'preflight', kind: 'checkPreflight' },
        { stage: 'cutover', kind: 'applyCheckpoint' },
        { stage: 'verify', kind: 'runChecks' },
      ],
    },
    {
      id: 'two',
      operations: [
        { stage: 'cutover', kind: 'applyCheckpoint' },
        { stage: 'verify', kind: 'runChecks' },
      ],
    },
  ]);
const failing =
  (id: string, error = new SwitchbackError('StepFailed', 'it broke', { hint: 'Mend it.' })) =>
  (operation: string) =>
    operation === id ? error : 'succeed';

describe('a migration', () => {
  it('[T1] runs phase after phase, and the journal tells the same story', async () => {
    const handle = await orchestra.begin(two(), 'r1');
    const status = await handle.result();
    expect(status.state).toBe('completed');
    expect(orchestra.effects).toEqual([
      'one/preflight/01-checkPreflight',
      'one/cutover/02-applyCheckpoint',
      'one/verify/03-runChecks',
      'two/cutover/01-applyCheckpoint',
      'two/verify/02-runChecks',
    ]);
    const { state, damaged } = await orchestra.journal(target);
    expect(damaged).toBe(0);
    expect(state.runs.at(-1)?.state).toBe('completed');
    expect(state.holder).toBeUndefined();
    expect([...state.phases.values()].map((phase) => [phase.id, phase.state])).toEqual([
      ['one', 'completed'],
      ['two', 'completed'],
    ]);
  });

  it('[T1] fills its history by a bounded number of events for each operation', async () => {
    const operations = 20;
    const plan = orchestra.plan(target, [
      {
        id: 'one',
        operations: Array.from({ length: operations }, () => ({
          stage: 'apply' as const,
          kind: 'runContainer' as const,
        })),
      },
    ]);
    await (await orchestra.begin(plan, 'r1')).result();
    const events = Object.fromEntries(
      (await orchestra.histories(target)).map(({ workflowId, json }) => [
        workflowId,
        (JSON.parse(json) as { events: unknown[] }).events.length,
      ]),
    );
    // An activity and its workflow tasks, and a report at most: a phase of 4,000 operations is as large as a start may be (2 MB), and stays
    // below the 51,200 events at which the server ends a workflow.
    expect(events[`migration/${target}/1-one`]).toBeLessThan(60 + 12 * operations);
    expect(events[`migration/${target}`]).toBeLessThan(60 + 5 * operations);
  });

  it('parks on a failed operation with why and what to say, and goes on at a retry', async () => {
    let broken = true;
    orchestra.script = (id) =>
      broken && id === 'two/cutover/01-applyCheckpoint'
        ? new SwitchbackError('StepFailed', 'it broke', { hint: 'Mend it.' })
        : 'succeed';
    const handle = await orchestra.begin(two(), 'r1');
    const parked = await orchestra.until(target, 'awaiting-operator');
    expect(parked.waiting).toMatchObject({
      operation: { id: 'two/cutover/01-applyCheckpoint' },
      error: { name: 'StepFailed', message: 'it broke', hint: 'Mend it.' },
    });
    expect(parked.waiting?.accepts).toContain('retry');
    broken = false;
    await orchestra.say(target, { command: 'retry', by: 'me' });
    expect((await handle.result()).state).toBe('completed');
    expect(orchestra.effects.filter((id) => id === 'two/cutover/01-applyCheckpoint')).toHaveLength(1);
  });

  it('refuses a command that the state does not take, and leaves no trace of it', async () => {
    orchestra.script = failing('one/cutover/02-applyCheckpoint');
    await orchestra.begin(two(), 'r1');
    await orchestra.until(target, 'awaiting-operator');
    await expect(orchestra.say(target, { command: 'approve', by: 'me', role: 'lead' })).rejects.toMatchObject({
      cause: { message: expect.stringContaining('approve is not possible while the run is awaiting-operator') },
    });
    await expect(orchestra.say(target, { command: 'skip', by: 'me', reason: ' ' })).rejects.toMatchObject({
      cause: { message: 'skip needs a reason' },
    });
    await orchestra.say(target, { command: 'abort', by: 'me', reason: 'enough' });
    const { records } = await orchestra.journal(target);
    expect(
      records.filter((record) => record.type === 'decision').map((record) => 'command' in record && record.command),
    ).toEqual(['abort']);
  });

  it('skips with a reason, and takes a job done by hand only with a proof', async () => {
    orchestra.script = (id) =>
      id.endsWith('applyCheckpoint') ? new SwitchbackError('StepFailed', 'it broke') : 'succeed';
    const handle = await orchestra.begin(two(), 'r1');
    await orchestra.until(target, 'awaiting-operator');
    await orchestra.say(target, { command: 'skip', by: 'me', reason: 'not needed' });
    await orchestra.untilParkedAt(target, 'two/cutover/01-applyCheckpoint');
    await expect(
      orchestra.say(target, {
        command: 'doneByHand',
        by: 'me',
        reason: 'did it',
        proof: [{ kind: 'http', url: 'http://127.0.0.1', status: 200, underMs: 1 }],
      }),
    ).rejects.toMatchObject({ cause: { message: expect.stringContaining('not proven') } });
    await orchestra.say(target, {
      command: 'doneByHand',
      by: 'me',
      reason: 'did it',
      proof: [{ kind: 'services', count: 1, healthy: true }],
    });
    expect((await handle.result()).state).toBe('completed');
    const { records } = await orchestra.journal(target);
    expect(records.filter((record) => ['skipped', 'done-by-hand'].includes(record.type))).toHaveLength(2);
  });

  it('takes a failed phase back by itself where the plan says so, the other phases stay', async () => {
    const plan = two();
    plan.phases[1]!.onFailure = 'rollback';
    orchestra.script = failing('two/verify/02-runChecks');
    const status = await (await orchestra.begin(plan, 'r1')).result();
    expect(status.state).toBe('rolled-back');
    expect(status.phases.map((phase) => phase.state)).toEqual(['completed', 'rolled-back']);
    expect(orchestra.effects.at(-1)).toBe('rollback-1/01-applyCheckpoint');
    const { state } = await orchestra.journal(target);
    expect(state.phases.get('two')?.state).toBe('rolled-back');
    expect(state.operations.get('r1/two/cutover/01-applyCheckpoint')?.status).toBe('undone');
  });

  it('[K6][T2] parks a rollback whose step fails, and resumes it after the worker was replaced', async () => {
    const plan = two();
    plan.phases[1]!.onFailure = 'rollback';
    let broken = true;
    orchestra.script = (id) => {
      if (id === 'two/verify/02-runChecks') return new SwitchbackError('CheckFailed', 'too slow');
      if (broken && id === 'rollback-1/01-applyCheckpoint')
        return new SwitchbackError('Conflict', 'a foreign container holds the name');
      return 'succeed';
    };
    const handle = await orchestra.begin(plan, 'r1');
    const parked = await orchestra.until(target, 'rollback-paused');
    expect(parked.waiting?.error?.message).toBe('a foreign container holds the name');
    await stopWorker();
    stopWorker = await orchestra.work();
    broken = false;
    await orchestra.say(target, { command: 'resume', by: 'me' });
    expect((await handle.result()).state).toBe('rolled-back');
  });

  it('[K7] goes back to the baseline days after the run has ended, from the journal alone', async () => {
    const plan = two();
    await (await orchestra.begin(plan, 'r1')).result();
    const handle = await orchestra.beginRollback(plan, 'r2', {
      to: 'baseline',
      restoreData: false,
      discardData: false,
    });
    const status = await handle.result();
    expect(status.state).toBe('rolled-back');
    expect(status.phases.map((phase) => phase.state)).toEqual(['rolled-back', 'rolled-back']);
    // Two checkpoints on top of each other go back in one.
    expect(orchestra.effects.filter((id) => id.startsWith('rollback-1/'))).toEqual([
      'rollback-1/01-applyCheckpoint',
      'rollback-1/02-runChecks',
    ]);
    const { state } = await orchestra.journal(target);
    expect(
      [...state.operations.values()]
        .filter((known) => known.operation.kind === 'applyCheckpoint' && known.operation.undoes === undefined)
        .map((known) => known.status),
    ).toEqual(['undone', 'undone']);
  });

  it('interrupts the operation under way when a person asks for a rollback, and takes its part back too', async () => {
    const plan = two();
    orchestra.script = (id) => (id === 'two/cutover/01-applyCheckpoint' ? 'hang' : 'succeed');
    const handle = await orchestra.begin(plan, 'r1');
    let status = await orchestra.until(target, 'running');
    while (status.operation?.id !== 'two/cutover/01-applyCheckpoint') status = await orchestra.status(target);
    await orchestra.say(target, {
      command: 'rollback',
      by: 'me',
      reason: 'bad feeling',
      request: { to: 'previous', restoreData: false, discardData: false },
    });
    expect((await handle.result()).state).toBe('rolled-back');
    const { state } = await orchestra.journal(target);
    expect(state.phases.get('two')?.state).toBe('rolled-back');
  });

  it('waits for an approval; a no parks, a yes goes on', async () => {
    const plan = orchestra.plan(target, [
      {
        id: 'one',
        approval: 'tech-lead',
        operations: [
          { stage: 'gate', kind: 'runChecks' },
          { stage: 'cutover', kind: 'applyCheckpoint' },
        ],
      },
    ]);
    const handle = await orchestra.begin(plan, 'r1');
    const waiting = await orchestra.until(target, 'awaiting-approval');
    expect(waiting.waiting?.approval?.role).toBe('tech-lead');
    await expect(orchestra.say(target, { command: 'approve', by: 'me', role: 'cook' })).rejects.toMatchObject({
      cause: { message: expect.stringContaining('asked for: tech-lead') },
    });
    await orchestra.say(target, { command: 'reject', by: 'me', role: 'tech-lead', reason: 'friday' });
    const parked = await orchestra.until(target, 'awaiting-operator');
    expect(parked.waiting).toMatchObject({ gate: { phase: 'one', stage: 'gate', role: 'tech-lead', quorum: 1 } });
    expect(parked.waiting).not.toHaveProperty('operation');
    expect(parked.waiting?.accepts).not.toContain('doneByHand');
    const proof = [{ kind: 'services' as const, count: 1, healthy: true }];
    await expect(orchestra.say(target, { command: 'doneByHand', by: 'me', reason: 'x', proof })).rejects.toMatchObject({
      cause: { message: expect.stringContaining('a gate is opened by people') },
    });
    expect(orchestra.effects).not.toContain('one/cutover/02-applyCheckpoint');
    await orchestra.say(target, { command: 'retry', by: 'me' });
    await orchestra.until(target, 'awaiting-approval');
    await orchestra.say(target, { command: 'approve', by: 'you', role: 'tech-lead', comment: 'monday' });
    expect((await handle.result()).state).toBe('completed');
    const { records } = await orchestra.journal(target);
    expect(gatesOf(records)).toMatchObject([
      {
        ...{ run: 'r1', phase: 'one', role: 'tech-lead', state: 'approved', planDigest: plan.digest },
        answers: [
          { said: 'rejected', by: 'me', reason: 'friday' },
          { said: 'approved', by: 'you', reason: 'monday' },
        ],
      },
    ]);
    // No operation was made up for it.
    expect(records.filter((record) => record.type === 'skipped' || record.type === 'done-by-hand')).toEqual([]);
  });

  describe('whose proof has expired while it waited for an approval', () => {
    const backedUp = () =>
      orchestra.plan(target, [
        {
          id: 'one',
          approval: 'tech-lead',
          operations: [
            { stage: 'backup', kind: 'proveBackup', input: { point: 'one-volume-data' } },
            { stage: 'gate', kind: 'runChecks' },
            { stage: 'cutover', kind: 'applyCheckpoint' },
            { stage: 'cutover', kind: 'runContainer' },
          ],
        },
      ]);
    const twoDaysAgo = () => new Date(Date.now() - 48 * 3_600_000).toISOString();
    const approved = async () => {
      const handle = await orchestra.begin(backedUp(), 'r1');
      await orchestra.until(target, 'awaiting-approval');
      await orchestra.say(target, { command: 'approve', by: 'me', role: 'tech-lead' });
      return handle;
    };
    const proven = (at: (again: boolean) => string) => (id: string) =>
      id.includes('proveBackup') ? { proof: { at: at(id.includes('-again-')) } } : {};

    it('[K10] proves again before anything is cut over', async () => {
      orchestra.facts = proven((again) => (again ? new Date().toISOString() : twoDaysAgo()));
      const status = await (await approved()).result();
      expect(status).toMatchObject({ state: 'completed', phases: [{ done: 5, total: 5 }] });
      expect(orchestra.effects.map((id) => id.replace(/\d{13}$/, 'T'))).toEqual([
        'one/backup/01-proveBackup',
        'one/gate/02-runChecks',
        'one/backup/01-proveBackup-again-T',
        'one/cutover/03-applyCheckpoint',
        'one/cutover/04-runContainer',
      ]);
      expect(status.timeline.map(({ text }) => text)).toContainEqual(
        expect.stringMatching(/one-volume-data was proven 48\.0 h ago; they are proven again/),
      );
    });

    it('[K10] parks where no proof is young enough, with nothing cut over, and goes on at a retry', async () => {
      orchestra.facts = proven(twoDaysAgo);
      const handle = await approved();
      const parked = await orchestra.untilParkedAt(target, 'one/cutover/03-applyCheckpoint');
      expect(parked.waiting?.error).toMatchObject({
        name: 'ProofExpired',
        message: expect.stringContaining("older than the plan's proofAge of 24.0 h"),
        hint: expect.stringContaining('Retry proves them again'),
      });
      expect(orchestra.effects.filter((id) => id.includes('/cutover/'))).toEqual([]);
      orchestra.facts = proven(() => new Date().toISOString());
      await orchestra.say(target, { command: 'retry', by: 'me' });
      expect((await handle.result()).state).toBe('completed');
    });

    it('[K10] leaves out a proof only where a person says so', async () => {
      orchestra.script = (id) =>
        id.includes('-again-') ? new SwitchbackError('ValidationMismatch', 'it differs') : 'succeed';
      orchestra.facts = proven(twoDaysAgo);
      const handle = await approved();
      const parked = await orchestra.until(target, 'awaiting-operator');
      expect(parked.waiting?.operation?.id).toContain('proveBackup-again-');
      await orchestra.say(target, { command: 'skip', by: 'me', reason: 'the newest data is elsewhere' });
      expect((await handle.result()).state).toBe('completed');
    });
  });

  it('pauses after the operation under way and resumes', async () => {
    const plan = orchestra.plan(target, [
      {
        id: 'one',
        approval: 'lead',
        operations: [
          { stage: 'gate', kind: 'runChecks' },
          { stage: 'cutover', kind: 'applyCheckpoint' },
        ],
      },
    ]);
    const handle = await orchestra.begin(plan, 'r1');
    await orchestra.until(target, 'awaiting-approval');
    await orchestra.say(target, { command: 'pause', by: 'me', reason: 'lunch' });
    await orchestra.say(target, { command: 'approve', by: 'me', role: 'lead' });
    const paused = await orchestra.until(target, 'paused');
    expect(paused.waiting?.for).toBe('resume');
    expect(orchestra.effects).not.toContain('one/cutover/02-applyCheckpoint');
    await orchestra.say(target, { command: 'resume', by: 'me' });
    expect((await handle.result()).state).toBe('completed');
  });

  describe('that is told something when the last operation of a phase has just ended', () => {
    /** The decision is being written down when that operation ends, and is written when the phase is complete. */
    const tooLate = () => {
      const moment = new EventEmitter();
      const [decision, completion] = [once(moment, 'decision'), once(moment, 'completion')];
      orchestra.script = (id) => {
        return id === 'one/verify/03-runChecks' ? decision.then(() => 'succeed' as const) : 'succeed';
      };
      orchestra.recording = async (entries) => {
        if (entries.some((entry) => entry.type === 'phase-state' && entry.state === 'completed'))
          moment.emit('completion');
        if (!entries.some(({ type }) => type === 'decision')) return;
        moment.emit('decision');
        await completion;
      };
    };
    const untilItsLast = async () => {
      while ((await orchestra.status(target)).operation?.id !== 'one/verify/03-runChecks');
    };

    it('[K6] goes back', async () => {
      tooLate();
      const handle = await orchestra.begin(two(), 'r1');
      await untilItsLast();
      const request = { to: 'previous' as const, restoreData: false, discardData: false };
      await orchestra.say(target, { command: 'rollback', by: 'me', reason: 'bad feeling', request });
      expect((await handle.result()).state).toBe('rolled-back');
      expect(orchestra.effects.filter((id) => id.startsWith('two/'))).toEqual([]);
      expect((await orchestra.journal(target)).state.phases.get('one')?.state).toBe('rolled-back');
    });

    it('holds before the next phase', async () => {
      tooLate();
      const handle = await orchestra.begin(two(), 'r1');
      await untilItsLast();
      await orchestra.say(target, { command: 'pause', by: 'me', reason: 'lunch' });
      await orchestra.until(target, 'paused');
      expect(orchestra.effects.filter((id) => id.startsWith('two/'))).toEqual([]);
      orchestra.recording = () => Promise.resolve();
      await orchestra.say(target, { command: 'resume', by: 'me' });
      expect((await handle.result()).state).toBe('completed');
    });
  });

  it('does not drop a compensation when Temporal cancels a rollback: it holds', async () => {
    const plan = two();
    plan.phases[1]!.onFailure = 'rollback';
    let broken = true;
    orchestra.script = (id) => {
      if (id === 'two/verify/02-runChecks') return new SwitchbackError('CheckFailed', 'too slow');
      return broken && id === 'rollback-1/01-applyCheckpoint'
        ? new SwitchbackError('Conflict', 'in the way')
        : 'succeed';
    };
    const handle = await orchestra.begin(plan, 'r1');
    await orchestra.until(target, 'rollback-paused');
    await orchestra.environment.client.workflow.getHandle(`migration/${target}/rollback-1`).cancel();
    broken = false;
    await orchestra.until(target, 'rollback-paused');
    await orchestra.say(target, { command: 'resume', by: 'me' });
    expect((await handle.result()).state).toBe('rolled-back');
  });

  it('refuses a second run beside an open one, and one on an inconsistent target', async () => {
    orchestra.script = failing('one/cutover/02-applyCheckpoint');
    const handle = await orchestra.begin(two(), 'r1');
    await orchestra.until(target, 'awaiting-operator');
    await expect(orchestra.begin(two(), 'r2')).rejects.toMatchObject({ name: 'WorkflowExecutionAlreadyStartedError' });
    // Terminated from the UI: Temporal would allow a new run, the journal does not.
    await handle.terminate('from the UI');
    const second = await orchestra.begin(two(), 'r2');
    await expect(second.result()).rejects.toMatchObject({
      cause: { cause: { type: 'Conflict', message: expect.stringContaining('run r1') } },
    });
  });
});
