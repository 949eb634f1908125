import type { RunRef, VerificationReport } from '../../runbook/activities.ts';
import { overallVerdict } from '../../runbook/checks.ts';
import { SwitchbackError } from '../../runbook/errors.ts';
import { checkpointBelow } from '../../runbook/rollback.ts';
import { checkDrift, runningOtherwise } from '../checkpoint/index.ts';
import { untilSteady } from '../checks/index.ts';
import type { EffectContext } from '../effect.ts';
import type { Surroundings } from '../perform/effect-context.ts';
import type { ControlDependencies } from './control-dependencies.ts';
import { inspecting } from './inspecting.ts';
import { sealedPlans } from './sealed-plans.ts';

/** Long enough for a container that has just been started to become healthy; what is well takes two samples. */
const withinMs = 30_000;

/**
 * Takes samples of the checks of the checkpoint that the journal says the stack is at, until two in a row were good; and looks whether
 * somebody has changed an active file. Takes no lease: it only looks.
 * @throws SwitchbackError `PreconditionFailed` when the journal knows no run
 */
export async function verify(
  { target: name }: { target: string },
  dependencies: ControlDependencies,
  surroundings: Surroundings,
): Promise<VerificationReport> {
  const target = await dependencies.access.open(name);
  const state = await target.journal.refresh();
  const newest = state.runs.at(-1);
  if (!newest) throw new SwitchbackError('PreconditionFailed', `the journal of ${name} knows no run`);
  const { plan } = await target.sealedRun(newest.id);
  const checkpoint = checkpointBelow(Number.POSITIVE_INFINITY, state, plan, await sealedPlans(target, state));
  // Its checks speak of the stores and services of the plan that they are of.
  const run: RunRef = { target: name, runId: checkpoint.run ?? newest.id, epoch: state.epoch };
  const context = await inspecting(target, run, dependencies, surroundings);
  const found = [await driftOf(context), ...(await otherwise(dependencies, context))];
  const drift = found.filter((one) => one !== undefined).join('; ') || undefined;
  const { verdict, results } = await untilSteady(() => dependencies.check(checkpoint.checks, context), {
    withinMs,
    everyMs: 1000,
    consecutive: 2,
    signal: surroundings.signal,
    onSample: (_results, samples) => surroundings.progress({ doing: `sample ${samples} of ${checkpoint.name}` }),
  });
  return {
    run: newest.id,
    state: newest.state,
    checkpoint: checkpoint.name,
    consistent: state.consistent,
    ...(drift === undefined ? {} : { drift }),
    results,
    verdict: checkpoint.checks.length === 0 ? overallVerdict([]) : verdict,
  };
}

async function driftOf(context: EffectContext): Promise<string | undefined> {
  try {
    await checkDrift(context);
    return undefined;
  } catch (error) {
    if (error instanceof SwitchbackError) return error.message;
    throw error;
  }
}

/** How containers run otherwise than the active files say, where this worker has Compose to read them. */
async function otherwise({ world }: ControlDependencies, context: EffectContext): Promise<string[]> {
  const { engine, compose } = world;
  return compose === undefined ? [] : runningOtherwise({ engine, compose }, context);
}
