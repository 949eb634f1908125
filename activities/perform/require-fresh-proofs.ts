import type { CompiledPlan } from '../../runbook/compiled-plan.ts';
import { SwitchbackError } from '../../runbook/errors.ts';
import { expiredProofs } from '../../runbook/fresh-proof.ts';
import type { PerformRequest } from '../../runbook/activities.ts';
import type { TargetState } from '../../runbook/target-state.ts';

/**
 * Right before a phase's cutover begins: its recovery points must have been proven within the plan's limit.
 * @throws SwitchbackError `ProofExpired`, upon which the workflow has them proven again.
 */
export function requireFreshProofs(plan: CompiledPlan, { run, operation }: PerformRequest, state: TargetState): void {
  const now = Date.now();
  const expired = expiredProofs(plan, operation, run.runId, state, now);
  if (expired.length === 0) return;
  const named = expired.map(({ point, at }) =>
    at === undefined ? `${point} was never proven` : `${point} was proven ${hours(now - Date.parse(at))} ago`,
  );
  throw new SwitchbackError(
    'ProofExpired',
    `the cutover of ${operation.phase} rests on recovery points whose proof is older than the plan's proofAge of ${hours(plan.proofAgeSeconds * 1000)}: ${named.join(', ')}`,
    { hint: 'Retry proves them again first. A proofAge that is shorter than a restore takes can never hold.' },
  );
}

const hours = (milliseconds: number) =>
  milliseconds < 3_600_000 ? `${(milliseconds / 60_000).toFixed(1)} min` : `${(milliseconds / 3_600_000).toFixed(1)} h`;
