import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { WorkflowFailedError } from '@temporalio/client';
import type { BackupResult } from '../../runbook/backup-task.ts';
import { SwitchbackError } from '../../runbook/errors.ts';
import { backupWorkflowId } from '../../runbook/names.ts';
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
  target = `backed-up-${count}`;
  orchestra.quiet();
});

const plan = () => orchestra.plan(target, [{ id: 'one', operations: [{ stage: 'cutover', kind: 'applyCheckpoint' }] }]);
const create = (...volumes: string[]) => ({ do: 'create', volumes, test: true }) as const;
const resultOf = (error: unknown) => {
  expect(error).toBeInstanceOf(WorkflowFailedError);
  const cause = (error as WorkflowFailedError).cause as unknown as {
    type: string;
    details: [{ result: BackupResult }];
  };
  return { type: cause.type, result: cause.details[0].result };
};
const tasks = async () => (await orchestra.journal(target)).state.tasks.map(({ task, state }) => [task, state]);

describe('work on recovery points', () => {
  it('does all that can be done: what fails is told, its test is left out, and the workflow fails', async () => {
    orchestra.script = (id) =>
      id === 'backup/01-backupVolume' ? new SwitchbackError('Conflict', 'not quiet') : 'succeed';
    const { error } = (await orchestra.backUp(plan(), create('a', 'b'))) as { error: unknown };
    const { type, result } = resultOf(error);
    expect(type).toBe('Conflict');
    expect(
      result.outcomes.map(({ operation, error: failed, skipped }) => [operation, failed?.message ?? skipped]),
    ).toEqual([
      ['backup/01-backupVolume', 'not quiet'],
      ['backup/02-backupVolume', undefined],
      ['backup/03-proveBackup', true],
      ['backup/04-proveBackup', undefined],
    ]);
    expect(await tasks()).toEqual([['create', 'failed']]);
    expect((await orchestra.journal(target)).state.holder).toBeUndefined();
  });

  it('prunes only after all went well', async () => {
    const task = { ...create('a'), retention: { keepLast: 1 } };
    orchestra.script = (id) =>
      id.includes('proveBackup') ? new SwitchbackError('ValidationMismatch', 'differs') : 'succeed';
    await orchestra.backUp(plan(), task);
    expect(orchestra.effects).toEqual(['backup/01-backupVolume']);
    orchestra.script = () => 'succeed';
    await orchestra.backUp(plan(), task);
    expect(orchestra.effects.slice(1)).toEqual([
      'backup/01-backupVolume',
      'backup/02-proveBackup',
      'backup/03-prunePoints',
    ]);
  });

  it('is called off by a cancel, gives the lease back, and leaves no run behind', async () => {
    orchestra.script = () => 'hang';
    const running = orchestra.backUp(plan(), create('a', 'b'));
    const handle = orchestra.environment.client.workflow.getHandle(backupWorkflowId(target));
    for (;;) {
      const { state } = await orchestra.journal(target).catch(() => ({ state: undefined }));
      if (state && [...state.operations.values()].length > 0) break;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    await handle.cancel();
    const { result } = resultOf(((await running) as { error: unknown }).error);
    expect(result.outcomes[0]?.error).toBeDefined();
    expect(result.outcomes.map(({ skipped }) => skipped ?? false)).toEqual([false, true, true, true]);
    const { state } = await orchestra.journal(target);
    expect(state.tasks).toMatchObject([{ state: 'aborted' }]);
    expect(state.holder).toBeUndefined();
    expect(state.runs).toEqual([]);
  });

  it('is refused while a run is open, and goes again once it has ended', async () => {
    orchestra.script = (id) =>
      id.includes('applyCheckpoint') ? new SwitchbackError('StepFailed', 'broke') : 'succeed';
    const run = await orchestra.begin(plan(), 'r1');
    await orchestra.until(target, 'awaiting-operator');
    const { error } = (await orchestra.backUp(plan(), create('a'))) as { error: WorkflowFailedError };
    expect(String((error.cause as Error).cause ?? error.cause)).toContain('run r1 of');
    expect(await tasks()).toEqual([]);
    orchestra.script = () => 'succeed';
    await orchestra.say(target, { command: 'retry', by: 'me@here' });
    await run.result();
    expect(await orchestra.backUp(plan(), create('a'))).toMatchObject({ result: { outcomes: [{}, {}] } });
  });

  it('is overtaken by a rollback, which waits for nobody', async () => {
    await (await orchestra.begin(plan(), 'r1')).result();
    orchestra.script = (id) => (id.includes('backupVolume') ? 'hang' : 'succeed');
    const running = orchestra.backUp(plan(), create('a'));
    while ((await tasks()).length === 0) await new Promise((resolve) => setTimeout(resolve, 50));
    const request = { to: 'baseline' as const, restoreData: false, discardData: false };
    const status = await (await orchestra.beginRollback(plan(), 'r2', request)).result();
    expect(status.state).toBe('rolled-back');
    expect(await tasks()).toEqual([['create', 'aborted']]);
    // What it still does is fenced off; here it hangs, so somebody ends it.
    await orchestra.environment.client.workflow.getHandle(backupWorkflowId(target)).cancel();
    await running;
    expect(await tasks()).toEqual([['create', 'aborted']]);
  });
});
