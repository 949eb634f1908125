import { setTimeout as wait } from 'node:timers/promises';
import { childAtWork, withReport, type ChildReport } from '../../runbook/child-report.ts';
import { finalRunStates, type RunStatus } from '../../runbook/run-state.ts';
import type { TemporalConnection } from './connection.ts';
import type { KnownRun } from './find-run.ts';

/** A query is answered in milliseconds by a worker that runs; one that is restarting takes some seconds. */
const queryMs = 10_000;

/** A report on its way from child to parent takes milliseconds; so often, and so long apart, it is waited for. */
const arrivals = 5;
const arrivalMs = 60;

/**
 * What a run says of itself: the parent's status, brought up to date with what the child at work knows. The parent hears of single
 * operations with some delay.
 * @throws SwitchbackError `Unreachable` when no worker answers
 */
export async function askRun(
  temporal: TemporalConnection,
  run: Pick<KnownRun, 'workflowId' | 'executionId'>,
): Promise<RunStatus> {
  const { client, settings } = temporal;
  const within = <T>(ask: () => Promise<T>) => temporal.within(Math.min(queryMs, settings.timeoutMs), ask);
  const askParent = () =>
    within(() => client.workflow.getHandle(run.workflowId, run.executionId).query<RunStatus>('status'));
  let told = await askParent();
  const child = finalRunStates.includes(told.state) ? undefined : childAtWork(told);
  if (child === undefined) return told;
  const report = await within(() => client.workflow.getHandle(child).query<ChildReport>('report'));
  // The child has said that it changed its state, and why, and the parent has not heard it yet: the why is in neither of them.
  for (let tries = 0; tries < arrivals && withReport(told, report).state !== told.state; tries += 1) {
    await wait(arrivalMs);
    told = await askParent();
    if (childAtWork(told) !== child || finalRunStates.includes(told.state)) return told;
  }
  const heard = new Set(told.timeline.map(({ at, text }) => `${at} ${text}`));
  const news = report.news.filter(({ at, text }) => !heard.has(`${at} ${text}`));
  const status = withReport(told, { ...report, news });
  // What the parent hears late may lie before what it has told itself.
  return { ...status, timeline: status.timeline.toSorted((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0)) };
}
