import { maskedProse } from '../activities/masking/index.ts';
import { renderAnswer, renderJson } from './command-line/answer.ts';
import type { Context, EveryOption } from './command-line/context.ts';
import { placeFlags } from './command-line/every-option.ts';
import { describeFailure } from './command-line/failure.ts';
import { buildProgram } from './command-line/program.ts';
import { failureDocument, renderFailure } from './command-line/render-failure.ts';
import type { Terminal } from './command-line/terminal.ts';
import type { Verb } from './command-line/verb.ts';
import { homeOf, settingsFrom } from './settings/settings.ts';
import { readUpRecord } from './settings/up-record.ts';

/** Codes with which commander ends after it has shown what was asked for. */
const shown = ['commander.helpDisplayed', 'commander.version', 'commander.help'];

export interface World {
  env: NodeJS.ProcessEnv;
  cwd: string;
  terminal: Terminal;
  signal: AbortSignal;
  version: string;
}

/** Runs one command line to its end. @returns the exit code; never throws. */
export async function runCommandLine(verbs: readonly Verb[], argv: readonly string[], world: World): Promise<number> {
  const { terminal } = world;
  // Before commander has understood anything, the words alone say how errors are wanted.
  let json = argv.includes('--json');
  let verbose = argv.includes('--verbose');
  let exitCode = 0;
  const output = { writeOut: terminal.out, writeErr: terminal.error };
  const program = buildProgram(verbs, world.version, output, async (verb, options, args) => {
    json = options['json'] === true;
    verbose = options['verbose'] === true;
    const context = await contextFor(options, world);
    const answer = await verb.run(options, context, args);
    if (answer === undefined) return;
    terminal.out(`${json ? renderJson(answer) : renderAnswer(answer, context.page)}\n`);
    exitCode = answer.exitCode ?? 0;
  });
  try {
    await program.parseAsync([...argv], { from: 'user' });
    return exitCode;
  } catch (error) {
    const code = (error as { code?: unknown }).code;
    if (typeof code === 'string' && shown.includes(code)) return (error as { exitCode: number }).exitCode === 0 ? 0 : 2;
    const failure = maskedProse(describeFailure(error));
    if (json) terminal.out(`${failureDocument(failure)}\n`);
    else terminal.error(`${renderFailure(failure, terminal.page(world.env), verbose ? error : undefined)}\n`);
    return failure.exitCode;
  }
}

async function contextFor(options: Record<string, unknown>, { env, cwd, terminal, signal }: World): Promise<Context> {
  const every = options as EveryOption;
  const page = terminal.page(env, every.color);
  return {
    env,
    cwd,
    settings: settingsFrom(every, env, await readUpRecord(homeOf(every, env))),
    sameFlags: placeFlags(options),
    page,
    json: every.json ?? false,
    verbose: every.verbose ?? false,
    interactive: terminal.interactive,
    print: (line) => terminal.out(`${line}\n`),
    note: (line) => terminal.error(`${line}\n`),
    draw: (text) => terminal.out(text),
    ask: (question) => terminal.ask(question),
    signal,
  };
}
