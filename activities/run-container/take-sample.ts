import type { CheckpointDependencies } from '../checkpoint/index.ts';
import { runInService, type RunContext, type ServiceCommand } from './run-in-service.ts';

/**
 * Runs a command of a check in a one-shot container of a service's image, and removes it. A measurement is taken anew: `sample` and the
 * attempt are part of the container's name, so none is adopted from an earlier attempt.
 * @throws SwitchbackError as `runInService`
 */
export async function takeSampleInService(
  deps: CheckpointDependencies,
  context: RunContext,
  request: ServiceCommand & { sample: number; signal: AbortSignal },
): Promise<{ exitCode: number; log: string }> {
  const role = `check-${context.attempt}-${request.sample}`;
  const { result } = await runInService(deps, { ...context, signal: request.signal }, request, {
    role,
    signal: request.signal,
  });
  return { exitCode: result.timedOut ? 124 : result.exitCode, log: result.log };
}
