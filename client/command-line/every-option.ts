import { InvalidArgumentError, type Command } from 'commander';

/** @throws InvalidArgumentError which commander words with the option's name. */
export function seconds(text: string): number {
  const value = Number(text);
  if (!Number.isFinite(value) || value <= 0) throw new InvalidArgumentError('Give a number of seconds, e.g. 20.');
  return value;
}

/** Options that every verb takes; listed below its own ones. */
export function addEveryOption(command: Command): Command {
  return command
    .optionsGroup('Everywhere:')
    .option('--plan <file>', 'the plan file (default: switchback.yml in this folder)')
    .option('--target <name>', 'the target, where no plan file says which')
    .option('--home <folder>', 'where journals are kept (SWITCHBACK_HOME, default: ~/.switchback)')
    .option('--address <host:port>', 'the Temporal server (TEMPORAL_ADDRESS, what `up` started, 127.0.0.1:7233)')
    .option('--namespace <name>', 'its namespace (TEMPORAL_NAMESPACE, default: default)')
    .option('--timeout <seconds>', 'how long one exchange with the server may take (default: 20)', seconds)
    .option('--json', 'answer with one JSON document')
    .option('--no-color', 'no colours (also: NO_COLOR)')
    .option('--verbose', 'print the stack of an error');
}

const shellWord = (text: string) => (/^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`);

/** The flags that say which target is meant, as typed: what to type next has to repeat them. */
export function placeFlags(options: Record<string, unknown>): string {
  return ['plan', 'target', 'home', 'address', 'namespace']
    .flatMap((name) => (typeof options[name] === 'string' ? [` --${name} ${shellWord(options[name])}`] : []))
    .join('');
}
