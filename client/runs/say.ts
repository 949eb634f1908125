import type { Command, RunStatus } from '../../runbook/run-state.ts';
import type { Answer } from '../command-line/answer.ts';
import type { Context, EveryOption } from '../command-line/context.ts';
import { locate } from '../settings/locate.ts';
import { connected } from '../temporal/connection.ts';
import { nextSteps } from './next-steps.ts';
import { sendCommand, statusOf } from './send-command.ts';

/**
 * Says a command to the target's run: what all verbs of an operator come down to. A command that depends on what the run says of
 * itself is made from its status.
 */
export async function say(
  command: Command | ((status: RunStatus) => Command),
  options: EveryOption,
  context: Context,
): Promise<Answer> {
  const { target } = await locate(options, context);
  const { settings, sameFlags } = context;
  const { said, answer } = await connected(settings, async (temporal) => {
    const said = typeof command === 'function' ? command(await statusOf(temporal, target, sameFlags)) : command;
    return { said, answer: await sendCommand(temporal, target, said, sameFlags) };
  });
  return {
    data: { target, command: said.command, ...answer },
    lines: ({ style }) => [`${style.bold(target)} is ${style.bold(answer.state)}: ${answer.message}`],
    // A waiting run has begun to move: what it needs next is known when it stands still again.
    next: nextSteps({ state: answer.state }, sameFlags),
  };
}
