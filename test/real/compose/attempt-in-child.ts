import { composeLock } from '../../../activities/compose/compose-cli.ts';
import { newestGeneration } from '../../../activities/compose/lock-generation.ts';
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
async function moment(what: string): Promise<void> {
  moments += 1;
  if (typeof order.at === 'string' ? !what.includes(order.at) : moments !== order.at) return;
  if (order.withCompose) await killCompose();
  process.kill(process.pid, 'SIGKILL');
}

async function killCompose(): Promise<void> {
  const lock = await newestGeneration(composeLock(target.home.root, target.plan.stack.project));
  if (!lock?.holder.child || lock.holder.released) return;
  try {
    process.kill(-lock.holder.child.pid, 'SIGKILL');
  } catch {
    // It has just ended by itself.
  }
}

const made = target.context('applyCheckpoint', order.input, {
  id: order.operation,
  onProgress: (progress) => void moment(progress.doing),
});
const context: EffectContext<'applyCheckpoint'> = {
  ...made,
  fence: async () => {
    await moment('fence');
    await made.fence();
  },
  bindIdentity: async (resource, identity) => {
    await moment(`before noting ${resource}`);
    await made.bindIdentity(resource, identity);
    await moment(`noted ${resource}`);
  },
};
const { performed } = await performWith(applyCheckpoint, context, order.prepared);
process.stdout.write(JSON.stringify({ performed, moments }));
