import type { VerificationReport } from '../../runbook/activities.ts';
import { finalRunStates } from '../../runbook/run-state.ts';
import { hostTaskQueue, verificationWorkflowId } from '../../runbook/names.ts';
import { exitCodes, type Answer } from '../command-line/answer.ts';
import type { Context, EveryOption } from '../command-line/context.ts';
import { locate } from '../settings/locate.ts';
import { connected } from '../temporal/connection.ts';
import { findRun } from '../temporal/find-run.ts';
import { requirePoller } from '../temporal/pollers.ts';
import { homeHostOf } from './home-host.ts';
import { withFlags } from './next-steps.ts';
import { whyFailed } from './why-failed.ts';

/** Half a minute of samples, behind whatever the worker is busy with. */
const longestMs = 5 * 60_000;

/**
 * Has the worker check whether a target is what its journal says. A plan's checks may take secrets, which only the worker has.
 * @throws SwitchbackError `Unreachable` without a server or worker, `PreconditionFailed` when nothing has run yet
 */
export async function verifyTarget(options: EveryOption, context: Context): Promise<Answer> {
  const place = await locate(options, context);
  const { target } = place;
  return connected(context.settings, async (temporal) => {
    const known = await findRun(temporal, target);
    const taskQueue = hostTaskQueue(await homeHostOf(place, context, known?.taskQueue));
    await requirePoller(temporal, taskQueue);
    const handle = await temporal.within(temporal.settings.timeoutMs, () =>
      temporal.client.workflow.start('verification', {
        workflowId: verificationWorkflowId(target),
        taskQueue,
        args: [{ target }],
        workflowIdReusePolicy: 'ALLOW_DUPLICATE',
        workflowIdConflictPolicy: 'USE_EXISTING',
        staticSummary: `verify ${target}`,
      }),
    );
    try {
      return answer(target, (await temporal.within(longestMs, () => handle.result())) as VerificationReport, context);
    } catch (error) {
      throw whyFailed(error, 'it was not verified');
    }
  });
}

function answer(target: string, report: VerificationReport, { sameFlags }: Context): Answer {
  const { checkpoint, consistent, drift, results, verdict, state } = report;
  // At a gate nothing is under way, and what the checks and the look at the files find is all there is to say.
  const waits = state === 'awaiting-approval';
  const objections = [
    ...(drift === undefined ? [] : [drift]),
    ...(consistent ? [] : ['an undo was left out, and nobody has made that right']),
    ...(finalRunStates.includes(state) || waits ? [] : [`its run is ${state}: it may be between two checkpoints`]),
    ...(results.length === 0 ? [`the plan has no check of ${checkpoint}`] : []),
  ];
  const good = verdict === 'successful' && objections.length === 0;
  return {
    data: { target, ...report, good },
    lines: ({ style }) => [
      `${style.bold(target)} ${good ? style.green('is at') : style.red('is not proven to be at')} ${style.bold(checkpoint)}`,
      ...results.map(
        ({ check, verdict: found, detail }) =>
          `  ${found === 'successful' ? style.green('good  ') : style.red(found.padEnd(6))}  ${check}: ${detail}`,
      ),
      ...(waits ? [`  note    its run waits for an approval`] : []),
      ...objections.map((objection) => style.yellow(`  but     ${objection}`)),
    ],
    ...(good ? {} : { next: [{ type: withFlags('switchback status', sameFlags), why: 'how its run stands' }] }),
    exitCode: good ? exitCodes.ok : exitCodes.failed,
  };
}
