import { describeCheck } from '../../runbook/checks.ts';
import { SwitchbackError } from '../../runbook/errors.ts';
import { runChecks, untilSteady } from '../checks/index.ts';
import type { EffectHandler } from '../effect.ts';
import { describeResults, instrumentsOf, resultFacts, type CheckDependencies } from './instruments.ts';

/**
 * Takes samples of all checks until enough in a row were good. Says no with `CheckFailed`; says that nothing could be measured with
 * `NotReady`, which may be tried again.
 */
export function runChecksHandler(deps: CheckDependencies): EffectHandler<'runChecks'> {
  return {
    prepare: async () => ({ undo: { by: 'nothing', summary: 'checks only look' }, facts: {} }),
    observe: async () => 'absent',
    async perform(input, context) {
      const { checks, withinSeconds, everySeconds, consecutive } = input;
      const instruments = instrumentsOf(deps, context);
      const steadiness = await untilSteady(() => runChecks(checks, instruments, context.signal), {
        withinMs: withinSeconds * 1000,
        everyMs: everySeconds * 1000,
        consecutive,
        signal: context.signal,
        onSample: (results, samples) => {
          const good = results.filter(({ verdict }) => verdict === 'successful').length;
          const bad = describeResults(results);
          const doing = bad === '' ? `sample ${samples}: all good` : `sample ${samples}: ${bad}`;
          context.progress({ doing: doing.slice(0, 400), done: good, total: checks.length, unit: 'checks' });
        },
      });
      const { verdict, results, samples, tookMs } = steadiness;
      const took = `${samples} samples in ${(tookMs / 1000).toFixed(1)} s`;
      if (verdict === 'successful') {
        return {
          summary: `${checks.length} checks good, ${consecutive} in a row (${took})`,
          facts: { verdict, samples, tookMs: Math.round(tookMs), results: resultFacts(results) },
          effect: { checks: checks.map(describeCheck), verdict },
        };
      }
      const why =
        verdict === 'inconclusive'
          ? `good ${steadiness.consecutive} times in a row at the end, ${consecutive} are needed`
          : describeResults(results);
      throw new SwitchbackError(verdict === 'error' ? 'NotReady' : 'CheckFailed', `after ${took}: ${why}`, {
        hint:
          verdict === 'inconclusive'
            ? 'The stack goes up and down, or came up late; look at it, then retry.'
            : 'Look at the logs of what failed; retry when it is repaired, or roll back.',
        facts: { verdict, samples },
      });
    },
  };
}
