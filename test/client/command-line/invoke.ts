import { runCommandLine } from '../../../client/run.ts';
import type { Verb } from '../../../client/command-line/verb.ts';
import { plainPage } from '../../../client/rendering/style.ts';

export interface Invoked {
  code: number;
  out: string;
  error: string;
}

export interface Typing {
  env?: NodeJS.ProcessEnv;
  cwd?: string;
  /** What is typed when a question is asked; without it there is no terminal. */
  answers?: string[];
  /** Ctrl-C. */
  signal?: AbortSignal;
}

/** Runs a command line in this process, on a terminal that only writes things down. */
export async function invoke(
  verbs: readonly Verb[],
  argv: readonly string[],
  { env = {}, cwd = '/', answers, signal }: Typing = {},
): Promise<Invoked> {
  const written = { out: '', error: '' };
  const code = await runCommandLine(verbs, argv, {
    env: { SWITCHBACK_HOME: '/nonexistent/switchback', ...env },
    cwd,
    version: '1.2.3',
    signal: signal ?? new AbortController().signal,
    terminal: {
      interactive: answers !== undefined,
      out: (text) => void (written.out += text),
      error: (text) => void (written.error += text),
      ask: async () => answers?.shift() ?? '',
      page: () => plainPage,
    },
  });
  return { code, ...written };
}
