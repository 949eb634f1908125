import { colouredStyle, plainStyle, wantsColour, type Page } from '../rendering/style.ts';
import { UsageError } from './usage-error.ts';

/** Where words go to and come from. */
export interface Terminal {
  out: (text: string) => void;
  error: (text: string) => void;
  ask: (question: string) => Promise<string>;
  interactive: boolean;
  page(env: NodeJS.ProcessEnv, color?: boolean): Page;
}

/** The terminal, pipes or files of this process. */
export function processTerminal(): Terminal {
  const { stdin, stdout, stderr } = process;
  const interactive = stdin.isTTY && stdout.isTTY;
  return {
    interactive,
    out: (text) => stdout.write(text),
    error: (text) => stderr.write(text),
    page: (env, color = true) => ({
      style: color && wantsColour(env, stdout.isTTY) ? colouredStyle : plainStyle,
      // Lines are cut to a terminal only: a file or a pipe gets everything. Asked each time: people resize.
      get width() {
        return stdout.isTTY ? stdout.columns : Number.POSITIVE_INFINITY;
      },
    }),
    async ask(question) {
      if (!interactive) throw new UsageError('this has to be confirmed, and there is no terminal to ask on');
      const { createInterface } = await import('node:readline/promises');
      const reader = createInterface({ input: stdin, output: stdout });
      try {
        return await reader.question(question);
      } finally {
        reader.close();
      }
    },
  };
}
