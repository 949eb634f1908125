import type { LookAhead } from '../../runbook/activities.ts';
import { SwitchbackError } from '../../runbook/errors.ts';
import { hostTaskQueue } from '../../runbook/names.ts';
import type { RollbackRequest } from '../../runbook/run-state.ts';
import type { Context } from '../command-line/context.ts';
import { plural } from '../rendering/quantity.ts';
import type { Page } from '../rendering/style.ts';
import type { Place } from '../settings/locate.ts';
import { connected } from '../temporal/connection.ts';
import { findRun } from '../temporal/find-run.ts';
import { requirePoller } from '../temporal/pollers.ts';
import { homeHostOf } from './home-host.ts';
import { whyFailed } from './why-failed.ts';

/** A few seconds of Docker, behind whatever the worker is busy with. */
const longestMs = 2 * 60_000;

/** What the world says of a rollback, or why it could not be asked. */
export type Ahead = LookAhead | { unasked: string };

/** Has the worker ask what would be in the way of a rollback. Without a server or worker nobody is asked, and that is the answer. */
export async function lookAhead(place: Place, request: RollbackRequest, context: Context): Promise<Ahead> {
  const { target } = place;
  try {
    return await connected(context.settings, async (temporal) => {
      const known = await findRun(temporal, target);
      const taskQueue = hostTaskQueue(await homeHostOf(place, context, known?.taskQueue));
      await requirePoller(temporal, taskQueue);
      const handle = await temporal.within(temporal.settings.timeoutMs, () =>
        temporal.client.workflow.start('lookAhead', {
          workflowId: `look-ahead/${target}/${Date.now()}`,
          taskQueue,
          args: [{ target, request }],
          staticSummary: `look what would be in the way of a rollback of ${target}`,
        }),
      );
      try {
        return (await temporal.within(longestMs, () => handle.result())) as LookAhead;
      } catch (error) {
        throw whyFailed(error, 'nobody knows what is in the way');
      }
    });
  } catch (error) {
    if (error instanceof SwitchbackError) return { unasked: error.message };
    throw error;
  }
}

/** What was found in the way, or that nobody was asked: silence would look like a free way. */
export function aheadLines(ahead: Ahead, { style }: Page): string[] {
  const lines = ['', style.bold('in the way')];
  if ('unasked' in ahead) {
    const open = 'changed files, taken ports, and images and recovery points that are gone show only when it begins';
    return [...lines, style.yellow(`  not asked: ${ahead.unasked}`), `      ${open}`];
  }
  const { obstacles, asked, later, notes = [] } = ahead;
  for (const { summary, message, hint } of obstacles) {
    lines.push(`  ${style.red(summary)}`, ...message.split('\n').map((line) => `      ${line}`));
    if (hint !== undefined) lines.push(`      ${style.dim(hint)}`);
  }
  if (obstacles.length === 0)
    lines.push(`  nothing was found by ${plural(asked.length, 'operation')} that could be asked now`);
  if (later.length > 0)
    lines.push(
      `  ${plural(later.length, 'operation')} can only be asked once the stack is changed: ${later.join(', ')}`,
    );
  if (notes.length > 0) lines.push('', style.bold('not as it was'), ...notes.map((note) => `  ${style.yellow(note)}`));
  return lines;
}
