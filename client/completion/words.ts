import type { Command, Option } from 'commander';

export interface OptionWords {
  /** `--plan`, and `-w` where there is one. */
  flags: string[];
  description: string;
  takesValue: boolean;
  /** What a value can be, where that is known: a file, a folder, or something that is looked up. */
  value?: 'file' | 'folder' | 'target' | 'phase';
}

export interface VerbWords {
  name: string;
  summary: string;
  options: OptionWords[];
  /** Fixed words that may follow the verb. */
  arguments: string[];
}

const valueKinds: Record<string, NonNullable<OptionWords['value']>> = {
  '--plan': 'file',
  '--home': 'folder',
  '--stack': 'folder',
  '--target': 'target',
  '--to': 'phase',
  '--without': 'phase',
  '--phase': 'phase',
};

function optionWords(option: Option): OptionWords {
  const flags = [option.long, option.short].filter((flag) => flag !== undefined && flag !== null);
  const value = valueKinds[option.long ?? ''];
  return {
    flags,
    description: option.description,
    takesValue: option.required || option.optional,
    ...(value && { value }),
  };
}

/** All words of the command line, from the program itself: a verb or option that is added is completed. */
export const wordsOf = (program: Command): VerbWords[] =>
  program.commands.map((command) => ({
    name: command.name(),
    summary: command.summary(),
    options: command.options.map(optionWords),
    arguments: command.registeredArguments.flatMap((argument) => argument.argChoices ?? []),
  }));
