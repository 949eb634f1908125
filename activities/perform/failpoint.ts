import { setTimeout as wait } from 'node:timers/promises';
import { SwitchbackError } from '../../runbook/errors.ts';

/** Moments of an operation's attempt at which a fault can be planted: its intent is written; it has taken effect; its receipt is written. */
export type FailurePlace = 'before-effect' | 'after-effect' | 'after-report';

const faults = {
  kill: () => process.kill(process.pid, 'SIGKILL'),
  /** A zombie: whoever thaws it finds a successor at work. */
  stop: () => process.kill(process.pid, 'SIGSTOP'),
  throw: (place: string) => {
    throw new SwitchbackError('StepFailed', `a fault was planted ${place}`);
  },
  hang: () => wait(24 * 3600 * 1000),
} as const;

/**
 * Plants a fault at a moment of the first attempt of each operation, where the worker's environment asks for it: for tests of what
 * must survive it. `SWITCHBACK_FAILPOINT` is `PLACE:FAULT[:OPERATION]`, e.g. `after-effect:kill` or `before-effect:throw:apply/01`,
 * with a part of the operation's id. Does nothing when it is not set.
 */
export async function failpoint(place: FailurePlace, operation: string, attempt: number): Promise<void> {
  const asked = process.env['SWITCHBACK_FAILPOINT'];
  if (asked === undefined || attempt > 1) return;
  const [where, fault, which = ''] = asked.split(':');
  if (where !== place || !operation.includes(which)) return;
  await faults[fault as keyof typeof faults](place);
  // A signal to oneself may be a moment on its way.
  await wait(1000);
}
