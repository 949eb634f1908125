import { readFileSync } from 'node:fs';

import type { EffectContext, Prepared } from '../../../activities/effect.ts';
import type { OperationInputs } from '../../../runbook/operations.ts';
import { performWith, TestTarget, type TargetOptions } from '../effect-context.ts';
import { applyCheckpoint } from './stack-fixture.ts';

export interface Order {
  root: string;
  options: TargetOptions;
  operation: string;
  input: OperationInputs['applyCheckpoint'];
  prepared: Prepared;
  /** Where the process dies: at its n-th moment, counted from 1, or at the first one that contains a text. */
  at: number | string;
  /** Kill `docker compose` in the same moment, as when the machine dies. */
  withCompose: boolean;
}

const order = JSON.parse(process.argv[2] ?? '') as Order;
const target = await TestTarget.open(order.root, order.options);
let moments = 0;

/** Whatever a handler does to the outside is announced by one of these. */
function moment(what: string): void {
  moments += 1;
  if (typeof order.at === 'string' ? !what.includes(order.at) : moments !== order.at) return;
  if (order.withCompose) killCompose();
  process.kill(process.pid, 'SIGKILL');
}

function killCompose(): void {
  try {
    const lock = readFileSync(`${target.home.root}/compose-${target.plan.stack.project}.lock`, 'utf8');
    const { child } = JSON.parse(lock) as { child?: { pid: number } };
    if (child) process.kill(-child.pid, 'SIGKILL');
  } catch {
    // Nobody holds the lock, or Compose has just ended: there is nothing to kill.
  }
}

const made = target.context('applyCheckpoint', order.input, {
  id: order.operation,
  onProgress: (progress) => moment(progress.doing),
});
const context: EffectContext<'applyCheckpoint'> = {
  ...made,
  fence: async () => {
    moment('fence');
    await made.fence();
  },
  bindIdentity: async (resource, identity) => {
    moment(`before noting ${resource}`);
    await made.bindIdentity(resource, identity);
    moment(`noted ${resource}`);
  },
};
const { performed } = await performWith(applyCheckpoint, context, order.prepared);
process.stdout.write(JSON.stringify({ performed, moments }));
