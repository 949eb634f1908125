import { errorTable, SwitchbackError } from '../../runbook/errors.ts';
import type { RollbackRequest } from '../../runbook/run-state.ts';
import { exitCodes, type Answer } from '../command-line/answer.ts';
import type { Context, EveryOption } from '../command-line/context.ts';
import { UsageError } from '../command-line/usage-error.ts';
import { rollbackPage } from '../rendering/rollback-page.ts';
import { locate } from '../settings/locate.ts';
import { connected } from '../temporal/connection.ts';
import { findRun } from '../temporal/find-run.ts';
import { homeHostOf } from './home-host.ts';
import { aheadLines, lookAhead } from './look-ahead.ts';
import { nextSteps, withFlags } from './next-steps.ts';
import { operator } from './operator.ts';
import { previewRollback } from './rollback-preview.ts';
import { sendCommand } from './send-command.ts';
import { startAndOpen } from './start-and-open.ts';

type Options = EveryOption & { reason?: string; confirm?: string };

/** What a rollback would do, by the journal on this machine, and what is in its way, by the worker: nothing is touched. */
export async function showRollback(request: RollbackRequest, options: Options, context: Context): Promise<Answer> {
  const place = await locate(options, context);
  const { target } = place;
  const preview = await previewRollback(target, request, context.settings);
  const ahead = await lookAhead(place, request, context);
  const isFree = 'unasked' in ahead || ahead.obstacles.length === 0;
  const flags = `${typeof request.to === 'string' ? (request.to === 'previous' ? '' : ` --to ${request.to}`) : ` --to ${request.to.phase}`}${request.restoreData ? ' --restore-data' : ''}${request.discardData ? ' --discard-data' : ''}`;
  return {
    data: {
      target,
      asOf: preview.asOf,
      rollback: preview.plan,
      points: preview.points,
      standing: preview.standing,
      waysBack: preview.waysBack,
      ahead,
    },
    lines: (page) => [...rollbackPage(preview, page, new Date()), ...aheadLines(ahead, page)],
    next: [{ type: withFlags(`switchback rollback${flags} --reason "…"`, context.sameFlags), why: 'do it' }],
    exitCode: isFree ? exitCodes.ok : errorTable.PreconditionFailed.exitCode,
  };
}

/**
 * Asks the open run of a target to go back, or starts a rollback from its journal when no run is open.
 * @throws UsageError without a reason or a confirmation; SwitchbackError as `sendCommand` and `startMigration`
 */
export async function requestRollback(request: RollbackRequest, options: Options, context: Context): Promise<Answer> {
  const { reason } = options;
  if (reason === undefined || reason.trim() === '')
    throw new UsageError('a rollback needs --reason, for the record', 'Add --dry-run to only look.');
  const place = await locate(options, context);
  const { target } = place;
  if (request.restoreData || request.discardData) await confirmLoss(target, request, options, context);
  const open = await connected(context.settings, (temporal) => findRun(temporal, target));
  if (open?.open) {
    const command = { command: 'rollback' as const, by: operator(context.env), reason, request };
    const answer = await connected(context.settings, (temporal) =>
      sendCommand(temporal, target, command, context.sameFlags),
    );
    return {
      data: { target, command: 'rollback', ...answer },
      lines: ({ style }) => [`${style.bold(target)} is ${style.bold(answer.state)}: ${answer.message}`],
      next: nextSteps({ state: answer.state }, context.sameFlags),
    };
  }
  const homeHost = await homeHostOf(place, context, open?.taskQueue);
  return startAndOpen({ target, homeHost, rollback: { request, reason } }, context);
}

/** Says what would be lost and has the target's name typed. @throws UsageError when it is not confirmed */
async function confirmLoss(
  target: string,
  request: RollbackRequest,
  { confirm }: Options,
  context: Context,
): Promise<void> {
  if (confirm !== undefined && confirm !== target) {
    throw new UsageError(`--confirm ${confirm} is not the name of the target, which is ${target}`, 'Nothing was done.');
  }
  if (confirm === undefined && (!context.interactive || context.json)) {
    const options = [
      ...(request.restoreData ? ['--restore-data'] : []),
      ...(request.discardData ? ['--discard-data'] : []),
    ];
    throw new UsageError(
      `${options.join(' and ')} has to be confirmed, and there is no terminal to ask on`,
      `Look with --dry-run; then add --confirm ${target}.`,
    );
  }
  for (const line of await lossLines(target, request, context)) context.note(line);
  if (confirm !== undefined) return;
  const answer = await context.ask(`\nType the name of the target (${target}) to go on: `);
  if (answer.trim() !== target) throw new UsageError('that is not the name of the target', 'Nothing was done.');
}

async function lossLines(target: string, request: RollbackRequest, context: Context): Promise<string[]> {
  try {
    return rollbackPage(await previewRollback(target, request, context.settings), context.page, new Date());
  } catch (error) {
    if (!(error instanceof SwitchbackError) || error.name !== 'PreconditionFailed') throw error;
    return [`what would be lost cannot be shown here: ${error.message}`];
  }
}
