import type { CommandName, RunStatus } from '../../runbook/run-state.ts';
import { acceptedCommands, finalRunStates } from '../../runbook/run-state.ts';
import type { NextStep } from '../command-line/answer.ts';

type Situation = Pick<RunStatus, 'state' | 'waiting'>;

/** How each command is typed, with the words that it needs. */
const spelled: Record<CommandName, (situation: Situation) => NextStep> = {
  pause: () => ({ type: 'switchback pause', why: 'stop before the next operation' }),
  resume: ({ state }) => ({
    type: 'switchback resume',
    why: state === 'rollback-paused' ? 'go on rolling back, once the cause is gone' : 'go on',
  }),
  retry: () => ({ type: 'switchback retry', why: 'try the operation again, once the cause is gone' }),
  skip: ({ state }) => ({
    type: 'switchback skip --reason "…"',
    why:
      state === 'rollback-paused'
        ? 'leave this undo out; the target is inconsistent until somebody reconciles it'
        : 'go on without this operation',
  }),
  doneByHand: () => ({
    type: 'switchback done-by-hand --reason "…" --proof-http URL',
    why: 'you did it yourself, and a check proves it',
  }),
  approve: ({ waiting }) => ({
    type: `switchback approve --role ${waiting?.approval?.role ?? 'ROLE'}`,
    why: 'say yes, and go on',
  }),
  reject: ({ waiting }) => ({
    type: `switchback reject --role ${waiting?.approval?.role ?? 'ROLE'} --reason "…"`,
    why: 'say no',
  }),
  rollback: () => ({
    type: 'switchback rollback --reason "…"',
    why: 'go back to the last checkpoint (--dry-run shows how)',
  }),
  abort: () => ({ type: 'switchback abort --reason "…"', why: 'end the run and leave everything as it is' }),
};

const watch: NextStep = { type: 'switchback watch', why: 'follow it live' };
const history: NextStep = { type: 'switchback history', why: 'the whole story' };

/** `resume` and `retry` do the same to a run that waits after a failure: one of them is enough to read. */
const offered = (commands: readonly CommandName[], state: Situation['state']) =>
  commands.filter(
    (name) =>
      !(name === 'resume' && state === 'awaiting-operator') && !(name === 'retry' && state === 'rollback-paused'),
  );

/** What can be typed about a run in its state; `sameFlags` repeats how the target was named. */
export function nextSteps(status: Situation, sameFlags = ''): NextStep[] {
  const steps: NextStep[] = [];
  if (finalRunStates.includes(status.state)) {
    steps.push(history);
    if (status.state === 'completed') {
      steps.push({ type: 'switchback rollback --dry-run', why: 'what going back would do, exactly' });
    } else {
      steps.push({ type: 'switchback start', why: 'run the plan again; phases that stand are not repeated' });
    }
  } else {
    const accepts = status.waiting?.accepts ?? acceptedCommands[status.state];
    if (status.waiting === undefined) steps.push(watch);
    steps.push(...offered(accepts, status.state).map((name) => spelled[name](status)));
  }
  return steps.map((step) => ({ ...step, type: withFlags(step.type, sameFlags) }));
}

/** Puts the place flags right after the verb, where they are out of the way of text that has to be filled in. */
export const withFlags = (type: string, sameFlags: string) =>
  type.replace(/^switchback [\w-]+/, (verb) => verb + sameFlags);

/** States in which `status` ends with exit code 7. */
export function needsPerson(status: Pick<RunStatus, 'state' | 'inconsistent'>): boolean {
  return (
    ['paused', 'awaiting-operator', 'awaiting-approval', 'rollback-paused', 'failed'].includes(status.state) ||
    status.inconsistent
  );
}
