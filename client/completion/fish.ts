import { lookups } from './bash.ts';
import type { OptionWords, VerbWords } from './words.ts';

const quoted = (text: string) => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;

// Fish has no ${A:-b}; sh looks up instead.
const viaSh = (command: string) => `(sh -c ${quoted(command)})`;
const values = {
  file: '-r -F',
  folder: "-x -a '(__fish_complete_directories)'",
  target: `-x -a ${quoted(viaSh(lookups.target))}`,
  phase: `-x -a ${quoted(`baseline previous ${viaSh(lookups.phase)}`)}`,
} as const;

function optionLine(verb: string, { flags, description, takesValue, value }: OptionWords): string {
  const names = flags.map((flag) => (flag.startsWith('--') ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`)).join(' ');
  const argument = value ? ` ${values[value]}` : takesValue ? ' -x' : '';
  return `complete -c switchback -n '__fish_seen_subcommand_from ${verb}' ${names}${argument} -d ${quoted(description)}`;
}

/** A completion script for fish. */
export function fishScript(verbs: readonly VerbWords[]): string {
  return [
    '# fish completion for switchback: switchback completion fish | source',
    'complete -c switchback -e',
    ...verbs.map(
      (verb) => `complete -c switchback -f -n __fish_use_subcommand -a ${verb.name} -d ${quoted(verb.summary)}`,
    ),
    ...verbs.flatMap((verb) => [
      ...verb.options.map((option) => optionLine(verb.name, option)),
      ...verb.arguments.map(
        (word) => `complete -c switchback -f -n '__fish_seen_subcommand_from ${verb.name}' -a ${word}`,
      ),
    ]),
    '',
  ].join('\n');
}
