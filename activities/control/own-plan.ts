import { realpath } from 'node:fs/promises';
import { isAbsolute, relative } from 'node:path';
import type { CompiledPlan } from '../../runbook/compiled-plan.ts';
import { SwitchbackError } from '../../runbook/errors.ts';
import { requireServed, type SecretSource } from '../perform/secrets.ts';

/**
 * Looks at what a plan asks of this worker, before anything is done for it.
 * @throws SwitchbackError `AccessDenied` when its stack, or a secret, is not one that this worker serves; `PlanInvalid` when the stack is not there
 */
export async function requireOwnPlan(
  plan: CompiledPlan,
  stacks: readonly string[],
  secrets: SecretSource,
): Promise<void> {
  await refuseForeignStack(plan.stack.directory, stacks);
  await requireServed(plan, secrets);
}

async function refuseForeignStack(directory: string, stacks: readonly string[]): Promise<void> {
  let real: string;
  try {
    real = await realpath(directory);
  } catch (error) {
    throw new SwitchbackError(
      'PlanInvalid',
      `the stack's directory ${directory} does not exist on the home host`,
      {},
      { cause: error },
    );
  }
  const served = stacks.some((stack) => {
    const inside = relative(stack, real);
    return !inside.startsWith('..') && !isAbsolute(inside);
  });
  if (!served) {
    throw new SwitchbackError('AccessDenied', `this worker does not serve stacks in ${real}`, {
      hint: 'Start it with SWITCHBACK_STACKS naming that directory, or one above it.',
    });
  }
}
