import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import type { Place } from './place.ts';
import type { Screen } from './screen.ts';

/** Longer than any part of the story takes on a slow machine, with a kill at every operation: a run that hangs must not hang the demo. */
const longestMs = 30 * 60_000;

/** Somebody who types at a terminal, in the folder of the shop. */
export interface Operator {
  /** Types `switchback …` for all to see. @returns its exit code */
  type(...words: string[]): Promise<number>;
  /** Asks `switchback … --json` without showing it. @returns its answer, whatever its exit code */
  ask<T>(...words: string[]): Promise<T>;
  /** Types another command for all to see. @throws ExecaError when it fails */
  run(command: string, ...words: string[]): Promise<void>;
}

interface Surroundings {
  place: Place;
  screen: Screen;
  signal: AbortSignal;
  /** What is known beside the usual: secrets that the plan refers to. */
  environment: Record<string, string>;
}

interface Ended {
  exitCode?: number | undefined;
  /** What was the matter, where it did not exit by itself. */
  shortMessage?: string | undefined;
}

/** The real command line, as it was built, in an environment that knows nothing of other servers and homes. */
export function operatorAt({ place, screen, signal, environment }: Surroundings): Operator {
  const cli = join(place.root, 'dist', 'client', 'main.js');
  if (!existsSync(cli)) throw new Error(`the command line is not at ${cli}: npm run build`);
  const foreign = /^(TEMPORAL|SWITCHBACK)_/;
  const env = {
    ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !foreign.test(name))),
    SWITCHBACK_HOME: place.home,
    ...environment,
  };
  const common = { cwd: place.shop, env, extendEnv: false, timeout: longestMs, cancelSignal: signal } as const;

  async function show(file: string, words: readonly string[]): Promise<number> {
    const { output } = screen;
    if (output === 'inherit') return settled(await execa(file, words, { ...common, stdio: 'inherit', reject: false }));
    const child = execa(file, words, { ...common, stdin: 'ignore', reject: false, all: true, buffer: false });
    for await (const line of child.iterable({ from: 'all' })) output(line);
    return settled(await child);
  }

  const settled = (ended: Ended): number => {
    signal.throwIfAborted();
    if (ended.exitCode === undefined) throw new Error(ended.shortMessage ?? 'the command ended without an exit code');
    return ended.exitCode;
  };

  return {
    type: (...words) => {
      screen.typed(['switchback', ...words].map(quoted).join(' '));
      return show(process.execPath, [cli, ...words]);
    },
    async ask<T>(...words: string[]) {
      const ended = await execa(process.execPath, [cli, ...words, '--json'], {
        ...common,
        stdin: 'ignore',
        reject: false,
      });
      signal.throwIfAborted();
      if (ended.stdout === '') throw new Error(`switchback ${words.join(' ')} said nothing: ${ended.stderr}`);
      return JSON.parse(ended.stdout) as T;
    },
    async run(command, ...words) {
      screen.typed([command, ...words].map(quoted).join(' '));
      const exitCode = await show(command, words);
      if (exitCode !== 0) throw new Error(`${command} ${words.join(' ')} exited with ${exitCode}`);
    },
  };
}

const quoted = (word: string) => (/^[\w@%+=:,./-]+$/.test(word) ? word : JSON.stringify(word));
