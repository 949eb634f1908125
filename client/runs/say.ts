import type { Command } from '../../runbook/run-state.ts';
import type { Answer } from '../command-line/answer.ts';
import type { Context, EveryOption } from '../command-line/context.ts';
import { locate } from '../settings/locate.ts';
import { connected } from '../temporal/connection.ts';
import { nextSteps } from './next-steps.ts';
import { sendCommand } from './send-command.ts';

/** Says a command to the target's run: what all verbs of an operator come down to. */
export async function say(command: Command, options: EveryOption, context: Context): Promise<Answer> {
  const { target } = await locate(options, context);
  const answer = await connected(context.settings, (temporal) =>
    sendCommand(temporal, target, command, context.sameFlags),
  );
  return {
    data: { target, command: command.command, ...answer },
    lines: ({ style }) => [`${style.bold(target)} is ${style.bold(answer.state)}: ${answer.message}`],
    // A waiting run has begun to move: what it needs next is known when it stands still again.
    next: nextSteps({ state: answer.state }, context.sameFlags),
  };
}
