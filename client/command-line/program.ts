import { Command, type OutputConfiguration } from 'commander';
import { addEveryOption } from './every-option.ts';
import { groups, type Verb } from './verb.ts';

const environment = `
Environment:
  SWITCHBACK_HOME      where journals and recovery points are kept (~/.switchback)
  TEMPORAL_ADDRESS     the Temporal server (what \`switchback up\` started, else 127.0.0.1:7233)
  TEMPORAL_NAMESPACE   its namespace (default)
  SWITCHBACK_SECRETS   variables that plans may refer to (those in the stack's env file)
  SWITCHBACK_UI        address of the Temporal Web UI (http://127.0.0.1:8233)
  NO_COLOR             no colours

Exit codes:
  0 ok · 2 usage · 3 plan invalid · 4 preflight · 5 conflict · 6 failed and rolled back · 7 needs a person
  8 not authorised · 9 integrity · 10 Temporal or worker unreachable · 130 interrupted (the run goes on)

A first migration:
  switchback init        write a plan for the Compose project in this folder
  switchback plan        see exactly what would run, and how each step is taken back
  switchback up          a Temporal server, its Web UI and a worker on this machine
  switchback start       go; then: switchback watch
`;

/** Shows examples the way they are typed. */
const examplesText = (verb: Verb) =>
  `\nExamples:\n${verb.examples.map(([type, why]) => `  $ ${type}\n      ${why}`).join('\n')}\n`;

export type Invoke = (verb: Verb, options: Record<string, unknown>, args: string[]) => Promise<void>;

/** The command line as commander knows it. Errors are thrown, never printed: the caller words them. */
export function buildProgram(
  verbs: readonly Verb[],
  version: string,
  output: OutputConfiguration,
  invoke: Invoke,
): Command {
  const program = new Command('switchback')
    .description('Runs infrastructure migrations as plans of phases, and can take them back losing nothing.')
    .version(version, '-V, --version', 'the version')
    .helpOption('-h, --help', 'this help; switchback VERB --help tells more of a verb')
    .helpCommand(false)
    .exitOverride()
    .configureHelp({
      // Every verb takes options; saying so at each of them only makes the column wide.
      subcommandTerm: (command) =>
        [command.name(), ...command.registeredArguments.map((each) => `[${each.name()}]`)].join(' '),
    })
    .configureOutput({ ...output, outputError: () => undefined })
    .addHelpText('after', environment);
  for (const group of groups) {
    program.commandsGroup(`${group}:`);
    for (const verb of verbs.filter((candidate) => candidate.group === group)) {
      const command = program.command(verb.name).summary(verb.summary);
      command.description(verb.details === undefined ? verb.summary : `${verb.summary}\n\n${verb.details}`);
      verb.declare?.(command);
      addEveryOption(command);
      command.addHelpText('after', examplesText(verb));
      command.action(() => invoke(verb, command.opts(), command.args));
    }
  }
  return program;
}
