import { SwitchbackError } from '../../runbook/errors.ts';
import { waitUntilReady, type ComposeModel } from '../compose/index.ts';
import type { DockerEngine } from '../docker/index.ts';

/**
 * Compose says that a dependency failed; what the operator needs is which one, in what state, and its last words.
 * @returns the error to throw: a better one where there is something to say
 */
export async function explainFailure(
  error: unknown,
  engine: DockerEngine,
  stack: { project: string; model: ComposeModel; services?: readonly string[] },
  signal: AbortSignal,
): Promise<unknown> {
  if (signal.aborted || !(error instanceof SwitchbackError)) return error;
  if (error.name !== 'StepFailed' && error.name !== 'NotReady') return error;
  // The engine's own answer is the reason; that others wait for that container is what follows from it.
  if (error.facts['engine'] !== undefined) return error;
  try {
    await waitUntilReady(engine, { ...stack, withinMs: 0, signal });
    return error;
  } catch (why) {
    if (!(why instanceof SwitchbackError) || !['StepFailed', 'NotReady'].includes(why.name)) return error;
    const detail = { ...(why.hint === undefined ? {} : { hint: why.hint }), facts: why.facts };
    return new SwitchbackError(error.name, `${why.message} (${error.message})`, detail, { cause: error });
  }
}
