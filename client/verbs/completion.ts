import { Argument } from 'commander';
import { defineVerb } from '../command-line/verb.ts';

export const completion = defineVerb({
  name: 'completion',
  group: 'This machine',
  summary: 'a completion script for bash, zsh or fish',
  details: 'Completes verbs, options, targets, and the phases of the plan in this folder.',
  examples: [
    ['eval "$(switchback completion bash)"', 'in ~/.bashrc; the same for zsh in ~/.zshrc, after compinit'],
    ['switchback completion fish > ~/.config/fish/completions/switchback.fish', 'for fish'],
  ],
  declare: (command) => command.addArgument(new Argument('<shell>', 'the shell').choices(['bash', 'zsh', 'fish'])),
  async run(_options, _context, [shell]) {
    const [{ verbs }, { buildProgram }, { wordsOf }] = await Promise.all([
      import('./index.ts'),
      import('../command-line/program.ts'),
      import('../completion/words.ts'),
    ]);
    const words = wordsOf(buildProgram(verbs, '', {}, async () => undefined));
    const script =
      shell === 'zsh'
        ? (await import('../completion/zsh.ts')).zshScript(words)
        : shell === 'fish'
          ? (await import('../completion/fish.ts')).fishScript(words)
          : (await import('../completion/bash.ts')).bashScript(words);
    return { data: { shell, script }, lines: () => [script.trimEnd()] };
  },
});
