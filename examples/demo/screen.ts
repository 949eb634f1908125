import { createInterface } from 'node:readline/promises';

/** Where the demo is shown. */
export interface Screen {
  /** A turn of the story. */
  heading(text: string): void;
  /** What the audience should know. */
  say(text: string): void;
  /** A command as a person types it. */
  typed(command: string): void;
  /** Where the output of commands goes: straight to the terminal, or line by line. */
  output: 'inherit' | ((line: string) => void);
  /** Waits for Enter, where somebody wants to be waited for. */
  turn(signal: AbortSignal): Promise<void>;
}

const width = 100;

/** The terminal of this process; plain lines where standard output is a file or a pipe. */
export function terminalScreen({ interactive }: { interactive: boolean }): Screen {
  const { stdout } = process;
  const colour = stdout.isTTY && (process.env['NO_COLOR'] ?? '') === '';
  const paint = (code: number, text: string) => (colour ? `\u001B[${code}m${text}\u001B[0m` : text);
  const print = (text: string) => void stdout.write(`${text}\n`);
  return {
    heading: (text) => print(`\n${paint(1, `── ${text} ${'─'.repeat(Math.max(2, width - text.length - 4))}`)}`),
    say: (text) => print(text),
    typed: (command) => print(`\n${paint(36, `$ ${command}`)}`),
    // On a terminal the commands get it themselves, with its colours and a page that `watch` redraws.
    output: stdout.isTTY ? 'inherit' : print,
    async turn(signal) {
      if (!interactive) return;
      const reader = createInterface({ input: process.stdin, output: stdout });
      try {
        await reader.question(paint(2, '\n[Enter] '), { signal });
      } finally {
        reader.close();
      }
    },
  };
}

/** Keeps what would be shown: for tests. */
export function recordingScreen(): Screen & { lines: string[] } {
  const lines: string[] = [];
  return {
    lines,
    heading: (text) => void lines.push(`── ${text}`),
    say: (text) => void lines.push(text),
    typed: (command) => void lines.push(`$ ${command}`),
    output: (line) => void lines.push(line),
    turn: async () => undefined,
  };
}
