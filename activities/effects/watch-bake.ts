import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { describeCheck, firedTrigger, overallVerdict } from '../../runbook/checks.ts';
import type { CheckResult } from '../../runbook/checks.ts';
import { SwitchbackError } from '../../runbook/errors.ts';
import { operationObjectName } from '../../runbook/names.ts';
import type { Trigger } from '../../runbook/operations.ts';
import { newWatch, runChecks, watchWindow } from '../checks/index.ts';
import type { WatchState } from '../checks/index.ts';
import type { EffectContext, EffectHandler } from '../effect.ts';
import { isMissing, writeDurably } from '../points/index.ts';
import { describeResults, instrumentsOf, resultFacts, type CheckDependencies } from './instruments.ts';

/**
 * Watches the stack after the cutover with triggers armed. The window is counted in time watched: a worker that was away resumes it
 * from a file, and what nobody watched does not count.
 * Throws `CheckFailed` when a trigger fires, or when the last sample is not good: with facts `decide` and `failedInRow`.
 */
export function watchBakeHandler(deps: CheckDependencies): EffectHandler<'watchBake'> {
  return {
    prepare: async () => ({ undo: { by: 'nothing', summary: 'a watch only looks' }, facts: {} }),
    observe: async () => 'absent',
    async perform(input, context) {
      const { checks, forSeconds, everySeconds, triggers } = input;
      const file = await stateFile(context);
      const instruments = instrumentsOf(deps, context);
      const allowed = triggers.map(({ healthFailures }) => healthFailures);
      const result = await watchWindow(() => runChecks(checks, instruments, context.signal), await readState(file), {
        forMs: forSeconds * 1000,
        everyMs: everySeconds * 1000,
        failuresAllowed: allowed.length === 0 ? undefined : Math.min(...allowed),
        signal: context.signal,
        onSample: async (state, results) => {
          await writeDurably(file, JSON.stringify(state));
          context.progress({ ...progressOf(state, results, forSeconds), unit: 'samples' });
        },
      });
      // Watched to an end: if a person has it watched again, that is a new window.
      await rm(file, { force: true });
      const { state, fired, results } = result;
      const told = `${state.samples} samples in ${Math.round(state.watchedMs / 1000)} s, ${state.failed} failed, ${state.errors} not measured`;
      if (fired) throw firedError(triggers, fired.failedInRow, results, told);
      const verdict = overallVerdict(results);
      if (verdict !== 'successful') {
        throw new SwitchbackError('CheckFailed', `the watch ended badly (${told}): ${describeResults(results)}`, {
          hint: 'No trigger fired, but the last sample was not good. Watch again (retry) once it is, or roll back.',
          facts: { verdict, samples: state.samples, failed: state.failed },
        });
      }
      return {
        summary: `watched for ${forSeconds} s, no trigger fired: ${told}`,
        facts: { verdict, ...state, watchedMs: Math.round(state.watchedMs), results: resultFacts(results) },
        effect: { checks: checks.map(describeCheck), forSeconds, fired: false },
      };
    },
  };
}

function firedError(triggers: Trigger[], failedInRow: number, results: CheckResult[], told: string): SwitchbackError {
  const decide = firedTrigger(triggers, failedInRow)?.decide ?? 'assess';
  return new SwitchbackError(
    'CheckFailed',
    `a trigger fired: ${failedInRow} samples in a row failed, which means ${decide} (${told}): ${describeResults(results)}`,
    {
      hint: 'Roll back, or repair and retry: a retry watches the whole window again.',
      facts: { verdict: 'failed', trigger: 'healthFailures', decide, failedInRow },
    },
  );
}

function progressOf(state: WatchState, results: CheckResult[], forSeconds: number) {
  const left = Math.max(0, Math.round(forSeconds - state.watchedMs / 1000));
  const bad = describeResults(results);
  const doing =
    bad === '' ? `all good, ${left} s to watch` : `${state.failedInRow} failed in a row, ${left} s to watch: ${bad}`;
  return { doing: doing.slice(0, 400), done: state.samples };
}

async function stateFile(context: EffectContext<'watchBake'>): Promise<string> {
  const folder = join(
    context.home.scratch,
    operationObjectName(context.target, context.runId, context.operation.id, 'watch'),
  );
  await mkdir(folder, { recursive: true, mode: 0o700 });
  return join(folder, 'watch.json');
}

async function readState(file: string): Promise<WatchState> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as WatchState;
  } catch (error) {
    if (isMissing(error)) return newWatch;
    throw error;
  }
}
