import { SwitchbackError } from '../../runbook/errors.ts';
import type { Orchestra } from './orchestra.ts';

/** A run worth keeping as a history: later versions of the workflows must be able to replay it. */
export interface Story {
  name: string;
  /** Runs to the end. */
  tell(orchestra: Orchestra, target: string): Promise<void>;
}

const plan = (orchestra: Orchestra, target: string, onFailure: 'park' | 'rollback' = 'park', rehearse = false) =>
  orchestra.plan(target, [
    {
      id: 'one',
      rehearse,
      operations: [
        { stage: 'preflight', kind: 'checkPreflight' },
        { stage: 'cutover', kind: 'applyCheckpoint' },
        { stage: 'verify', kind: 'runChecks' },
      ],
    },
    {
      id: 'two',
      approval: 'tech-lead',
      onFailure,
      operations: [
        { stage: 'gate', kind: 'runChecks' },
        { stage: 'cutover', kind: 'applyCheckpoint' },
        { stage: 'verify', kind: 'runChecks' },
      ],
    },
  ]);

async function approved(orchestra: Orchestra, target: string) {
  await orchestra.until(target, 'awaiting-approval');
  await orchestra.say(target, { command: 'approve', by: 'lead@here', role: 'tech-lead' });
}

export const stories: Story[] = [
  {
    name: 'success',
    async tell(orchestra, target) {
      const handle = await orchestra.begin(plan(orchestra, target), 'r1');
      await approved(orchestra, target);
      await handle.result();
    },
  },
  {
    name: 'rehearsed',
    async tell(orchestra, target) {
      orchestra.differences = ['store:orders public.orders got the column note'];
      const handle = await orchestra.begin(plan(orchestra, target, 'park', true), 'r1');
      await orchestra.until(target, 'awaiting-operator');
      orchestra.differences = [];
      await orchestra.say(target, { command: 'retry', by: 'me@here' });
      await approved(orchestra, target);
      await handle.result();
    },
  },
  {
    name: 'backed-up',
    async tell(orchestra, target) {
      const followed = plan(orchestra, target);
      orchestra.script = (id) =>
        id === 'backup/02-backupVolume' ? new SwitchbackError('Conflict', 'somebody writes to it') : 'succeed';
      await orchestra.backUp(followed, { do: 'create', volumes: ['a', 'b'], test: true });
      orchestra.script = () => 'succeed';
      const retention = { keepLast: 2 };
      const task = { do: 'create', volumes: ['a'], test: true, testRetained: true, retention } as const;
      await orchestra.backUp(followed, { ...task, volumes: ['a'] }, 'scheduledBackup');
      await orchestra.backUp(followed, { do: 'prune', retention });
    },
  },
  {
    name: 'parked-and-retried',
    async tell(orchestra, target) {
      let broken = true;
      orchestra.script = (id) =>
        broken && id === 'one/cutover/02-applyCheckpoint' ? new SwitchbackError('StepFailed', 'it broke') : 'succeed';
      const handle = await orchestra.begin(plan(orchestra, target), 'r1');
      await orchestra.until(target, 'awaiting-operator');
      broken = false;
      await orchestra.say(target, { command: 'retry', by: 'me@here' });
      await approved(orchestra, target);
      await handle.result();
    },
  },
  {
    name: 'rolled-back',
    async tell(orchestra, target) {
      orchestra.script = (id) =>
        id === 'two/verify/03-runChecks' ? new SwitchbackError('CheckFailed', 'too slow') : 'succeed';
      const handle = await orchestra.begin(plan(orchestra, target, 'rollback'), 'r1');
      await approved(orchestra, target);
      await handle.result();
    },
  },
  {
    name: 'rollback-parked-and-resumed',
    async tell(orchestra, target) {
      let broken = true;
      orchestra.script = (id) => {
        if (id === 'two/verify/03-runChecks') return new SwitchbackError('CheckFailed', 'too slow');
        return broken && id === 'rollback-1/01-applyCheckpoint'
          ? new SwitchbackError('Conflict', 'a foreign container holds the name')
          : 'succeed';
      };
      const handle = await orchestra.begin(plan(orchestra, target), 'r1');
      await approved(orchestra, target);
      await orchestra.until(target, 'awaiting-operator');
      await orchestra.say(target, {
        command: 'rollback',
        by: 'me@here',
        reason: 'too slow',
        request: { to: 'previous', restoreData: false, discardData: false },
      });
      await orchestra.until(target, 'rollback-paused');
      broken = false;
      await orchestra.say(target, { command: 'resume', by: 'me@here' });
      await handle.result();
    },
  },
];
