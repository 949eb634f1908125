import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { SwitchbackError } from '../../runbook/errors.ts';
import { migrationWorkflowId, phaseWorkflowId, rollbackWorkflowId } from '../../runbook/names.ts';
import type { Undo } from '../../runbook/operations.ts';
import type { CommandAnswer } from '../../runbook/run-state.ts';
import { commandSignal } from '../../workflows/messages.ts';
import { Orchestra } from './orchestra.ts';

let orchestra: Orchestra;
beforeAll(async () => {
  orchestra = await Orchestra.start();
  await orchestra.work();
});
afterAll(() => orchestra.stop());

let target: string;
let count = 0;
beforeEach(() => {
  count += 1;
  target = `course-${count}`;
  orchestra.quiet();
});

const lossy: Undo = {
  ...{ by: 'operation', summary: 'drop what it made', lossy: true, kind: 'applySql' },
  ...{ input: { store: 'db', source: { digest: 'd' }, transactional: true, expand: false }, effects: [] },
};
const plan = (undo: Undo = lossy) =>
  orchestra.plan(target, [
    { id: 'one', operations: [{ stage: 'cutover', kind: 'applyCheckpoint' }] },
    { id: 'extra', optional: true, operations: [{ stage: 'cutover', kind: 'applyCheckpoint' }] },
    {
      id: 'two',
      operations: [
        { stage: 'apply', kind: 'applySql', undo },
        { stage: 'cutover', kind: 'applyCheckpoint' },
        { stage: 'verify', kind: 'runChecks' },
      ],
    },
  ]);
const broken = (...parts: string[]) => {
  orchestra.script = (id) =>
    parts.some((part) => id.includes(part)) ? new SwitchbackError('StepFailed', 'it broke') : 'succeed';
};
const back = (request: object = {}) => ({
  ...{ command: 'rollback' as const, by: 'ada', reason: 'too slow' },
  request: { to: 'previous' as const, restoreData: false, discardData: false, ...request },
});
const { begin, terminate, state, forwards } = {
  begin: async (of = plan(), without = ['extra']) => {
    const handle = await orchestra.begin(of, 'r1', { without });
    await orchestra.until(target, 'awaiting-operator');
    return handle;
  },
  terminate: async (...ids: string[]) => {
    for (const id of ids) await orchestra.environment.client.workflow.getHandle(id).terminate('lost');
  },
  state: async () => (await orchestra.journal(target)).state,
  forwards: () => orchestra.effects.filter((id) => !id.startsWith('rollback-')),
};

describe('a run whose workflow is gone', () => {
  it('ends as rolled back where its rollback has finished: nothing goes forward', async () => {
    broken('two/verify', 'rollback-1/01');
    await begin();
    await orchestra.say(target, back());
    await orchestra.until(target, 'rollback-paused');
    await terminate(migrationWorkflowId(target));
    orchestra.script = () => 'succeed';
    const child = orchestra.environment.client.workflow.getHandle(rollbackWorkflowId(target, 1));
    await child.signal(commandSignal, { id: 1, command: { command: 'retry', by: 'ada' } });
    await child.result();
    const before = [...orchestra.effects];

    const status = await (await orchestra.goOn(plan(), 'r1')).result();
    expect(status.state).toBe('rolled-back');
    expect(orchestra.effects).toEqual(before);
    const { runs, phases } = await state();
    expect(runs.map(({ id, state: ended }) => [id, ended])).toEqual([['r1', 'rolled-back']]);
    expect(phases.get('two')?.state).toBe('rolled-back');
  });

  it('goes back as it was asked before anything was planned, data and all', async () => {
    broken('two/verify');
    orchestra.recording = async (entries) => {
      // Lost between what the child says and what the parent makes of it.
      if (entries.some((entry) => entry.type === 'phase-state' && entry.state === 'failed'))
        await terminate(migrationWorkflowId(target)).catch(() => undefined);
    };
    await begin();
    await orchestra.say(target, back({ discardData: true })).catch(() => undefined);
    await orchestra.environment.client.workflow.getHandle(phaseWorkflowId(target, 3, 'two')).result();
    orchestra.quiet();
    const status = await (await orchestra.goOn(plan(), 'r1')).result();
    expect(status.state).toBe('rolled-back');
    expect(orchestra.effects).toEqual(['rollback-1/01-applyCheckpoint', 'rollback-1/02-applySql']);
  });

  it('leaves out what was left out', async () => {
    broken('one/cutover');
    await begin();
    await terminate(migrationWorkflowId(target), phaseWorkflowId(target, 1, 'one'));
    orchestra.quiet();
    const status = await (await orchestra.goOn(plan(), 'r1')).result();
    expect(status.phases.map(({ id, state: reached }) => [id, reached])).toEqual([
      ['one', 'completed'],
      ['extra', 'skipped'],
      ['two', 'completed'],
    ]);
  });

  it('goes back in a workflow that is reset to its start, and once it has ended does nothing more', async () => {
    broken('two/verify', 'rollback-1/01');
    await begin();
    await orchestra.say(target, back());
    await orchestra.until(target, 'rollback-paused');
    const before = forwards();
    await orchestra.reset(migrationWorkflowId(target));
    const { workflow } = orchestra.environment.client;
    expect(await workflow.getHandle(migrationWorkflowId(target)).result()).toMatchObject({ state: 'rolled-back' });
    expect(forwards()).toEqual(before);
    expect((await state()).phases.get('two')?.state).toBe('rolled-back');
    expect((await state()).phases.get('one')?.state).toBe('completed');

    const after = [...orchestra.effects];
    await orchestra.reset(migrationWorkflowId(target));
    await expect(workflow.getHandle(migrationWorkflowId(target)).result()).rejects.toThrow();
    expect(orchestra.effects).toEqual(after);
    expect((await state()).runs.at(-1)?.state).toBe('rolled-back');
  });
});

describe('two that speak at once', () => {
  const answers = async (...words: Promise<CommandAnswer>[]) =>
    (await Promise.allSettled(words)).map(({ status }) => status);
  const decisions = async () =>
    (await orchestra.journal(target)).records.flatMap((record) => (record.type === 'decision' ? [record.command] : []));

  it('are not both told yes: rollback and abort', async () => {
    broken('two/verify');
    const handle = await begin();
    const abort = { command: 'abort', by: 'bob', reason: 'enough' } as const;
    const said = await answers(orchestra.say(target, back()), orchestra.say(target, abort));
    expect(said.filter((one) => one === 'fulfilled')).toHaveLength(1);
    const { state: ended } = await handle.result();
    expect(ended).toBe(said[0] === 'fulfilled' ? 'rolled-back' : 'aborted');
    expect(await decisions()).toEqual([said[0] === 'fulfilled' ? 'rollback' : 'abort']);
  });

  it('are not both obeyed: what was proven by hand counts only while it is parked', async () => {
    broken('two/verify');
    const handle = await begin();
    let proven: () => void = () => undefined;
    // One promise for whenever the proof is asked for: before the skip, or after it.
    const proving = new Promise<void>((resolve) => (proven = resolve));
    orchestra.proving = () => proving;
    const proof = [{ kind: 'services' as const, count: 1, healthy: true }];
    const byHand = orchestra.say(target, { command: 'doneByHand', by: 'ada', reason: 'did it', proof });
    const refused = expect(byHand).rejects.toMatchObject({
      cause: { message: expect.stringContaining('not parked any more') },
    });
    await orchestra.say(target, { command: 'skip', by: 'bob', reason: 'not needed' });
    proven();
    await handle.result();
    await refused.catch(() => undefined);
    const { records } = await orchestra.journal(target);
    expect(records.filter(({ type }) => type === 'done-by-hand')).toEqual([]);
    expect(await decisions()).toEqual(['skip']);
  });
});
