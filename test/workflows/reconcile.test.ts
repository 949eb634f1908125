import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { SwitchbackError } from '../../runbook/errors.ts';
import { migrationWorkflowId, phaseWorkflowId } from '../../runbook/names.ts';
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
  target = `lost-${count}`;
  orchestra.quiet();
});

const plan = () =>
  orchestra.plan(target, [
    { id: 'one', operations: [{ stage: 'cutover', kind: 'applyCheckpoint' }] },
    {
      id: 'two',
      operations: [
        { stage: 'apply', kind: 'applySql' },
        { stage: 'apply', kind: 'runContainer' },
        { stage: 'cutover', kind: 'applyCheckpoint' },
        { stage: 'verify', kind: 'runChecks' },
      ],
    },
  ]);
const broken = (...ids: string[]) => {
  orchestra.script = (id) => (ids.includes(id) ? new SwitchbackError('StepFailed', 'it broke') : 'succeed');
};
const reason = 'for the test';
const terminate = (workflowId: string) => orchestra.environment.client.workflow.getHandle(workflowId).terminate('lost');

describe('a run that has lost its workflow', () => {
  it('[T2] goes on from its receipts: nothing is done twice, and what a person settled stays settled', async () => {
    broken('two/apply/01-applySql', 'two/apply/02-runContainer', 'two/cutover/03-applyCheckpoint');
    await orchestra.begin(plan(), 'r1');
    await orchestra.until(target, 'awaiting-operator');
    await orchestra.say(target, { command: 'skip', by: 'ada', reason });
    await orchestra.untilParkedAt(target, 'two/apply/02-runContainer');
    const proof = [{ kind: 'services' as const, count: 1, healthy: true }];
    await orchestra.say(target, { command: 'doneByHand', by: 'ada', reason, proof });
    await orchestra.untilParkedAt(target, 'two/cutover/03-applyCheckpoint');

    await terminate(migrationWorkflowId(target));
    await terminate(phaseWorkflowId(target, 2, 'two'));
    orchestra.script = () => 'succeed';
    const handle = await orchestra.goOn(plan(), 'r1');
    expect((await handle.result()).state).toBe('completed');

    expect(orchestra.effects).toEqual([
      'one/cutover/01-applyCheckpoint',
      'two/cutover/03-applyCheckpoint',
      'two/verify/04-runChecks',
    ]);
    const { state } = await orchestra.journal(target);
    expect(state.runs.map(({ id, state: ended }) => [id, ended])).toEqual([['r1', 'completed']]);
    expect(state.epoch).toBe(2);
    expect([...state.phases.values()].map((phase) => [phase.id, phase.state])).toEqual([
      ['one', 'completed'],
      ['two', 'completed'],
    ]);
  });

  it('is not gone on with once it has ended', async () => {
    await (await orchestra.begin(plan(), 'r1')).result();
    const handle = await orchestra.goOn(plan(), 'r1');
    await expect(handle.result()).rejects.toThrow();
    expect((await orchestra.journal(target)).state.epoch).toBe(1);
  });

  it('[T2] is taken back from its receipts, by a rollback that knows nothing of the workflow', async () => {
    broken('two/cutover/03-applyCheckpoint');
    await orchestra.begin(plan(), 'r1');
    await orchestra.until(target, 'awaiting-operator');
    await terminate(migrationWorkflowId(target));
    await terminate(phaseWorkflowId(target, 2, 'two'));
    orchestra.script = () => 'succeed';
    const request = { to: 'baseline' as const, restoreData: false, discardData: false };
    const status = await (await orchestra.beginRollback(plan(), 'r2', request)).result();
    expect(status.state).toBe('rolled-back');
    const { state } = await orchestra.journal(target);
    expect(state.consistent).toBe(true);
    expect([...state.phases.values()].map((phase) => phase.state)).toEqual(['rolled-back', 'rolled-back']);
  });
});

describe('a target whose rollback was given up', () => {
  it('is consistent again once another rollback has taken back what stood', async () => {
    await (await orchestra.begin(plan(), 'r1')).result();
    broken('rollback-1/01-applyCheckpoint');
    const request = { to: 'previous' as const, restoreData: false, discardData: false };
    const given = await orchestra.beginRollback(plan(), 'r2', request);
    await orchestra.until(target, 'rollback-paused');
    await orchestra.say(target, { command: 'abort', by: 'ada', reason });
    await given.result();
    expect((await orchestra.journal(target)).state.consistent).toBe(false);

    orchestra.script = () => 'succeed';
    await (await orchestra.beginRollback(plan(), 'r3', request)).result();
    const { state } = await orchestra.journal(target);
    expect(state.consistent).toBe(true);
    expect(state.phases.get('two')?.state).toBe('rolled-back');
  });
});
