import { randomUUID } from 'node:crypto';
import type { ReconcileDecision, ReconcileReport, ReconcileRequest } from '../../runbook/activities.ts';
import { SwitchbackError } from '../../runbook/errors.ts';
import { hostTaskQueue, reconcileWorkflowId } from '../../runbook/names.ts';
import { openRun } from '../../runbook/target-state.ts';
import { wayOn } from '../../runbook/way-on.ts';
import type { Answer } from '../command-line/answer.ts';
import type { Context, EveryOption } from '../command-line/context.ts';
import { homeHostOf } from '../runs/home-host.ts';
import { requireLocalTarget, readLocalTarget } from '../runs/local-target.ts';
import { startAndOpen } from '../runs/start-and-open.ts';
import { whyFailed } from '../runs/why-failed.ts';
import { locate } from '../settings/locate.ts';
import { connected, type TemporalConnection } from '../temporal/connection.ts';
import { requirePoller } from '../temporal/pollers.ts';
import { reconcileAnswer } from './answer.ts';
import { endOrphans, viewServer } from './server-view.ts';

/** Looking at every container, volume, process and database of a target, and putting right what was left. */
const longestMs = 10 * 60_000;

/**
 * Compares journal, server and world; puts right what nobody has to decide; takes a decision.
 * @throws SwitchbackError `Unreachable` without a server or worker, `Conflict` when the run is at work, and what the worker refuses
 */
export async function reconcile(
  decision: Omit<ReconcileDecision, 'key'> | undefined,
  { tidy, ...options }: EveryOption & { tidy: boolean },
  context: Context,
): Promise<Answer> {
  const place = await locate(options, context);
  const { target } = place;
  const local = await readLocalTarget(target, context.settings);
  return connected(context.settings, async (temporal) => {
    const server = await viewServer(temporal, target, local?.state);
    if (decision && server.atWork) throw atWork(target);
    const homeHost = await homeHostOf(place, context, server.migration?.taskQueue);
    const report = await askWorker(temporal, homeHost, {
      target,
      // What looks left behind by a run may be what a backup works with.
      atWork: server.atWork || server.taskAtWork,
      taskAtWork: server.taskAtWork,
      tidy: tidy || decision !== undefined,
      ...(decision && { decision: { ...decision, key: randomUUID() } }),
    });
    // Whoever works for a run that is open may be let go on with; for one that has ended nobody should.
    const ended = tidy && !report.open ? server.orphans : [];
    await endOrphans(temporal, ended, 'its run has ended; the journal holds what it did');
    return reconcileAnswer({ target, server, report, ended }, context.sameFlags);
  });
}

/**
 * Goes on with the open run of a target whose workflow was terminated or is gone: forward from its receipts, or with its rollback.
 * @throws SwitchbackError `PreconditionFailed` when no run is open, `Conflict` when its workflow is there
 */
export async function goOn(options: EveryOption & { without: string[] }, context: Context): Promise<Answer> {
  const place = await locate(options, context);
  const { target } = place;
  const { state } = await requireLocalTarget(target, context.settings);
  const run = openRun(state);
  if (!run) {
    throw new SwitchbackError('PreconditionFailed', `${target} has no open run: there is nothing to go on with`, {
      hint: 'Type `switchback start` for a new one.',
    });
  }
  const homeHost = await connected(context.settings, async (temporal) => {
    const server = await viewServer(temporal, target, state);
    if (server.atWork) throw atWork(target);
    await endOrphans(temporal, server.orphans, `run ${run.id} goes on in another workflow`);
    return homeHostOf(place, context, server.migration?.taskQueue);
  });
  // The worker reads the way from its journal; one of an older version does as it is told here.
  const way = wayOn(state, run);
  const { without } = options;
  const back = way.way === 'back' ? { rollback: { request: way.goingBack.request, reason: way.goingBack.reason } } : {};
  if (way.way !== 'forward' && without.length > 0) {
    throw new SwitchbackError('Conflict', `run ${run.id} goes back: there is no phase to leave out`, {
      hint: 'Type it without --without.',
    });
  }
  return startAndOpen({ target, homeHost, without, goOn: run.id, ...back }, context);
}

const atWork = (target: string) =>
  new SwitchbackError('Conflict', `the run of ${target} has its workflow: it can be told what to do`, {
    hint: 'Type `switchback status`; a run that hangs can be paused, rolled back or aborted.',
  });

async function askWorker(
  temporal: TemporalConnection,
  homeHost: string,
  request: ReconcileRequest,
): Promise<ReconcileReport> {
  const taskQueue = hostTaskQueue(homeHost);
  await requirePoller(temporal, taskQueue);
  const { client, settings } = temporal;
  const handle = await temporal.within(settings.timeoutMs, () =>
    client.workflow.start('reconcile', {
      workflowId: reconcileWorkflowId(request.target),
      taskQueue,
      args: [request],
      workflowIdReusePolicy: 'ALLOW_DUPLICATE',
      workflowIdConflictPolicy: 'USE_EXISTING',
      staticSummary: `reconcile ${request.target}`,
    }),
  );
  try {
    return (await temporal.within(longestMs, () => handle.result())) as ReconcileReport;
  } catch (error) {
    throw whyFailed(error, 'it was not reconciled');
  }
}
